"""How is the image pyramid for the MMOD detector built, and how do its scores become boxes?

The detector knows faces of one size only. So it gets the image and all its smaller copies together
on one canvas. The places of the copies, their sampling and the suppression of repeated boxes follow
dlib to the pixel: another canvas shifts the scores, and if two scores are almost equal, another box
then wins. King, "Max-Margin Object Detection" (2015).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image

Canvas = NDArray[np.float32]  # (h, w, 3), 0 where there is no level
Scores = NDArray[np.float32]  # (rows, columns), one for each cell
Boxes = NDArray[np.float64]  # (n, 4) as left, top, right, bottom
Size = tuple[int, int]  # height, width

RATE = 5 / 6  # ratio of a level's sides to those of the level before
LEAST_HEIGHT = 5  # pixels of a level
GAP, RIM = 10, 11  # empty pixels between levels, and around all levels
STEP, FIRST = 8, 14  # cell c of the scores is centred on canvas pixel STEP * c + FIRST


@dataclass(frozen=True)
class FoundBox:
    """A face's box; right and bottom are inclusive. It may extend beyond the image's border."""

    left: int
    top: int
    right: int
    bottom: int
    score: float


@dataclass(frozen=True)
class PyramidLevel:
    """The place of one copy of the image on the canvas."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class PyramidLayout:
    """The layout of the canvas for images of one size."""

    canvas: Size
    levels: tuple[PyramidLevel, ...]


@dataclass(frozen=True)
class ScoreRule:
    """How scores become boxes. If two boxes overlap more than this, only the better one stays."""

    window: tuple[int, int]  # width, height of the box that a cell stands for
    overlap: float  # shared area / area of the box around both
    covered: float  # shared area / area of the smaller box


@lru_cache(maxsize=64)
def layout(height: int, width: int) -> PyramidLayout:
    """Return the layout for an image size.

    The largest level is on top and smaller ones are below it. The smallest levels are in a right
    column, from the bottom upwards.
    """
    sizes = _sizes(height, width)
    left = _left_column(sizes)
    bottom = RIM + sum(height + GAP for height, _ in sizes[:left]) - GAP
    levels, y = [], RIM
    for high, wide in sizes[:left]:
        levels.append(PyramidLevel(RIM, y, wide, high))
        y += high + GAP
    y = bottom
    for high, wide in sizes[left:]:
        if y - high < RIM + height:  # no level may be beside the largest one
            break
        levels.append(PyramidLevel(RIM + width - wide, y - high, wide, high))
        y -= high + GAP
    return PyramidLayout((bottom + RIM, width + 2 * RIM), tuple(levels))


def _sizes(height: int, width: int) -> list[Size]:
    sizes = [(height, width)]
    while True:
        height, width = int(RATE * height), int(RATE * width)
        if height < LEAST_HEIGHT or width == 0:
            return sizes
        sizes.append((height, width))


def _left_column(sizes: list[Size]) -> int:
    """Return the number of levels in the left column.

    The column ends when it has half of the total height and the next level fits beside its last.
    """
    (largest, room), *_ = sizes
    total = sum(height + GAP for height, _ in sizes) - 2 * GAP - largest
    tall = GAP
    for count, ((_, beside), (height, width)) in enumerate(pairwise(sizes), start=1):
        if width <= room - beside - GAP and 2 * tall >= total:
            return count
        tall += height + GAP
    return len(sizes)


def draw(image: Image, plan: PyramidLayout, mean: tuple[float, ...], canvas: Canvas) -> None:
    """Draw an image (h, w, 3) and its smaller copies on the canvas; other pixels stay unchanged."""
    # As rows, because numpy is slow over an axis of length three.
    rows = image.reshape(len(image), -1).astype(np.float32)
    rows -= np.tile(np.array(mean, np.float32), image.shape[1])
    rows *= np.float32(1 / 256)
    copy = rows.reshape(image.shape)
    for level in plan.levels:
        copy = _shrunk(copy, level)
        canvas[level.top : level.top + level.height, level.left : level.left + level.width] = copy


def _shrunk(copy: Canvas, level: PyramidLevel) -> Canvas:
    """Shrink linearly so that the centres of the four corner pixels stay in place.

    OpenCV's own resizing keeps the outer edges in place instead: that shifts all by parts of a
    pixel.
    """
    if copy.shape[:2] == (level.height, level.width):
        return copy
    lower = np.asarray(cv2.transpose(_fewer_rows(copy, level.height)), np.float32)
    return np.asarray(cv2.transpose(_fewer_rows(lower, level.width)), np.float32)


def _fewer_rows(copy: Canvas, count: int) -> Canvas:
    last = len(copy) - 1
    place = np.arange(count, dtype=np.float32) * np.float32(last / max(count - 1, 1))
    above = np.minimum(place.astype(np.intp), last)
    part = (place - above.astype(np.float32))[:, None]
    rows = copy.reshape(len(copy), -1)
    upper = rows[above]
    mixed = rows[np.minimum(above + 1, last)]
    mixed -= upper
    mixed *= part
    mixed += upper
    return np.asarray(mixed.reshape(count, *copy.shape[1:]), np.float32)


def boxes(
    scores: Scores, plan: PyramidLayout, rule: ScoreRule, threshold: float = 0.0
) -> list[FoundBox]:
    """Return the boxes of all cells above the threshold, best first, without repeated boxes."""
    rows, columns = np.nonzero(scores > threshold)
    worth = scores[rows, columns]
    order = np.argsort(-worth, kind="stable")
    places = np.stack([columns, rows], axis=1)[order] * STEP + FIRST
    placed = _in_image(places, plan, rule.window)
    kept = _distinct(placed, rule)
    found = zip(placed[kept].astype(int).tolist(), worth[order[kept]].tolist(), strict=True)
    return [
        FoundBox(left, top, right, bottom, score) for (left, top, right, bottom), score in found
    ]


def _in_image(places: NDArray[np.intp], plan: PyramidLayout, window: tuple[int, int]) -> Boxes:
    """Return boxes around places on the canvas, mapped from their nearest level to the image."""
    corners = np.array([(level.left, level.top) for level in plan.levels])
    ends = corners + [(level.width - 1, level.height - 1) for level in plan.levels]
    away = np.maximum(corners - places[:, None], places[:, None] - ends).clip(0)
    depth = (away**2).sum(axis=-1).argmin(axis=1)
    half = (np.array(window) - 1) / 2
    inside = places - corners[depth]
    found = np.concatenate([inside - half, inside + half], axis=1)
    for level in range(1, len(plan.levels)):
        deeper = depth >= level
        found[deeper] = found[deeper] * 1.2 + 0.3  # as dlib maps points up by 6/5
    # Halves are rounded away from 0. All edges of boxes in the first level are halves.
    return np.asarray(np.trunc(found + np.copysign(0.5, found)))


def _distinct(found: Boxes, rule: ScoreRule) -> NDArray[np.intp]:
    """Return the indices of the boxes that do not repeat an earlier box."""
    kept: list[int] = []
    rest = np.arange(len(found))
    while len(rest):
        best, rest = int(rest[0]), rest[1:]
        kept.append(best)
        rest = rest[~_repeats(found[rest], found[best], rule)]
    return np.array(kept, np.intp)


def _repeats(found: Boxes, best: Boxes, rule: ScoreRule) -> NDArray[np.bool_]:
    low, high = np.minimum(found, best), np.maximum(found, best)
    shared = _area(np.concatenate([high[:, :2], low[:, 2:]], axis=1))
    around = _area(np.concatenate([low[:, :2], high[:, 2:]], axis=1))
    smaller = np.minimum(_area(found), _area(best[None]))
    much = (shared / around > rule.overlap) | (shared / smaller > rule.covered)
    return np.asarray(much & (shared > 0))


def _area(found: Boxes) -> NDArray[np.float64]:
    sides = (found[:, 2:] - found[:, :2] + 1).clip(0)
    return np.asarray(sides[:, 0] * sides[:, 1])
