"""Which part of a crop does the new face cover, and how softly?

    MASK[name](known) -> refined(mask, face): 0 where the frame stays as it is

A network's mask has learned to leave out what is before the face, a hand or hair; the hull of the
landmarks has not, but never fails. Of the two together, what either leaves out stays out: the
lesser counts at each pixel. (Their product would thin edges that both draw softly.) Refining draws
a mask in and never out, unless told to, so that no hand that was left out is painted over.
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
FAINT, SURE = 0.1, 0.9  # what a network means by nothing and by all
ISLAND = 0.1  # of the largest part's pixels: what is smaller is noise
HOLE = 0.02  # of the face's pixels: likewise; a fingertip is larger
SKIRT = 0.02  # of the crop's side: how far soft edges reach around a part
ALL_OVER = 0.5  # of the crop's edge: a mask that covers so much more of it has not learned yet
WIDE_RIM = 3.0  # feathers: how softly a mask ends at the crop's sides and its lower edge
TABLE = 4096  # entries of a look-up

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MaskInputs:
    """What tells where one face is in its crop of `size` pixels a side."""

    size: int
    landmarks: Points  # (68, 2) in the crop's pixels
    learned: NDArray[np.float32] | None = None  # (n, n) or (n, n, 1) in [0, 1], of a network
    painted: Image | None = None  # (n, n), 255 inside, of a file


def learned(known: MaskInputs) -> Mask:
    """The network's without its dots and holes; where there is none of any use, the hull."""
    outline = hull(known)
    if known.learned is None:
        return outline
    mask = _sized(known.learned, known.size)
    return outline if all_over(mask, outline) else cleaned(mask)


def hull(known: MaskInputs) -> Mask:
    """The landmarks'."""
    drawn = hull_mask(known.landmarks, (known.size, known.size))
    return drawn * np.float32(1 / 255)


def learned_and_hull(known: MaskInputs) -> Mask:
    """What both cover."""
    return np.minimum(learned(known), hull(known))


def image(known: MaskInputs) -> Mask:
    """A painted one as it is; for a face that has none, as `learned`."""
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
    """A way by its name, told once where the model has no mask for it."""
    if name not in MASK:
        raise UserError(unknown("mask", name, MASK))
    if name.startswith("learned") and not has_mask:
        log.warning("mask %s: this model has learned none; the landmarks' hull is used", name)
    return MASK[name]


def painted(path: Path) -> Image:
    """A mask that somebody painted: (n, n), in the crop."""
    mask = np.ascontiguousarray(images.read(path)[..., 0])
    if mask.shape[0] != mask.shape[1]:
        size = f"{mask.shape[1]}x{mask.shape[0]}"
        raise UserError(f"{path}: is {size}; a mask lies in the crop, which is square")
    return mask


def face_side(crop: str, size: int) -> float:
    """The face's size in pixels of a crop: one unit of the template, from brow's end to brow's end.

    The same in every frame, as an outline that trembles is not.
    """
    return size / CROPS[crop].side


def refine_mask(mask: Mask, face: float, erode: float = ERODE, feather: float = FEATHER) -> Mask:
    """Drawn in by `erode`, then rising to 1 over `feather`, both shares of the face's size.

    0 along the crop's edge, wherever the mask ends.
    """
    into, soft = round(erode * face, 2), round(max(feather * face, 1), 2)
    width = 2 * int(np.ceil(max(abs(into), into + soft) / 2)) + 3
    # Two boxes make a triangle. It tells how deep inside a pixel lies to parts of a pixel, and
    # steadily: an exact distance would jump with every pixel of the outline.
    once = cv2.blur(mask, (width, width), borderType=cv2.BORDER_REPLICATE)
    twice = np.asarray(cv2.blur(once, (width, width), borderType=cv2.BORDER_REPLICATE), np.float32)
    places = (twice * np.float32(TABLE - 1) + np.float32(0.5)).astype(np.int32)
    risen = _table(width, into, soft).take(places, mode="clip")
    risen = np.minimum(risen, _rim(mask.shape[0], soft))
    # What is thinner than the feather, a pen before the face, is blurred away.
    return np.minimum(risen, mask) if erode >= 0 else risen


def cleaned(mask: Mask) -> Mask:
    """A network's mask without faint grey, small islands and small holes."""
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
    """Whether a network's mask is white, or nearly, up to the crop's edge, and no face is there."""
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
    """The number of each pixel's part from 1 up, the parts' pixels, and which touch no border."""
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    left, top, width, height, areas = boxes[1:].T
    side = len(inside)
    enclosed = (left > 0) & (top > 0) & (left + width < side) & (top + height < side)
    return np.asarray(labels, np.int32), areas, enclosed


def _those(labels: NDArray[np.int32], which: NDArray[np.bool_]) -> Image:
    return np.concatenate([[False], which]).astype(np.uint8)[labels]


@lru_cache(maxsize=64)
def _table(width: int, erode: float, feather: float) -> Mask:
    """From a blurred mask's value to the refined one's, by the depth under a straight edge."""
    values = np.linspace(0, 1, TABLE)
    half = 1 - np.sqrt(2 * np.minimum(values, 1 - values))
    depth = width * np.copysign(half, values - 0.5)
    return _rise((depth - erode) / feather)


@lru_cache(maxsize=64)
def _rim(size: int, feather: float) -> Mask:
    """1 but along the crop's edge, where a network knows least. Brows may lie near its top."""
    up = np.arange(size)
    sides = np.minimum(up, up[::-1]) / WIDE_RIM
    return _rise(np.minimum(np.minimum(sides, up[:, None]), up[::-1, None] / WIDE_RIM) / feather)


def _rise(way: NDArray[np.float64]) -> Mask:
    """From 0 to 1 with no corner at either end."""
    part = np.clip(way, 0, 1)
    risen = np.asarray(part * part * (3 - 2 * part), np.float32)
    risen.flags.writeable = False
    return risen
