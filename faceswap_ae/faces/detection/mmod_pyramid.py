"""What does the MMOD detector look at, and which boxes do its scores mean?

It knows faces of one size, so it gets an image together with all its smaller copies, side by side
on one canvas. Where they lie, how they are sampled and how boxes are told apart follows dlib to
the pixel: other canvases shift the scores, and near ties then fall to other boxes.
King, "Max-Margin Object Detection" (2015).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image

Canvas = NDArray[np.float32]  # (h, w, 3), 0 where no level lies
Scores = NDArray[np.float32]  # (rows, columns), one for each cell
Boxes = NDArray[np.float64]  # (n, 4) as left, top, right, bottom
Size = tuple[int, int]  # height, width

RATE = 5 / 6  # of one level's sides to those of the level before
LEAST_HEIGHT = 5  # pixels of a level
GAP, RIM = 10, 11  # empty pixels between levels, and around all of them
STEP, FIRST = 8, 14  # cell c of the scores looks at canvas pixel STEP * c + FIRST


@dataclass(frozen=True)
class FoundBox:
    """A face's box, whose right and bottom pixels belong to it. It may reach over the border."""

    left: int
    top: int
    right: int
    bottom: int
    score: float


@dataclass(frozen=True)
class PyramidLevel:
    """Where one copy of the image lies on the canvas."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class PyramidLayout:
    """Of the canvas for images of one size."""

    canvas: Size
    levels: tuple[PyramidLevel, ...]


@dataclass(frozen=True)
class ScoreRule:
    """How scores become boxes. Of two that share more than this, the better one stays."""

    window: tuple[int, int]  # width, height of what a cell sees
    overlap: float  # of the box around both
    covered: float  # of either


@lru_cache(maxsize=64)
def layout(height: int, width: int) -> PyramidLayout:
    """The largest level on top, smaller ones under it, the smallest back up on the right."""
    sizes = _sizes(height, width)
    left = _left_column(sizes)
    bottom = RIM + sum(height + GAP for height, _ in sizes[:left]) - GAP
    levels, y = [], RIM
    for high, wide in sizes[:left]:
        levels.append(PyramidLevel(RIM, y, wide, high))
        y += high + GAP
    y = bottom
    for high, wide in sizes[left:]:
        if y - high < RIM + height:  # nothing may lie beside the largest
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
    """How many levels stand on the left: past half way, the rest fits beside the last."""
    (largest, room), *_ = sizes
    total = sum(height + GAP for height, _ in sizes) - 2 * GAP - largest
    tall = GAP
    for count, ((_, beside), (height, width)) in enumerate(pairwise(sizes), start=1):
        if width <= room - beside - GAP and 2 * tall >= total:
            return count
        tall += height + GAP
    return len(sizes)


def draw(image: Image, plan: PyramidLayout, mean: tuple[float, ...], canvas: Canvas) -> None:
    """Put an image (h, w, 3) and its smaller copies in their places; the rest of it stays."""
    # In rows, because numpy is slow over an axis of three.
    rows = image.reshape(len(image), -1).astype(np.float32)
    rows -= np.tile(np.array(mean, np.float32), image.shape[1])
    rows *= np.float32(1 / 256)
    copy = rows.reshape(image.shape)
    for level in plan.levels:
        copy = _shrunk(copy, level)
        canvas[level.top : level.top + level.height, level.left : level.left + level.width] = copy


def _shrunk(copy: Canvas, level: PyramidLevel) -> Canvas:
    """Linear between pixels, the four corners staying where they are.

    OpenCV's own resizing lets the outer edges stay, which shifts everything by parts of a pixel.
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
    """The boxes of all cells above the threshold, best first, without those that repeat one."""
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
    """Boxes around places on the canvas, carried up to the image from the levels they lie in."""
    corners = np.array([(level.left, level.top) for level in plan.levels])
    ends = corners + [(level.width - 1, level.height - 1) for level in plan.levels]
    away = np.maximum(corners - places[:, None], places[:, None] - ends).clip(0)
    depth = (away**2).sum(axis=-1).argmin(axis=1)
    half = (np.array(window) - 1) / 2
    inside = places - corners[depth]
    found = np.concatenate([inside - half, inside + half], axis=1)
    for level in range(1, len(plan.levels)):
        deeper = depth >= level
        found[deeper] = found[deeper] * 1.2 + 0.3  # as dlib carries points up by 6/5
    # Halves go away from 0, and the edges of every box of the first level are halves.
    return np.asarray(np.trunc(found + np.copysign(0.5, found)))


def _distinct(found: Boxes, rule: ScoreRule) -> NDArray[np.intp]:
    """The numbers of those that repeat none before them."""
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
