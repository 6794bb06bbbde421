"""How does a face look in another light, or with another picture's colours?

All of it is one table per channel from a pixel's level to its new one. Tables follow each other
without loss, and are applied once, from uint8 to float32 in [0, 1].
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.geometry import Image

STRONGEST = 2.0  # times, that contrast may change to be like another face's
FLAT = 1e-3  # of the range: a channel that varies less says nothing of contrast

Table = NDArray[np.float32]  # (256, 3) in [0, 1]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Colours:
    """Mean and standard deviation of each channel, in [0, 1]."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def plain() -> Table:
    """The table that changes nothing."""
    return np.repeat(np.arange(256, dtype=np.float32)[:, None] / 255, 3, axis=1)


def colours_of(image: Image, mask: Image) -> Colours:
    """Of what a mask shows of a picture."""
    mean, deviation = cv2.meanStdDev(image, mask=mask)
    return Colours(mean.ravel() / 255, deviation.ravel() / 255)


def transferred(table: Table, own: Colours, other: Colours) -> Table:
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
