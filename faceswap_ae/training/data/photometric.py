"""How does a face look in another light, or with another picture's colours?

All of it is one table per channel from a pixel's level to its new one. Tables follow each other
without loss, and are applied once, from uint8 to float32 in [0, 1].
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Floats, Image

STRONGEST = 2.0  # times, that contrast may change to be like another face's
FLAT = 1e-3  # of the range: a channel that varies less says nothing of contrast

Table = NDArray[np.float32]  # (256, 3) in [0, 1]


@dataclass(frozen=True, eq=False)
class ColourStatistics:
    """Mean and standard deviation of each channel, in [0, 1]."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def plain() -> Table:
    """The table that changes nothing."""
    return np.repeat(np.arange(256, dtype=np.float32)[:, None] / 255, 3, axis=1)


def colours_of(image: Image, mask: Image) -> ColourStatistics:
    """Of what a mask shows of a picture."""
    mean, deviation = cv2.meanStdDev(image, mask=mask)
    return ColourStatistics(mean.ravel() / 255, deviation.ravel() / 255)


def transferred(table: Table, own: ColourStatistics, other: ColourStatistics) -> Table:
    """With the other's means and contrasts (Reinhard et al. 2001, in RGB)."""
    ratio = (other.deviation + FLAT) / (own.deviation + FLAT)
    ratio = np.clip(ratio, 1 / STRONGEST, STRONGEST)
    return _within((table - own.mean) * ratio + other.mean)


def relit(table: Table, rng: np.random.Generator, gain: float, tint: float, offset: float) -> Table:
    """Lighter or darker by a share of `gain`, each channel by one of `tint`, and an offset."""
    factor = (1 + rng.uniform(-gain, gain)) * (1 + rng.uniform(-tint, tint, 3))
    return _within(table * factor + rng.uniform(-offset, offset))


def apply(table: Table, image: Image, out: Floats) -> None:
    """(h, w, 3) uint8 through a table, to float32 in [0, 1]."""
    cv2.LUT(image, table[None], out)


def _within(table: NDArray[np.float64]) -> Table:
    return np.clip(table, 0, 1).astype(np.float32)


SHAKE = (0.03, 0.09)  # of the side: a line's length


SOFT = (0.004, 0.018)  # of the side: a standard deviation


SMALL = (0.3, 0.8)  # of the side: what is left of it


QUALITY = (15, 75)  # of JPEG


def shaken(image: Image, rng: np.random.Generator) -> Image:
    """Blurred along a line."""
    length = image.shape[0] * rng.uniform(*SHAKE)
    angle = rng.uniform(0, np.pi)
    reach = max(1, int(np.ceil(length / 2)))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    # Sixteenths of a pixel.
    half = np.round(8 * length * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    begin, end = 16 * reach - half, 16 * reach + half
    cv2.line(kernel, _point(begin), _point(end), 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def softened(image: Image, rng: np.random.Generator) -> Image:
    """Out of focus."""
    spread = image.shape[0] * rng.uniform(*SOFT)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), spread), np.uint8)


def shrunk(image: Image, rng: np.random.Generator) -> Image:
    """Filmed with fewer pixels."""
    height, width = image.shape[:2]
    share = rng.uniform(*SMALL)
    few = max(2, round(share * width)), max(2, round(share * height))
    small = cv2.resize(image, few, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def compressed(image: Image, rng: np.random.Generator) -> Image:
    """Stored as a JPEG."""
    quality = int(rng.integers(QUALITY[0], QUALITY[1] + 1))
    # JPEG halves the colours' resolution, so which channel is red matters.
    blue_first = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".jpg", blue_first, (cv2.IMWRITE_JPEG_QUALITY, quality))
    unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(unpacked, cv2.COLOR_BGR2RGB), np.uint8)


def _point(place: "np.ndarray[tuple[int], np.dtype[np.int_]]") -> tuple[int, int]:
    return int(place[0]), int(place[1])
