"""How is a swapped face blended into its frame without a visible seam?

`face` (s, s, 3) and `mask` (s, s) are float32 in [0, 1], in the crop; `matrix` maps frame to crop.
Pixels that the mask does not touch stay unchanged, bit for bit. Everything wider than a soft edge
is computed in the crop, at one size. So it costs the same for small and large faces, looks the
same, and does not jitter when a face moves by a fraction of a pixel. Pixels beyond the frame's
border are unknown, so they do not count.

- laplacian: every band of detail has an edge of its own width (Burt & Adelson 1983).
- feather: the mask itself is the edge.
- poisson: the face's gradients in the frame's colours (Perez et al. 2003). It flickers in clips.
- poisson-stable: the same idea with a small smooth field that can be averaged over time. In a clip
  the results of `field` are averaged (temporal.py), added with `corrected`, and then feathered.
- none: the face is cut out and pasted.
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
HALF = 0.5  # value of the mask at its edge
FIELD = 64  # pixels a side of the crop in which the smooth field is computed
CLONED = 256  # pixels a side of the crop for poisson, at most: its time grows with their number
ERODED = 3  # pixels that OpenCV's cloning takes off the mask on each side
TINY = 1e-4  # weight of a guess beside known values
SURE = 4.0  # factor on a weight: a weight of a quarter is already trusted fully
STRIP = 64  # rows of the frame
WHITE = np.float32(255)


@dataclass(frozen=True)
class WarpedLayer:
    """A picture in the crop that can be sampled at the frame's pixels."""

    picture: Floats
    matrix: Matrix  # frame to its pixels

    def at(
        self, part: Part, way: int = cv2.INTER_LINEAR, outside: int = cv2.BORDER_CONSTANT
    ) -> Floats:
        """Return the picture warped into a part of the frame."""
        rows, columns = part
        corner = np.array([[1.0, 0.0, columns.start], [0.0, 1.0, rows.start]])
        size = (columns.stop - columns.start, rows.stop - rows.start)
        matrix, flags = compose(self.matrix, corner), way | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self.picture, matrix, size, flags=flags, borderMode=outside)
        return np.asarray(seen, np.float32)


@dataclass(frozen=True)
class Compared:
    """The face and the frame, compared in one small crop."""

    apart: Floats  # (n, n, 3): face - frame
    mask: Floats  # (n, n)
    known: Floats  # (n, n): 1 inside the frame, 0 beyond its border


def none(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Paste the pixels where the mask is above one half."""
    return _laid(frame, face, np.asarray(mask > HALF, np.float32), matrix)


def feather(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Mix face and frame with the mask as the weight."""
    return _laid(frame, face, mask, matrix)


def laplacian(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Mix fine details by the mask, and each coarser band over a wider edge inside the mask."""
    wide, mixed = _bands(_compared(frame, face, mask, matrix, WORK))
    details = np.asarray(face - _sized(wide, len(face)), np.float32)
    return _laid(frame, details, mask, matrix, mixed)


def poisson(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Clone the face's gradients, then mix by the mask."""
    side = min(CLONED, len(face))
    where = np.where(_sized(mask, side) > HALF, np.uint8(255), np.uint8(0))
    # At the crop's edge cloning would have no border values to start from.
    where[[0, -1]] = 0
    where[:, [0, -1]] = 0
    left, top, width, height = cv2.boundingRect(where)
    if min(width, height) <= 2 * ERODED:
        return feather(frame, face, mask, matrix)
    given = _bytes(_sized(face, side) * WHITE)
    seen = warp(frame, _zoomed(matrix, side / len(face)), (side, side))
    # OpenCV centres the mask's bounding box on this point, and it overwrites the mask it gets.
    centre = (left + width // 2, top + height // 2)
    cloned = cv2.seamlessClone(given, seen, where, centre, cv2.NORMAL_CLONE)
    change = (cloned.astype(np.float32) - given) / WHITE
    return feather(frame, face + _sized(change, len(face)), mask, matrix)


def poisson_stable(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Image:
    """Add the smooth field of this frame alone, then mix by the mask."""
    return feather(frame, corrected(face, field(frame, face, mask, matrix)), mask, matrix)


def field(frame: Image, face: Floats, mask: Floats, matrix: Matrix) -> Floats:
    """Return frame minus face along the mask's edge, spread smoothly over the whole crop.

    The field is (FIELD, FIELD, 3) and is added to the face.
    """
    compared = _compared(frame, face, mask, matrix, FIELD)
    soft = cv2.GaussianBlur(compared.mask, (0, 0), 1, borderType=cv2.BORDER_REPLICATE)
    # The inner side of the edge counts most: farther out, the output of a network that was trained
    # under a mask is arbitrary.
    edge = soft**3 * (1 - soft) * compared.known * np.float32(256 / 27)
    levels = [_weighted(-compared.apart, np.asarray(edge, np.float32))]
    while len(levels[-1]) > 1:
        levels.append(_halved(levels[-1]))
    spread = _mean(levels[-1], np.zeros(3, np.float32))
    # The values are reduced level by level and expanded again: pull-push (Gortler et al. 1996).
    for level in levels[-2::-1]:
        wider = _doubled(spread, level)
        share = np.minimum(1, SURE * level[..., 3:])
        spread = wider + share * (_mean(level, wider) - wider)
    return spread


def corrected(face: Floats, change: Floats) -> Floats:
    """Return the face with a field added to it."""
    return np.asarray(face + _sized(change, len(face)), np.float32)


BLEND: dict[str, Blend] = {
    "laplacian": laplacian,
    "feather": feather,
    "poisson": poisson,
    "poisson-stable": poisson_stable,
    "none": none,
}


def warp_layer(picture: Floats, matrix: Matrix) -> WarpedLayer:
    """Return a layer for a picture in the crop that `matrix` maps the frame to."""
    scale = scale_of(matrix)
    if scale < 2:
        return WarpedLayer(picture, matrix)
    # Sampling only a few of many pixels would alias. So the picture is first reduced to less than
    # two of its pixels per frame pixel.
    small = _sized(picture, max(1, round(len(picture) / 2 ** int(np.log2(scale)))))
    return WarpedLayer(small, _zoomed(matrix, len(small) / len(picture)))


def box(mask: Floats, matrix: Matrix, size: tuple[int, ...]) -> Part | None:
    """Return the part of a frame of `size` (width, height) that the mask touches.

    Return None if the mask is empty or is outside the frame.
    """
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
    """Return the frame with the face mixed in, and `under` added wherever the mask is not 0."""
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
    """Yield a few rows at a time, so that they stay in the processor's cache."""
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
    """Return 1 for pixels of the crop that are inside the frame, 0 for the others."""
    along = np.arange(side, dtype=np.float64)
    back = invert(matrix)
    known = np.ones((side, side), np.bool_)
    for row, length in zip(back, frame.shape[1::-1], strict=True):
        place = along * row[0] + along[:, None] * row[1] + row[2]
        known &= (place > -HALF) & (place < length - HALF)
    return known.astype(np.float32)


def _bands(compared: Compared) -> tuple[Floats, Floats]:
    """Return all but the finest band of face - frame, unmasked and with an edge for each band.

    The bands are weighted by the mask, so that nothing outside it is mixed in. Their edges are
    inside the mask's edge, one pixel of the band farther in.
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
    """Return (h, w, 4): values times weight, and the weight."""
    return np.dstack([values * weight[..., None], weight])


def _mean(level: Floats, guess: Floats) -> Floats:
    """Return a level's values divided by their weight; near the guess where the weight is tiny."""
    return np.asarray((level[..., :3] + TINY * guess) / (level[..., 3:] + TINY), np.float32)


def _halved(level: Floats) -> Floats:
    return np.asarray(cv2.pyrDown(level, borderType=cv2.BORDER_REPLICATE), np.float32)


def _doubled(level: Floats, like: Floats) -> Floats:
    return np.asarray(cv2.pyrUp(level, dstsize=like.shape[1::-1]), np.float32)


def _zoomed(matrix: Matrix, factor: float) -> Matrix:
    """Return the matrix to a crop of the same content with `factor` times the pixels a side."""
    # Scaling keeps pixel edges in place, not pixel centres: hence the half.
    shift = (factor - 1) / 2
    return compose(np.array([[factor, 0.0, shift], [0.0, factor, shift]]), matrix)


def _sized(picture: Floats, side: int) -> Floats:
    if len(picture) == side:
        return picture
    way = cv2.INTER_AREA if side < len(picture) else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=way), np.float32)


def _bytes(picture: Floats) -> Image:
    """Round to bytes, and clip to 0 and 255."""
    return np.asarray(cv2.addWeighted(picture, 1, picture, 0, 0, dtype=cv2.CV_8U), np.uint8)
