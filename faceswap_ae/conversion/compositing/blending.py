"""How does a swapped face go back into its frame without a seam?

`face` (s, s, 3) and `mask` (s, s), float32 in [0, 1], lie in the crop; `matrix` maps frame to crop.
Pixels that the mask does not touch stay as they are, bit for bit. All that is wider than a soft
edge is worked out in the crop, at one size: it costs the same for small and large faces, looks the
same, and does not tremble when a face moves by parts of a pixel. Beyond the frame's border nothing
is known, so nothing there counts.

- laplacian: every band of detail gets an edge of its own width (Burt & Adelson 1983).
- feather: the mask is the edge.
- poisson: the face's gradients in the frame's colours (Perez et al. 2003). It trembles in clips.
- poisson-stable: the same idea as a small smooth field, which can be averaged over time: what
  `field` gives goes through window.py, and what `corrected` makes of it is feathered.
- none: cut out and pasted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from faceswap_ae.common.geometry import (
    Floats,
    Image,
    Matrix,
    compose,
    invert,
    scale_of,
    transform,
    warp,
)

Part = tuple[slice, slice]  # rows, columns
Blend = Callable[[Image, Floats, Floats, Matrix], Image]

WORK = 128  # pixels a side of the crop in which bands are mixed
BANDS = 5
HALF = 0.5  # of the mask: where its edge is
FIELD = 64  # pixels a side of the crop in which the smooth field is found
CLONED = 256  # pixels a side of the crop for poisson, at most: its time grows with their number
ERODED = 3  # pixels that OpenCV's cloning takes off the mask on each side
TINY = 1e-4  # of a weight: what a guess counts beside what is known
SURE = 4.0  # times a weight: a quarter is enough to be believed
STRIP = 64  # rows of the frame
WHITE = np.float32(255)


@dataclass(frozen=True)
class WarpedLayer:
    """A picture in the crop, to be seen in the frame."""

    picture: Floats
    matrix: Matrix  # frame to its pixels

    def at(
        self, part: Part, way: int = cv2.INTER_LINEAR, outside: int = cv2.BORDER_CONSTANT
    ) -> Floats:
        """What a part of the frame shows of it."""
        rows, columns = part
        corner = np.array([[1.0, 0.0, columns.start], [0.0, 1.0, rows.start]])
        size = (columns.stop - columns.start, rows.stop - rows.start)
        matrix, flags = compose(self.matrix, corner), way | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self.picture, matrix, size, flags=flags, borderMode=outside)
        return np.asarray(seen, np.float32)


@dataclass(frozen=True)
class Compared:
    """The face and the frame in one small crop."""

    apart: Floats  # (n, n, 3): face - frame
    mask: Floats  # (n, n)
    known: Floats  # (n, n): 1 inside the frame, 0 beyond its border


def none(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Paste what lies under more than half of the mask."""
    return _laid(frame, face, np.asarray(mask > HALF, np.float32), matrix)


def feather(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Mix as the mask says."""
    return _laid(frame, face, mask, matrix)


def laplacian(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Mix details as the mask says, and what is wider over a wider edge inside it."""
    wide, mixed = _bands(_compared(frame, face, mask, matrix, WORK))
    details = np.asarray(face - _sized(wide, len(face)), np.float32)
    return _laid(frame, details, mask, matrix, mixed)


def poisson(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Clone the face's gradients, then mix as the mask says."""
    side = min(CLONED, len(face))
    where = np.where(_sized(mask, side) > HALF, np.uint8(255), np.uint8(0))
    # At the crop's edge a clone would have nothing to hold on to.
    where[[0, -1]] = 0
    where[:, [0, -1]] = 0
    left, top, width, height = cv2.boundingRect(where)
    if min(width, height) <= 2 * ERODED:
        return feather(frame, face, mask, matrix)
    given = _bytes(_sized(face, side) * WHITE)
    seen = warp(frame, _zoomed(matrix, side / len(face)), (side, side))
    # The mask's box is laid around this point, and the mask itself is written over.
    centre = (left + width // 2, top + height // 2)
    cloned = cv2.seamlessClone(given, seen, where, centre, cv2.NORMAL_CLONE)
    change = (cloned.astype(np.float32) - given) / WHITE
    return feather(frame, face + _sized(change, len(face)), mask, matrix)


def poisson_stable(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Add the smooth field of this frame alone, then mix as the mask says."""
    return feather(frame, corrected(face, field(frame, face, mask, matrix)), mask, matrix)


def field(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Floats:
    """What the frame has more than the face along the mask's edge, spread over all of the crop.

    (FIELD, FIELD, 3), to be added to the face.
    """
    compared = _compared(frame, face, mask, matrix, FIELD)
    soft = cv2.GaussianBlur(compared.mask, (0, 0), 1, borderType=cv2.BORDER_REPLICATE)
    # The edge's inner side: farther out a network that was trained under a mask shows anything.
    edge = soft**3 * (1 - soft) * compared.known * np.float32(256 / 27)
    levels = [_weighted(-compared.apart, np.asarray(edge, np.float32))]
    while len(levels[-1]) > 1:
        levels.append(_halved(levels[-1]))
    spread = _mean(levels[-1], np.zeros(3, np.float32))
    # Pulled together and pushed apart again (Gortler et al. 1996).
    for level in levels[-2::-1]:
        wider = _doubled(spread, level)
        share = np.minimum(1, SURE * level[..., 3:])
        spread = wider + share * (_mean(level, wider) - wider)
    return spread


def corrected(face: Floats, change: Floats) -> Floats:
    """The face with a field added."""
    return np.asarray(face + _sized(change, len(face)), np.float32)


BLEND: dict[str, Blend] = {
    "laplacian": laplacian,
    "feather": feather,
    "poisson": poisson,
    "poisson-stable": poisson_stable,
    "none": none,
}


def warp_layer(picture: Floats, matrix: Matrix) -> WarpedLayer:
    """A picture in the crop that `matrix` maps the frame to."""
    scale = scale_of(matrix)
    if scale < 2:
        return WarpedLayer(picture, matrix)
    # Sampling few of many pixels would alias, so there are never more than two for one.
    small = _sized(picture, max(1, round(len(picture) / 2 ** int(np.log2(scale)))))
    return WarpedLayer(small, _zoomed(matrix, len(small) / len(picture)))


def box(mask: Floats, matrix: Matrix, size: tuple[int, ...]) -> Part | None:
    """The part of a frame of `size` (width, height) around all that the mask touches."""
    left, top, width, height = cv2.boundingRect((mask > 0).view(np.uint8))
    x, y = (left - 1, left + width), (top - 1, top + height)
    corners = np.array([(x[0], y[0]), (x[1], y[0]), (x[0], y[1]), (x[1], y[1])], np.float64)
    there = transform(corners, invert(matrix))
    low = np.clip(np.floor(there.min(axis=0)), 0, size).astype(int)
    high = np.clip(np.ceil(there.max(axis=0)) + 1, 0, size).astype(int)
    if width == 0 or np.any(low >= high):
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _laid(
    frame: Image, face: Floats, mask: Floats, matrix: Matrix, under: Floats | None = None
) -> Image:
    """The frame with the face mixed in, and `under` added wherever the mask is not 0."""
    whole = frame.copy()
    shown, cover = warp_layer(face * WHITE, matrix), warp_layer(mask, matrix)
    added = None
    if under is not None:
        added = warp_layer(under * WHITE, _zoomed(matrix, len(under) / len(face)))
    for strip in _strips(box(mask, matrix, frame.shape[1::-1])):
        seen = whole[strip]
        share = cover.at(strip)
        # Linear sampling would soften a face that is not shrunk.
        here = shown.at(strip, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
        mixed = cv2.blendLinear(seen.astype(np.float32), here, 1 - share, share)
        if added is not None:
            mixed = cv2.add(mixed, added.at(strip))
        cv2.copyTo(_bytes(np.asarray(mixed, np.float32)), (share > 0).view(np.uint8), seen)
    return whole


def _strips(part: Part | None) -> Iterator[Part]:
    """A few rows at a time, which stay in the processor's cache."""
    if part is not None:
        rows, columns = part
        for row in range(rows.start, rows.stop, STRIP):
            yield slice(row, min(row + STRIP, rows.stop)), columns


def _compared(frame: Image, face: Floats, mask: Floats, matrix: Matrix, side: int) -> Compared:
    small = _zoomed(matrix, side / len(face))
    seen = warp(frame, small, (side, side)).astype(np.float32) / WHITE
    known = _known(frame, small, side)
    return Compared(_sized(face, side) - seen, _sized(mask, side), known)


def _known(frame: Image, matrix: Matrix, side: int) -> Floats:
    """Where the crop lies inside the frame."""
    along = np.arange(side, dtype=np.float64)
    back = invert(matrix)
    known = np.ones((side, side), np.bool_)
    for row, length in zip(back, frame.shape[1::-1], strict=True):
        place = along * row[0] + along[:, None] * row[1] + row[2]
        known &= (place > -HALF) & (place < length - HALF)
    return known.astype(np.float32)


def _bands(compared: Compared) -> tuple[Floats, Floats]:
    """All but the finest band of face - frame: as it is, and each band within its own edge.

    Weighted by the mask, so that nothing outside it is mixed in. The edges lie inside the mask's:
    a pixel of each band farther in.
    """
    levels = [_weighted(compared.apart, compared.mask * compared.known)]
    masks = [compared.mask]
    for _ in range(BANDS - 1):
        levels.append(_halved(levels[-1]))
        masks.append(_halved(masks[-1]))
    wide = _mean(levels[-1], _mean(levels[-1].sum(axis=(0, 1)), np.zeros(3, np.float32)))
    mixed = wide * _within(masks[-1])
    for level, mask in zip(levels[-2:0:-1], masks[-2:0:-1], strict=True):
        wider = _doubled(wide, level)
        wide = _mean(level, wider)
        mixed = _doubled(mixed, level) + (wide - wider) * _within(mask)
    fading = np.minimum(1, compared.mask / np.float32(HALF))[..., None]
    return _doubled(wide, levels[0]), _doubled(mixed, levels[0]) * fading


def _within(mask: Floats) -> Floats:
    return np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8)), np.float32)[..., None]


def _weighted(values: Floats, weight: Floats) -> Floats:
    """(h, w, 4): values times weight, and the weight."""
    return np.dstack([values * weight[..., None], weight])


def _mean(level: Floats, guess: Floats) -> Floats:
    """What a level's values are, near the guess where its weight is nearly nothing."""
    return np.asarray((level[..., :3] + TINY * guess) / (level[..., 3:] + TINY), np.float32)


def _halved(level: Floats) -> Floats:
    return np.asarray(cv2.pyrDown(level, borderType=cv2.BORDER_REPLICATE), np.float32)


def _doubled(level: Floats, like: Floats) -> Floats:
    return np.asarray(cv2.pyrUp(level, dstsize=like.shape[1::-1]), np.float32)


def _zoomed(matrix: Matrix, factor: float) -> Matrix:
    """The matrix to a crop that shows the same in so many times the pixels a side."""
    # Pixel edges, not centres, are what scales: hence the half.
    shift = (factor - 1) / 2
    return compose(np.array([[factor, 0.0, shift], [0.0, factor, shift]]), matrix)


def _sized(picture: Floats, side: int) -> Floats:
    if len(picture) == side:
        return picture
    way = cv2.INTER_AREA if side < len(picture) else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=way), np.float32)


def _bytes(picture: Floats) -> Image:
    """Rounded, and kept within 0 and 255."""
    return np.asarray(cv2.addWeighted(picture, 1, picture, 0, 0, dtype=cv2.CV_8U), np.uint8)
