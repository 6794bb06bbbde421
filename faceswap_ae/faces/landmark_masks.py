"""Which masks of the face, the eyes and the mouth follow from the landmarks alone?

The face is the convex hull of the 68 landmarks plus a part of the forehead above the brows, where
there are no landmarks. Eyes and mouth are polygons of their own. Masks are (height, width) uint8,
255 inside, with smooth edges. These masks do not exclude hair or a hand in front of the face.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Floats, Image, Points

BROWS, NOSE_BASE = slice(17, 27), slice(31, 36)
EYES, MOUTH = (slice(36, 42), slice(42, 48)), slice(48, 60)
INSIDE, BRIDGE = slice(60, 68), slice(27, 31)  # inner edge of the lips, bridge of the nose
TEMPLES = [0, 1, 2, 14, 15, 16]  # the points of the jaw at the height of the eyes
NARROW = 0.15  # of the way from there to the middle of the nose: excludes hair and sideburns
EACH_BROW, HAIRS = (slice(17, 22), slice(22, 27)), 0.1  # border around a brow, of its width
# The forehead: how far the points of the brows are moved up, as a multiple of the distance from the
# nose's base to the brows. The least is at the temples, where the head ends.
FOREHEAD = 0.3 * np.array([0.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.25])
LIDS = 0.25  # of an eye's width: the mask includes the lids and lashes around the eye
LIPS_EDGE = 0.06  # of the mouth's width
FINE = 4  # bits of a pixel's fraction with which OpenCV draws


def hull(landmarks: Points) -> Points:
    """Return the corners (n, 2) of the face's outline, in order."""
    _check(landmarks)
    points = np.concatenate([landmarks, _forehead(landmarks)])
    order = cv2.convexHull(points.astype(np.float32), returnPoints=False)
    return np.asarray(points[order.ravel()], np.float64)


def hull_mask(landmarks: Points, size: tuple[int, int]) -> Image:
    """Return the mask of the face in a picture of `size` (width, height)."""
    return outline_mask(hull(landmarks), size)


def eye_masks(landmarks: Points, size: tuple[int, int], lids: float = LIDS) -> tuple[Image, Image]:
    """Return the masks of the viewer's left and right eye, each with a border, open or closed.

    `lids` is the width of the border as a share of an eye's width.
    """
    _check(landmarks)
    # A closed eye still has a width. An eye that is turned away uses the other eye's width.
    border = lids * max(_width(landmarks[eye]) for eye in EYES)
    left, right = (outline_mask(landmarks[eye], size, border) for eye in EYES)
    return left, right


def mouth_mask(landmarks: Points, size: tuple[int, int], edge: float = LIPS_EDGE) -> Image:
    """Return the mask of the lips and all between them, with a border of `edge` of their width."""
    _check(landmarks)
    mouth = landmarks[MOUTH]
    return outline_mask(mouth, size, edge * _width(mouth))


def between_lips(landmarks: Points, size: tuple[int, int]) -> Image:
    """Return the mask of the open mouth between the lips, where teeth may be visible."""
    _check(landmarks)
    return outline_mask(landmarks[INSIDE], size)


def opening(outline: Points) -> float:
    """Return how far an eye (6, 2) or the mouth (inner lips, 8, 2) is open: height / width."""
    width = float(np.linalg.norm(outline[len(outline) // 2] - outline[0]))
    return gap(outline) / width if width > 0 else 0.0


def gap(outline: Points) -> float:
    """Return the mean distance between the upper and the lower edge of an eye or of the mouth."""
    half = len(outline) // 2
    return float(np.linalg.norm(outline[1:half] - outline[:half:-1], axis=1).mean())


def middle_mask(landmarks: Points, size: tuple[int, int]) -> Image:
    """Return the mask of forehead, cheeks and nose without eyes and brows.

    Every person has bare skin there, and never a beard.
    """
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
    """Return the mask of a polygon, with a border of `border` pixels around it."""
    mask: Image = np.zeros(size[::-1], np.uint8)
    # If a corner is twenty pictures away, its exact place does not matter. Without this limit
    # OpenCV's integers would overflow.
    far = 20.0 * max(size)
    corners = (np.clip(outline, -far, far) * 2**FINE).round().astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, FINE)
    thick = round(2 * border)
    if thick > 1:
        cv2.polylines(mask, [corners], True, 255, thick, cv2.LINE_AA, FINE)
    return mask


def _forehead(landmarks: Points) -> Points:
    """Return the points (10, 2) of the forehead above the brows."""
    brows = landmarks[BROWS]
    up = brows.mean(axis=0) - landmarks[NOSE_BASE].mean(axis=0)
    return np.asarray(brows + FOREHEAD[:, None] * up)


def _check(landmarks: Points) -> None:
    if landmarks.shape != (68, 2) or not np.all(np.isfinite(landmarks)):
        raise ValueError(f"not 68 points in a plane: shape {landmarks.shape}, or not all finite")


def _width(part: Points) -> float:
    """Return the greatest distance between two points."""
    return float(np.linalg.norm(part[:, None] - part, axis=-1).max())


GREY = 0.5  # the value that hides a pixel from a network


def hide_outside(image: Floats, hull: Image) -> None:
    """Make an image grey outside a mask, in place.

    A network that was trained on such faces needs them like this in conversion too.
    """
    image -= np.float32(GREY)
    image *= hull[..., None] * np.float32(1 / 255)
    image += np.float32(GREY)
