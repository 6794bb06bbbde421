"""How stable is a swapped face over time: jitter, flicker and warping error?

Jitter is measured on the crop's corners, flicker on the face's mean colour. The warping error of
Lai et al. (2018) is measured on its surface along the motion, minus that of the original frames.
Each metric needs consecutive frames; the caller leaves out the step across a scene cut.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Flags, Image, Points, invert, transform
from faceswap_ae.faces.alignment import matrix_of

CROP = "whole"
# The corners of a crop of one pixel, whose centre is (0, 0).
CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
AROUND = 0.25  # of the face's box: the farthest it may move from one frame to the next
LEAST_SIDE = 32  # pixels: least side of a picture for optical flow


@dataclass(frozen=True, eq=False)
class FacePair:
    """One frame: as it was filmed, and with the face swapped."""

    original: Image
    swapped: Image


def quad(landmarks: Points) -> Points:
    """Return the crop's corners in the frame, (4, 2)."""
    return transform(CORNERS, invert(matrix_of(landmarks, CROP, 1)))


def jitter(quads: Doubles) -> Doubles:
    """Return (n - 2,): how far corners (n, 4, 2) deviate from uniform motion, in pixels."""
    bend = quads[2:] - 2 * quads[1:-1] + quads[:-2]
    return np.asarray(np.linalg.norm(bend, axis=-1).mean(axis=-1))


def mean_colour(image: Image, mask: Flags) -> Doubles:
    """Return (3,): the mean colour under the mask, in levels; NaN if the mask is empty."""
    return image[mask].mean(axis=0) if mask.any() else np.full(3, np.nan)


def flicker(colours: Doubles) -> float:
    """Return the standard deviation of the steps between the mean colours (n, 3) of n frames."""
    if len(colours) < 2:
        return np.nan
    return float(np.sqrt(np.diff(colours, axis=0).var(axis=0).mean()))


def warping_error(before: FacePair, now: FacePair, mask: Flags) -> float:
    """Return the warping error of a swapped face in levels, minus that of the original.

    The frame before is warped to this frame by the optical flow of the original frames, and
    compared with it. `mask` is the face in this frame. A value below 0 means that the swap is more
    stable than the original: the swap is blurred, or the original has grain.
    """
    if not mask.any():
        return np.nan
    part = _around(mask)
    places = _places_before(now.original[part], before.original[part])
    pairs = (now.swapped, before.swapped), (now.original, before.original)
    made, own = (_off(one[part], last[part], places, mask[part]) for one, last in pairs)
    return made - own


def _around(mask: Flags) -> tuple[slice, slice]:
    """Return rows and columns of the face, with a margin as wide as it may have moved."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    margin = max(round(AROUND * max(width, height)), LEAST_SIDE // 2)
    return (
        slice(max(top - margin, 0), top + height + margin),
        slice(max(left - margin, 0), left + width + margin),
    )


def _places_before(now: Image, before: Image) -> NDArray[np.float32]:
    """Return (2, height, width): x and y of each pixel's place before, by the optical flow."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    one, other = (np.ascontiguousarray(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)) for x in (now, before))
    motion = flow.calc(one, other, np.zeros((*one.shape, 2), np.float32))
    y, x = np.mgrid[: one.shape[0], : one.shape[1]].astype(np.float32)
    return np.stack([x + motion[..., 0], y + motion[..., 1]])


def _off(now: Image, before: Image, places: NDArray[np.float32], mask: Flags) -> float:
    """Return the mean absolute difference of `now` and the warped `before` under the mask."""
    moved = cv2.remap(
        before, places[0], places[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    levels = cv2.mean(cv2.absdiff(now, moved), mask.astype(np.uint8))
    return float(np.mean(levels[: now.shape[2]]))
