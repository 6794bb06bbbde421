"""Which part of a picture is face, going by its landmarks alone?

The convex hull of the 68 points, and a bit of forehead above the brows, where no landmark lies.
Eyes and mouth are polygons of their own. Masks are (height, width) uint8, 255 inside, with smooth
edges; hair or a hand over the face is not seen here.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Floats, Image, Points

BROWS, NOSE_BASE = slice(17, 27), slice(31, 36)
EYES, MOUTH = (slice(36, 42), slice(42, 48)), slice(48, 60)
INSIDE, BRIDGE = slice(60, 68), slice(27, 31)  # of the lips, of the nose
TEMPLES = [0, 1, 2, 14, 15, 16]  # of the jaw's points, those as high as the eyes
NARROW = 0.15  # of the way from them to the middle of the nose: hair and sideburns stay out
EACH_BROW, HAIRS = (slice(17, 22), slice(22, 27)), 0.1  # of a brow's width, around it
# How far the brows are raised, in distances from the nose's base to them. Least at the temples,
# where the head ends.
FOREHEAD = 0.3 * np.array([0.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.25])
LIDS = 0.25  # of an eye's width: lids and lashes around it belong to the look
LIPS_EDGE = 0.06  # of the mouth's width
FINE = 4  # bits of a pixel's fraction that OpenCV draws with


def hull(landmarks: Points) -> Points:
    """The corners (n, 2) of the face's outline, in order."""
    _check(landmarks)
    points = np.concatenate([landmarks, _forehead(landmarks)])
    order = cv2.convexHull(points.astype(np.float32), returnPoints=False)
    return np.asarray(points[order.ravel()], np.float64)


def hull_mask(landmarks: Points, size: tuple[int, int]) -> Image:
    """The face in a picture of `size` (width, height)."""
    return outline_mask(hull(landmarks), size)


def eye_masks(landmarks: Points, size: tuple[int, int], lids: float = LIDS) -> tuple[Image, Image]:
    """The viewer's left eye and the right one, each with so much around it; open or closed."""
    _check(landmarks)
    # A closed eye has a width still; one that is turned away borrows the other's.
    border = lids * max(_width(landmarks[eye]) for eye in EYES)
    left, right = (outline_mask(landmarks[eye], size, border) for eye in EYES)
    return left, right


def mouth_mask(landmarks: Points, size: tuple[int, int], edge: float = LIPS_EDGE) -> Image:
    """Lips and what is between them, with so much around."""
    _check(landmarks)
    mouth = landmarks[MOUTH]
    return outline_mask(mouth, size, edge * _width(mouth))


def between_lips(landmarks: Points, size: tuple[int, int]) -> Image:
    """Where teeth show, as far as the mouth is open."""
    _check(landmarks)
    return outline_mask(landmarks[INSIDE], size)


def opening(outline: Points) -> float:
    """How far an eye (6, 2) or what is between the lips (8, 2) is open: its height by its width."""
    half = len(outline) // 2
    width = np.linalg.norm(outline[half] - outline[0])
    gaps = np.linalg.norm(outline[1:half] - outline[:half:-1], axis=1)
    return float(gaps.mean() / width) if width > 0 else 0.0


def middle_mask(landmarks: Points, size: tuple[int, int]) -> Image:
    """Forehead, cheeks and nose without eyes and brows: skin in everybody, and never a beard."""
    _check(landmarks)
    middle = landmarks[BRIDGE].mean(axis=0)
    sides = landmarks[TEMPLES] + NARROW * (middle - landmarks[TEMPLES])
    points = np.concatenate([_forehead(landmarks), landmarks[NOSE_BASE], sides])
    corners = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    border = HAIRS * max(_width(landmarks[brow]) for brow in EACH_BROW)
    hidden = [outline_mask(landmarks[brow], size, border) for brow in EACH_BROW]
    hidden += eye_masks(landmarks, size)
    skin = np.minimum(outline_mask(corners, size), 255 - np.maximum.reduce(hidden))
    return np.asarray(skin, np.uint8)


def outline_mask(outline: Points, size: tuple[int, int], border: float = 0.0) -> Image:
    """A polygon drawn white, with a border of so many pixels around it."""
    mask: Image = np.zeros(size[::-1], np.uint8)
    # Twenty pictures away a corner's place does not matter, and OpenCV's integers would wrap.
    far = 20.0 * max(size)
    corners = (np.clip(outline, -far, far) * 2**FINE).round().astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, FINE)
    thick = round(2 * border)
    if thick > 1:
        cv2.polylines(mask, [corners], True, 255, thick, cv2.LINE_AA, FINE)
    return mask


def _forehead(landmarks: Points) -> Points:
    """Points (10, 2) above the brows."""
    brows = landmarks[BROWS]
    up = brows.mean(axis=0) - landmarks[NOSE_BASE].mean(axis=0)
    return np.asarray(brows + FOREHEAD[:, None] * up)


def _check(landmarks: Points) -> None:
    if landmarks.shape != (68, 2) or not np.all(np.isfinite(landmarks)):
        raise ValueError(f"not 68 points in a plane: shape {landmarks.shape}, or not all finite")


def _width(part: Points) -> float:
    """The longest way across."""
    return float(np.linalg.norm(part[:, None] - part, axis=-1).max())


GREY = 0.5  # what a network sees where it is not to look


def hide_outside(image: Floats, hull: Image) -> None:
    """Make grey what is outside a mask: a network that is trained on such faces needs them so."""
    image -= np.float32(GREY)
    image *= hull[..., None] * np.float32(1 / 255)
    image += np.float32(GREY)
