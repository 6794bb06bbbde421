"""Which mask selects the part of a crop that the new face covers, and how is its edge feathered?

    MASK[name](known) -> mask -> refine_mask(mask, face): 0 where the frame stays unchanged

A network's mask has learned to exclude what covers the face, such as a hand or hair. The hull of
the landmarks cannot exclude them, but it never fails. When both are combined, a pixel that one of
them excludes stays excluded: the minimum counts at each pixel. (Their product would make edges
thinner where both are soft.) By default `refine_mask` only shrinks a mask. It grows a mask only
when the caller passes a negative `erode`, so a hand that was excluded is not painted over.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.geometry import Image, Mask, Points
from faceswap_ae.faces.alignment import CROPS
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.media import images

Way = Callable[["MaskInputs"], Mask]

ERODE, FEATHER = 0.01, 0.06  # of the face's size
FAINT, SURE = 0.1, 0.9  # values of a network's mask that count as 0 and as 1
ISLAND = 0.1  # share of the largest part's pixels: a smaller part is noise
HOLE = 0.02  # share of the face's pixels: a smaller hole is noise; a fingertip is larger
SKIRT = 0.02  # of the crop's side: how far soft edges reach around a part
# Share of the crop's edge: a mask that covers so much more of it than the hull is not trained yet.
ALL_OVER = 0.5
WIDE_RIM = 3.0  # feathers: width of the soft edge at the crop's left, right and lower side
TABLE = 4096  # entries of a look-up table

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MaskInputs:
    """The sources from which a mask of one face is made, in a crop of `size` pixels a side."""

    size: int
    landmarks: Points  # (68, 2) in the crop's pixels
    learned: NDArray[np.float32] | None = None  # (n, n) or (n, n, 1) in [0, 1], from a network
    painted: Image | None = None  # (n, n), 255 inside, from a file


def learned(known: MaskInputs) -> Mask:
    """Return the network's mask without small islands and holes.

    Return the hull if the network gives no mask, or gives one that covers everything.
    """
    outline = hull(known)
    if known.learned is None:
        return outline
    mask = _sized(known.learned, known.size)
    return outline if all_over(mask, outline) else cleaned(mask)


def hull(known: MaskInputs) -> Mask:
    """Return the convex hull of the landmarks as a mask."""
    drawn = hull_mask(known.landmarks, (known.size, known.size))
    return drawn * np.float32(1 / 255)


def learned_and_hull(known: MaskInputs) -> Mask:
    """Return the part that both the network's mask and the hull cover."""
    return np.minimum(learned(known), hull(known))


def image(known: MaskInputs) -> Mask:
    """Return the user's painted mask unchanged; without one, the same as `learned`."""
    if known.painted is None:
        return learned(known)
    return _sized(known.painted * np.float32(1 / 255), known.size)


MASK: dict[str, Way] = {
    "learned": learned,
    "hull": hull,
    "learned-and-hull": learned_and_hull,
    "image": image,
}


def choose_mask(name: str, *, has_mask: bool) -> Way:
    """Return the mask function of this name; warn if the model has no mask for it."""
    if name not in MASK:
        raise UserError(unknown("mask", name, MASK))
    if name.startswith("learned") and not has_mask:
        log.warning("mask %s: this model has learned none; the landmarks' hull is used", name)
    return MASK[name]


def painted(path: Path) -> Image:
    """Read a mask that the user painted over the crop: (n, n)."""
    mask = np.ascontiguousarray(images.read(path)[..., 0])
    if mask.shape[0] != mask.shape[1]:
        size = f"{mask.shape[1]}x{mask.shape[0]}"
        raise UserError(f"{path}: is {size}; a mask lies in the crop, which is square")
    return mask


def face_side(crop: str, size: int) -> float:
    """Return the face's size in crop pixels: one template unit, from one brow's end to the other's.

    It is the same in every frame. A size measured on the outline would jitter.
    """
    return size / CROPS[crop].side


def refine_mask(mask: Mask, face: float, erode: float = ERODE, feather: float = FEATHER) -> Mask:
    """Erode a mask by `erode`, then let it rise to 1 over `feather`: both are shares of the face.

    The result is 0 along the crop's edge, even where the mask itself reaches that edge.
    """
    into, soft = round(erode * face, 2), round(max(feather * face, 1), 2)
    reach = max(abs(into), into + soft) / 2
    wide = _risen(mask, 2 * int(np.ceil(reach)) + 3, into, soft)
    if erode < 0 and reach % 1:
        # A wider filter rounds corners more. Without the mix, a mask that grows by a little more
        # would lose its corners where the width steps.
        narrow = _risen(mask, 2 * int(reach) + 3, into, soft)
        wide = narrow + np.float32(reach % 1) * (wide - narrow)
    risen = np.minimum(wide, _rim(mask.shape[0], soft))
    # The blur removes excluded things that are thinner than the feather, such as a pen in front of
    # the face. The minimum excludes them again.
    return np.minimum(risen, mask) if erode >= 0 else risen


def cleaned(mask: Mask) -> Mask:
    """Return a network's mask without faint grey values, small islands and small holes."""
    sure = np.clip((mask - np.float32(FAINT)) * np.float32(1 / (SURE - FAINT)), 0, 1)
    inside = (sure > 0.5).astype(np.uint8)
    labels, areas, _ = _parts(inside)
    most = areas.max(initial=0)
    kept = _those(labels, areas >= max(ISLAND * most, 1))
    labels, areas, enclosed = _parts(1 - kept)
    filled = kept | _those(labels, (areas < HOLE * kept.sum()) & enclosed)
    reach = 2 * max(1, round(SKIRT * len(mask))) + 1
    near, hidden = (cv2.dilate(one, np.ones((reach, reach))) for one in (kept, filled - kept))
    return np.asarray(np.maximum(sure * near, filled * hidden), np.float32)


def all_over(mask: Mask, hull: Mask) -> bool:
    """Whether a network's mask covers much more of the crop's edge than the hull does.

    Such a mask is white nearly everywhere and says nothing about the face.
    """
    return _along_edge(mask) > _along_edge(hull) + ALL_OVER


def _along_edge(mask: Mask) -> float:
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _sized(mask: NDArray[np.float32], size: int) -> Mask:
    side = len(mask)
    flat = mask.reshape(side, side)
    if side == size:
        return flat
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(flat, (size, size), interpolation=way), np.float32)


def _parts(inside: Image) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Label the connected parts.

    Return each pixel's part number (from 1, 0 outside), the area of each part in pixels, and which
    parts touch no border.
    """
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    left, top, width, height, areas = boxes[1:].T
    side = len(inside)
    enclosed = (left > 0) & (top > 0) & (left + width < side) & (top + height < side)
    return np.asarray(labels, np.int32), areas, enclosed


def _those(labels: NDArray[np.int32], which: NDArray[np.bool_]) -> Image:
    return np.concatenate([[False], which]).astype(np.uint8)[labels]


def _risen(mask: Mask, width: int, erode: float, feather: float) -> Mask:
    """Return the refined value of each pixel by its depth in the mask, all widths in pixels.

    Two box blurs make a triangle filter. Its value gives the depth of a pixel inside the mask to a
    fraction of a pixel, and it is stable: an exact distance transform would jump with every pixel
    of the outline.
    """
    once = cv2.blur(mask, (width, width), borderType=cv2.BORDER_REPLICATE)
    twice = np.asarray(cv2.blur(once, (width, width), borderType=cv2.BORDER_REPLICATE), np.float32)
    places = (twice * np.float32(TABLE - 1) + np.float32(0.5)).astype(np.int32)
    return _table(width, erode, feather).take(places, mode="clip")


@lru_cache(maxsize=64)
def _table(width: int, erode: float, feather: float) -> Mask:
    """Map a twice blurred mask's value to the refined value, by the depth inside a straight edge.

    The widths are in pixels.
    """
    values = np.linspace(0, 1, TABLE)
    half = 1 - np.sqrt(2 * np.minimum(values, 1 - values))
    depth = width * np.copysign(half, values - 0.5)
    return _rise((depth - erode) / feather)


@lru_cache(maxsize=64)
def _rim(size: int, feather: float) -> Mask:
    """Return a mask that is 1 except along the crop's edge, where a network is least reliable.

    The soft edge is narrow at the top, because the brows may be near it.
    """
    up = np.arange(size)
    sides = np.minimum(up, up[::-1]) / WIDE_RIM
    return _rise(np.minimum(np.minimum(sides, up[:, None]), up[::-1, None] / WIDE_RIM) / feather)


def _rise(way: NDArray[np.float64]) -> Mask:
    """Rise from 0 to 1 smoothly (smoothstep), with no corner at either end."""
    part = np.clip(way, 0, 1)
    risen = np.asarray(part * part * (3 - 2 * part), np.float32)
    risen.flags.writeable = False
    return risen
