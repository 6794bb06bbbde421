"""Does a swapped face stand still when the performer does?

Three tremors: of the crop's place, of the face's colour, and of its surface along the motion (the
warping error of Lai et al. 2018, with the original's own taken off). Each wants frames that follow
each other; leave out the step across a cut.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Flags, Image, Points, invert, transform
from faceswap_ae.faces.alignment import matrix_of

CROP = "whole"
# Of a crop of one pixel, whose centre is (0, 0).
CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
AROUND = 0.25  # of the face's box: as far as it may move from one frame to the next
LEAST_SIDE = 32  # pixels that optical flow needs


@dataclass(frozen=True, eq=False)
class FacePair:
    """One moment: the frame as it was filmed, and with the face swapped."""

    original: Image
    swapped: Image


def quad(landmarks: Points) -> Points:
    """The crop's corners in the frame, (4, 2)."""
    return transform(CORNERS, invert(matrix_of(landmarks, CROP, 1)))


def jitter(quads: Doubles) -> Doubles:
    """(n - 2,): how far corners (n, 4, 2) are from going straight on, in pixels."""
    bend = quads[2:] - 2 * quads[1:-1] + quads[:-2]
    return np.asarray(np.linalg.norm(bend, axis=-1).mean(axis=-1))


def mean_colour(image: Image, mask: Flags) -> Doubles:
    """(3,): of the face, in levels; NaN where there is none."""
    return image[mask].mean(axis=0) if mask.any() else np.full(3, np.nan)


def flicker(colours: Doubles) -> float:
    """Of the mean colours (n, 3) of n frames: the standard deviation of the steps between them."""
    if len(colours) < 2:
        return np.nan
    return float(np.sqrt(np.diff(colours, axis=0).var(axis=0).mean()))


def warping_error(before: FacePair, now: FacePair, mask: Flags) -> float:
    """How far a swapped face is from its last picture moved on, in levels, less the original's.

    The motion is that of the original frames; `mask` is the face now. Below 0 a swap is steadier
    than what was filmed: it is blurred, or the film has grain.
    """
    if not mask.any():
        return np.nan
    part = _around(mask)
    motion = _motion(now.original[part], before.original[part])
    pairs = (now.swapped, before.swapped), (now.original, before.original)
    made, own = (_off(one[part], last[part], motion)[mask[part]].mean() for one, last in pairs)
    return float(made - own)


def _around(mask: Flags) -> tuple[slice, slice]:
    """Rows and columns of the face and as much around as it may have moved."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    margin = max(round(AROUND * max(width, height)), LEAST_SIDE // 2)
    return (
        slice(max(top - margin, 0), top + height + margin),
        slice(max(left - margin, 0), left + width + margin),
    )


def _motion(now: Image, before: Image) -> NDArray[np.float32]:
    """(height, width, 2): from each pixel to where it was."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    one, other = (np.ascontiguousarray(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)) for x in (now, before))
    return np.asarray(flow.calc(one, other, np.zeros((*one.shape, 2), np.float32)), np.float32)


def _off(now: Image, before: Image, motion: NDArray[np.float32]) -> Doubles:
    """(height, width): mean absolute difference over colours, of now and before moved on."""
    y, x = np.mgrid[: now.shape[0], : now.shape[1]].astype(np.float32)
    moved = cv2.remap(
        before,
        x + motion[..., 0],
        y + motion[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(np.abs(now.astype(np.float64) - moved).mean(axis=-1))
