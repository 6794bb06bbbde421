"""How is a watermark read from pictures that were cut, scaled, mirrored and encoded again?

1  whiten    what is finer than a chip, divided by the picture's own contrast; the mean over frames
2  period    the tile repeats, so the picture is like itself one tile further (autocorrelation)
3  fold      all tiles are laid on one another
4  place     the known chips are looked for at every place of the tile
5  decode    the other chips give the code bits, these give the bits, their checksum must fit

A false alarm needs both: known chips that stand out by SURE standard deviations, which they do at
one of the scales in less than half of all clips, and a checksum, layout and kind that fit by
chance, which is one in 5.6 million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Floats, Image
from faceswap_ae.marks.error_correction import CODED, decode
from faceswap_ae.marks.payload import Payload, from_bits
from faceswap_ae.marks.watermark import (
    CHIP,
    CHIPS,
    KNOWN,
    TILE,
    chip_layout,
    code_bit_of_chip,
    known_chips,
    tile_of,
)

SURE = 5.0  # standard deviations of the known chips' correlation
FINE, CONTRAST = 5, 11  # pixels: sides of the boxes that whiten
QUIET = 0.7  # levels: contrast below which a picture counts as flat
LARGEST = 2048 * 2048  # pixels of a picture that is looked at; a larger one is made smaller
SHORTEST = 64  # pixels of its sides
LEVELS = 3  # sizes in which a picture is looked at, each half of the one before
SCALES = np.exp(np.arange(np.log(0.35), np.log(1.5), 0.0025))  # at which a tile may be
HOPEFUL = 4.0  # standard deviations from which scales nearby are tried too
NEAR = 0.0025, -0.0025, 0.005, -0.005  # by how much these differ
PERIODS = 6  # that are tried in each direction, the most likely first
LAGS = 12  # places of the repeated tile that are asked for a period

_NOTHING = np.empty(0, np.float32)  # is added to a product

Lag = tuple[int, int]


@dataclass(frozen=True)
class WatermarkFound:
    """A watermark that was read."""

    payload: Payload
    certainty: float  # standard deviations by which its known chips stand out
    scale: tuple[float, float]  # of the picture, against the one that was marked
    mirrored: bool


class WatermarkSums:
    """What is kept of pictures of one size that may have one watermark: a clip's frames.

    Pictures come one by one. Of all together only their sums are kept, whitened, in a few sizes.
    """

    def __init__(self, pictures: Iterable[Image] = ()) -> None:
        self._levels: dict[int, Floats] = {}  # by how many times smaller
        for picture in pictures:
            self.add(picture)

    def add(self, picture: Image) -> None:
        """Add one picture."""
        for times, white in _levels(picture):
            self._add(times, white)

    def join(self, other: WatermarkSums) -> None:
        """Add all pictures of another sum."""
        for times, total in other._levels.items():
            self._add(times, total)

    def read(self) -> WatermarkFound | None:
        """Look for a watermark."""
        for look, times in self._looks():
            if (payload := _decoded(look)) is not None:
                down, across = (times * side for side in look.scale)
                return WatermarkFound(payload, look.certainty, (across, down), look.mirrored)
        return None

    def certainties(self) -> Iterator[float]:
        """Yield by how many standard deviations known chips stand out, wherever one looks."""
        yield from (look.certainty for look, _ in self._looks())

    def _add(self, times: int, white: Floats) -> None:
        total = self._levels.get(times)
        self._levels[times] = white if total is None else total + white

    def _looks(self) -> Iterator[tuple[_Look, int]]:
        """Yield looks, the most likely first, and how many times smaller the pictures were."""
        for times, whitened in self._levels.items():
            for scale in _scales(whitened):
                look = _look(whitened, scale)
                yield look, times
                if look.certainty > HOPEFUL:
                    near = ((scale[0] * (1 + by), scale[1] * (1 + by)) for by in NEAR)
                    yield from ((_look(whitened, one), times) for one in near)


def read_watermark(pictures: Iterable[Image]) -> WatermarkFound | None:
    """Look for a watermark in pictures of one size that carry the same one."""
    return WatermarkSums(pictures).read()


def whiten(grey: Floats) -> Floats:
    """Return a picture's finest detail, divided by the square of the contrast around it.

    What is strong in it is held back, because a watermark is not.
    """
    detail = grey - cv2.blur(grey, (FINE, FINE))
    energy = cv2.blur(detail * detail, (CONTRAST, CONTRAST))
    contrast = np.sqrt(np.maximum(energy, 0)) + np.float32(QUIET)
    return np.asarray(np.clip(detail / contrast, -1, 1) / contrast, np.float32)


def _levels(picture: Image) -> Iterator[tuple[int, Floats]]:
    """Yield how many times smaller a picture was made, and what it looks like then, whitened."""
    height, width = picture.shape[:2]
    times = 1
    while (height // times) * (width // times) > LARGEST:
        times *= 2
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    for smaller in (times << level for level in range(LEVELS)):
        size = width // smaller, height // smaller
        if min(size) >= SHORTEST:
            small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if smaller > 1 else grey
            yield smaller, whiten(np.asarray(small, np.float32))


def _scales(whitened: Floats) -> Iterator[tuple[float, float]]:
    """Yield scales (down, across) that the tile may have, the most likely first."""
    yield 1.0, 1.0
    likeness = _autocorrelation(whitened)
    both = _periods(likeness, [(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (1, 2), (2, 1)])
    yield from ((scale, scale) for scale in both)
    downs = _periods(likeness, [(1, 0), (2, 0), (3, 0)])[: PERIODS // 2]
    acrosses = _periods(likeness, [(0, 1), (0, 2), (0, 3)])[: PERIODS // 2]
    yield from ((down, across) for down in downs for across in acrosses)


def _autocorrelation(whitened: Floats) -> Floats:
    """Return how much a picture is like itself, moved by (down, across), in standard deviations.

    It holds moves of at most half the picture; those up or to the left are at the far ends.
    """
    height, width = whitened.shape
    padded = np.zeros((_fast(height), _fast(width)), np.float32)
    padded[:height, :width] = whitened
    spectrum = cv2.dft(padded)
    likeness = cv2.idft(cv2.mulSpectrums(spectrum, spectrum, 0, conjB=True), flags=cv2.DFT_SCALE)
    down, across = (
        np.maximum(size - np.minimum(np.arange(whole), whole - np.arange(whole)), 1)
        for size, whole in zip((height, width), padded.shape, strict=True)
    )
    return np.asarray(likeness / np.sqrt(np.outer(down, across)), np.float32)


def _fast(size: int) -> int:
    return int(cv2.getOptimalDFTSize(size + size // 2))


def _periods(likeness: Floats, lags: Sequence[Lag]) -> list[float]:
    """Return the scales at which a picture is most like itself at these lags of the tile."""
    height, width = likeness.shape
    total = np.zeros(len(SCALES))
    count = np.zeros(len(SCALES))
    for down, across in lags:
        rows, columns = (np.rint(one * TILE * SCALES).astype(int) for one in (down, across))
        inside = (rows < height // 3) & (np.abs(columns) < width // 3)
        total += np.where(inside, likeness[rows % height, columns % width], 0)
        count += inside
    scores = total / np.sqrt(np.maximum(count, 1))
    peak = (scores >= np.roll(scores, 1)) & (scores > np.roll(scores, -1)) & (count > 0)
    order = np.argsort(-scores[peak])
    return [float(scale) for scale in SCALES[peak][order][:PERIODS]]


@dataclass(frozen=True, eq=False)
class _Look:
    """A picture's tiles on one another, at the place where they are most like the known chips."""

    tile: Floats
    certainty: float
    scale: tuple[float, float]
    mirrored: bool


def _look(whitened: Floats, scale: tuple[float, float]) -> _Look:
    """Look for the known chips at one scale, as they are and mirrored."""
    folded = _folded(whitened, scale)
    both = (
        _placed(tile, scale, mirrored=bool(turn))
        for turn, tile in enumerate((folded, folded[:, ::-1]))
    )
    return max(both, key=lambda one: one.certainty)


def _placed(tile: Floats, scale: tuple[float, float], *, mirrored: bool) -> _Look:
    likeness = np.fft.irfft2(np.fft.rfft2(tile) * _known_spectrum(), s=tile.shape)
    certainty = float((likeness.max() - likeness.mean()) / max(likeness.std(), 1e-12))
    row, column = np.unravel_index(likeness.argmax(), likeness.shape)
    return _Look(np.roll(tile, (-row, -column), (0, 1)), certainty, scale, mirrored)


def _decoded(look: _Look) -> Payload | None:
    """Return what the other chips say; None if this is no watermark."""
    return None if look.certainty < SURE else from_bits(decode(_code_values(look.tile)))


def _folded(whitened: Floats, scale: tuple[float, float]) -> Floats:
    """Lay all tiles of a picture on one another: (TILE, TILE)."""
    height, width = whitened.shape
    down, across = scale
    # OpenCV multiplies here, because NumPy's threads wait for each other longer than they work.
    lines = cv2.gemm(whitened, _places(width, across), 1, _NOTHING, 0)
    return np.asarray(cv2.gemm(_places(height, down), lines, 1, _NOTHING, 0, flags=cv2.GEMM_1_T))


def _places(count: int, scale: float) -> NDArray[np.float32]:
    """Return (count, TILE): how much of each pixel of a line belongs to each pixel of the tile."""
    middles = (np.arange(count) + 0.5) / scale - 0.5
    first = np.floor(middles)
    part = (middles - first).astype(np.float32)
    places = np.zeros((count, TILE), np.float32)
    line = np.arange(count)
    places[line, first.astype(int) % TILE] = 1 - part
    places[line, (first.astype(int) + 1) % TILE] += part
    return places


@cache
def _known_spectrum() -> NDArray[np.complex128]:
    return np.asarray(np.conj(np.fft.rfft2(tile_of(known_chips()))), np.complex128)


def _code_values(tile: Floats) -> Doubles:
    """Return (CODED,) values: above 0 where a code bit is 1, the larger the surer."""
    signs, order = chip_layout()
    chips = tile.reshape(CHIPS, CHIP, CHIPS, CHIP).sum((1, 3), dtype=np.float64).ravel() * signs
    carried = chips[order[KNOWN:]]
    return np.asarray(np.bincount(code_bit_of_chip(), carried, CODED), np.float64)
