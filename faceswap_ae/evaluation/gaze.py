"""Where do the eyes look, as far as a picture tells?

Within each eye's opening the iris is sought: a disc of an iris's size that is darker than what lies
left and right of it, as Daugman (1993) looks at an iris's sides alone, for lids hide the rest. Its
place is told from the mean of the eye's landmarks, which goes along when the head turns, in widths
of the eye. On the cast a degree of gaze is about .0075 of them to the side and .005 up or down.
Up and down are little to go by: lids hide most of what moves, found landmarks are off by more.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Image, Matrix, Points, transform, warp
from faceswap_ae.evaluation.identity_metrics import levelled
from faceswap_ae.faces.landmark_masks import EYES, outline_mask

WIDTH, SIZE = 40, (64, 48)  # pixels of an eye from corner to corner, and of the picture cut there
MIDDLE = (np.array(SIZE) - 1) / 2
IRIS = 0.22  # its radius in widths of the eye
SIDES, SECTOR = 1.8, 50.0  # how far its sides reach, in its radii; degrees above and below
RIM = 0.015  # of the eye's width by which the landmarks' outline is drawn wider
BEST = 0.85  # of the strongest contrast: places that the iris's centre is the mean of
LEAST = 0.15  # contrast, as a share of the opening's brightness, without which no iris is seen


def irises(image: Image, landmarks: Points) -> Doubles:
    """(2, 2): each iris (right, down) from its eye's middle, the viewer's left eye first.

    In widths of the eye. NaN where the eye is closed or no iris is seen.
    """
    return np.stack([_iris(image, landmarks[eye]) for eye in EYES])


def gaze_error(made: Doubles, wanted: Doubles, *, level: bool = False) -> Doubles:
    """(n,): how far irises (n, 2, 2) are from where they should be, in widths of the eye.

    Both eyes look one way, so it is the length of their mean difference, of one eye alone where the
    other is not seen in both pictures; NaN where neither is. `level` is explained in metrics.py.
    """
    off = levelled(made - wanted) if level else made - wanted
    seen = np.asarray(np.isfinite(off).all(axis=2))
    count = seen.sum(axis=1)
    together = np.where(seen[..., None], off, 0).sum(axis=1)
    length = np.linalg.norm(together, axis=1) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, length, np.nan))


def _iris(image: Image, eye: Points) -> Doubles:
    """(2,): of one eye by its six points."""
    if not np.all(np.isfinite(eye)) or np.array_equal(eye[0], eye[3]):
        return np.full(2, np.nan)
    matrix = _upright(eye)
    cut, points = warp(image, matrix, SIZE), transform(eye, matrix)
    opening = outline_mask(points, SIZE, RIM * WIDTH).astype(np.float64) / 255
    # Whites have much of every colour, brown irises little blue and blue ones little red.
    contrast = _contrast(cut.min(axis=2).astype(np.float64), opening)
    strongest = float(contrast.max())
    if strongest < LEAST:
        return np.full(2, np.nan)
    weight = np.maximum(contrast - BEST * strongest, 0)
    x, y = np.meshgrid(*(np.arange(side) for side in SIZE))
    centre = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    return np.asarray((centre - points.mean(axis=0)) / WIDTH)


def _upright(eye: Points) -> Matrix:
    """Frame to a picture of SIZE with the eye's corners level in its middle."""
    across = eye[3] - eye[0]
    scale = WIDTH / float(across @ across)
    linear = scale * np.array([[across[0], across[1]], [-across[1], across[0]]])
    return np.column_stack([linear, MIDDLE - linear @ (eye[0] + eye[3]) / 2])


def _contrast(plane: Doubles, opening: Doubles) -> Doubles:
    """For an iris with its centre at each pixel, how much brighter its sides are."""
    whole = opening.sum()
    if whole == 0:
        return np.zeros_like(plane)
    disc, sides = _patterns()
    (inner, covered), (outer, shown) = (_seen(plane, opening, part) for part in (disc, sides))
    # What the lids hide says nothing: the less is seen, the less it counts.
    sure = np.sqrt(covered * shown)
    brightness = max(float((plane * opening).sum() / whole), 1.0)
    return np.asarray(np.where(opening > 0.5, (outer - inner) * sure / brightness, 0.0))


def _seen(plane: Doubles, opening: Doubles, part: Doubles) -> tuple[Doubles, Doubles]:
    """The mean of what of a pattern is inside the opening, and which share of it is."""
    inside, total = (
        cv2.filter2D(one, -1, part, borderType=cv2.BORDER_CONSTANT)
        for one in (opening, plane * opening)
    )
    return np.asarray(total / np.maximum(inside, 1e-6)), np.asarray(np.clip(inside, 0, 1))


def _patterns() -> tuple[Doubles, Doubles]:
    """The iris, and what lies left and right of it; each sums to 1."""
    radius = IRIS * WIDTH
    reach = int(np.ceil(SIDES * radius)) + 1
    x, y = np.meshgrid(*[np.arange(-reach, reach + 1.0)] * 2)
    away, up = np.hypot(x, y), np.degrees(np.arctan2(np.abs(y), np.abs(x)))
    disc = np.clip(radius - away + 0.5, 0, 1)
    sides = np.clip(SIDES * radius - away + 0.5, 0, 1) * (1 - disc) * (up < SECTOR)
    return disc / disc.sum(), sides / sides.sum()
