"""How are a face's brightness, colours and image quality augmented (photometric augmentation)?

Brightness and colour transfer are one look-up table per channel, from a pixel's level to its new
level. Tables are combined without loss and applied once, from uint8 to float32 in [0, 1]. Image
quality is degraded in uint8: motion blur, defocus blur, lower resolution, JPEG compression.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Floats, Image

STRONGEST = 2.0  # largest factor by which a colour transfer changes the contrast
FLAT = 1e-3  # of the range: a channel with a smaller deviation says nothing about contrast

Table = NDArray[np.float32]  # (256, 3) in [0, 1]

SHAKE = (0.03, 0.09)  # of the side: length of the motion blur's line
SOFT = (0.004, 0.018)  # of the side: sigma of the defocus blur
SMALL = (0.3, 0.8)  # of the side: what is left at the lower resolution
QUALITY = (15, 75)  # JPEG quality, both ends included


@dataclass(frozen=True, eq=False)
class ColourStatistics:
    """Mean and standard deviation of each channel, in [0, 1]."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def plain() -> Table:
    """Return the table that changes nothing."""
    return np.repeat(np.arange(256, dtype=np.float32)[:, None] / 255, 3, axis=1)


def colours_of(image: Image, mask: Image) -> ColourStatistics:
    """Return the colour statistics of the pixels inside a mask."""
    mean, deviation = cv2.meanStdDev(image, mask=mask)
    return ColourStatistics(mean.ravel() / 255, deviation.ravel() / 255)


def transferred(table: Table, own: ColourStatistics, other: ColourStatistics) -> Table:
    """Transfer the other face's colours: its means and contrasts (Reinhard et al. 2001, in RGB)."""
    ratio = (other.deviation + FLAT) / (own.deviation + FLAT)
    ratio = np.clip(ratio, 1 / STRONGEST, STRONGEST)
    return _within((table - own.mean) * ratio + other.mean)


def relit(table: Table, rng: np.random.Generator, gain: float, tint: float, offset: float) -> Table:
    """Change the light at random within these limits.

    The gain is one factor for all channels, the tint one factor for each channel, and the offset is
    added to all channels.
    """
    factor = (1 + rng.uniform(-gain, gain)) * (1 + rng.uniform(-tint, tint, 3))
    return _within(table * factor + rng.uniform(-offset, offset))


def apply(table: Table, image: Image, out: Floats) -> None:
    """Write an image (h, w, 3) uint8 through a table to `out`, float32 in [0, 1]."""
    cv2.LUT(image, table[None], out)


def _within(table: NDArray[np.float64]) -> Table:
    return np.clip(table, 0, 1).astype(np.float32)


def shaken(image: Image, rng: np.random.Generator) -> Image:
    """Apply motion blur: a blur along a line in a random direction."""
    length = image.shape[0] * rng.uniform(*SHAKE)
    angle = rng.uniform(0, np.pi)
    reach = max(1, int(np.ceil(length / 2)))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    # Coordinates are in sixteenths of a pixel, as cv2.line takes them with 4 fraction bits.
    half = np.round(8 * length * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    begin, end = 16 * reach - half, 16 * reach + half
    cv2.line(kernel, _point(begin), _point(end), 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def softened(image: Image, rng: np.random.Generator) -> Image:
    """Apply defocus blur: a Gaussian."""
    spread = image.shape[0] * rng.uniform(*SOFT)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), spread), np.uint8)


def shrunk(image: Image, rng: np.random.Generator) -> Image:
    """Lower the resolution: reduce the image and enlarge it again."""
    height, width = image.shape[:2]
    share = rng.uniform(*SMALL)
    few = max(2, round(share * width)), max(2, round(share * height))
    small = cv2.resize(image, few, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def compressed(image: Image, rng: np.random.Generator) -> Image:
    """Compress the image as JPEG and decode it again."""
    quality = int(rng.integers(QUALITY[0], QUALITY[1] + 1))
    # JPEG halves the resolution of the colours, so it matters which channel is red.
    blue_first = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".jpg", blue_first, (cv2.IMWRITE_JPEG_QUALITY, quality))
    unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(unpacked, cv2.COLOR_BGR2RGB), np.uint8)


def _point(place: "np.ndarray[tuple[int], np.dtype[np.int_]]") -> tuple[int, int]:
    return int(place[0]), int(place[1])
