"""In which direction do the eyes look (gaze), measured by the position of each iris in its eye?

A mesh has the irises: each is measured from the middle of its eye's corners. Without a mesh the
iris is searched inside the opening of each eye: a disc of an iris's size that is darker than
the parts left and right of it. Daugman (1993) too uses only the sides of an iris, because the lids
hide the rest. The position is measured from the mean of the eye's landmarks, which moves with the
head, and in widths of the eye. On the synthetic cast one degree of gaze is about .0075 widths
sideways and .005 up or down. Up and down are not reliable: the lids hide most of the movement, and
the error of the detected landmarks is larger than that movement.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Image, Matrix, Points, transform, warp
from faceswap_ae.evaluation.identity_metrics import levelled
from faceswap_ae.evaluation.openings import eye_openings
from faceswap_ae.faces.landmark_masks import EYES, outline_mask
from faceswap_ae.faces.mesh import EYE_CORNERS, IRISES
from faceswap_ae.faces.record import Face

WIDTH, SIZE = 40, (64, 48)  # pixels of an eye from corner to corner, and of the crop around it
MIDDLE = (np.array(SIZE) - 1) / 2
IRIS = 0.22  # radius of the iris in widths of the eye
# Outer radius of the sides of the iris, in radii of the iris; degrees above and below the level.
SIDES, SECTOR = 1.8, 50.0
RIM = 0.015  # of the eye's width: the landmarks' outline is drawn so much wider
# Share of the strongest contrast: the iris's centre is the mean of the places above it.
BEST = 0.85
EYE_ENDS = (EYE_CORNERS[0], EYE_CORNERS[1][::-1])  # left and right as the viewer sees them
CLOSED = 0.15  # of its width: the opening below which an eye of a mesh is closed
TINY = np.finfo(float).tiny
LEAST = 0.15  # least contrast of an iris, as a share of the opening's brightness


def irises_of_face(image: Image, face: Face) -> Doubles:
    """Return the irises of a face, by its mesh if it has one; see `irises`."""
    return irises(image, face.landmarks) if face.mesh is None else mesh_irises(face.mesh)


def mesh_irises(mesh: Points) -> Doubles:
    """Return the irises of a mesh (478, 3); see `irises`."""
    found = [_place(mesh[:, :2], *eye) for eye in zip(EYE_ENDS, IRISES, strict=True)]
    return np.where(eye_openings(mesh)[:, None] < CLOSED, np.nan, found)


def irises(image: Image, landmarks: Points) -> Doubles:
    """Return (2, 2): each iris (right, down) from its eye's middle, the viewer's left eye first.

    The unit is the eye's width. NaN if the eye is closed or no iris is found.
    """
    return np.stack([_iris(image, landmarks[eye]) for eye in EYES])


def gaze_error(made: Doubles, wanted: Doubles, *, level: bool = False) -> Doubles:
    """Return (n,): how far irises (n, 2, 2) are from where they should be, in widths of the eye.

    Both eyes look in one direction, so the error is the length of their mean difference. It is that
    of one eye if the other is not found in both pictures; NaN if neither is. `level` is explained
    in `identity_metrics.levelled`.
    """
    off = levelled(made - wanted) if level else made - wanted
    seen = np.asarray(np.isfinite(off).all(axis=2))
    count = seen.sum(axis=1)
    together = np.where(seen[..., None], off, 0).sum(axis=1)
    length = np.linalg.norm(together, axis=1) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, length, np.nan))


def _place(points: Points, ends: tuple[int, int], iris: slice) -> Doubles:
    """Return (2,): the middle of an iris, from the middle of its eye's left and right end."""
    left, right = points[list(ends)]
    across = right - left
    turned = np.array([across, [-across[1], across[0]]]) / max(float(across @ across), TINY)
    return np.asarray(turned @ (points[iris][0] - (left + right) / 2))


def _iris(image: Image, eye: Points) -> Doubles:
    """Return (2,): the position of the iris in one eye, given by its six landmarks."""
    if not np.all(np.isfinite(eye)) or np.array_equal(eye[0], eye[3]):
        return np.full(2, np.nan)
    matrix = _upright(eye)
    cut, points = warp(image, matrix, SIZE), transform(eye, matrix)
    opening = outline_mask(points, SIZE, RIM * WIDTH).astype(np.float64) / 255
    # The minimum of the channels is used: the white of an eye is bright in every colour, a brown
    # iris has little blue, and a blue iris has little red.
    contrast = _contrast(cut.min(axis=2).astype(np.float64), opening)
    strongest = float(contrast.max())
    if strongest < LEAST:
        return np.full(2, np.nan)
    weight = np.maximum(contrast - BEST * strongest, 0)
    x, y = np.meshgrid(*(np.arange(side) for side in SIZE))
    centre = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    return np.asarray((centre - points.mean(axis=0)) / WIDTH)


def _upright(eye: Points) -> Matrix:
    """Return the map from frame to a crop of SIZE, with the eye's corners level in its middle."""
    across = eye[3] - eye[0]
    scale = WIDTH / float(across @ across)
    linear = scale * np.array([[across[0], across[1]], [-across[1], across[0]]])
    return np.column_stack([linear, MIDDLE - linear @ (eye[0] + eye[3]) / 2])


def _contrast(plane: Doubles, opening: Doubles) -> Doubles:
    """Return, for an iris with its centre at each pixel, how much brighter its sides are."""
    whole = opening.sum()
    if whole == 0:
        return np.zeros_like(plane)
    disc, sides = _patterns()
    (inner, covered), (outer, shown) = (_seen(plane, opening, part) for part in (disc, sides))
    # The parts that the lids hide give no information: the less is visible, the less it counts.
    sure = np.sqrt(covered * shown)
    brightness = max(float((plane * opening).sum() / whole), 1.0)
    return np.asarray(np.where(opening > 0.5, (outer - inner) * sure / brightness, 0.0))


def _seen(plane: Doubles, opening: Doubles, part: Doubles) -> tuple[Doubles, Doubles]:
    """Return the mean over the part of a pattern inside the opening, and the share inside it."""
    inside, total = (
        cv2.filter2D(one, -1, part, borderType=cv2.BORDER_CONSTANT)
        for one in (opening, plane * opening)
    )
    return np.asarray(total / np.maximum(inside, 1e-6)), np.asarray(np.clip(inside, 0, 1))


def _patterns() -> tuple[Doubles, Doubles]:
    """Return two patterns: the iris, and the parts left and right of it. Each sums to 1."""
    radius = IRIS * WIDTH
    reach = int(np.ceil(SIDES * radius)) + 1
    x, y = np.meshgrid(*[np.arange(-reach, reach + 1.0)] * 2)
    away, up = np.hypot(x, y), np.degrees(np.arctan2(np.abs(y), np.abs(x)))
    disc = np.clip(radius - away + 0.5, 0, 1)
    sides = np.clip(SIDES * radius - away + 0.5, 0, 1) * (1 - disc) * (up < SECTOR)
    return disc / disc.sum(), sides / sides.sum()
