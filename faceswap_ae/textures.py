"""What is the surface of a thing like that nobody has ever seen? Grey noise of several kinds.

A few large tiles are made once; a texture is a piece of one, turned and stretched.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.geometry import Image

TILE = 256  # pixels a side
OCTAVES = (4, 8, 16, 32, 64, 128)  # cells of noise over a tile
# How fast finer octaves fade, and how much coarser the noise is downwards than across.
KINDS = ((0.5, 1), (0.7, 1), (0.9, 1), (0.7, 8), (0.9, 16))
SHOWN = (0.3, 0.7)  # of a tile's side: however it is turned, more would not lie inside
TWIST = 2**30  # any number: textures are the same in every run


def texture(rng: np.random.Generator, side: int) -> Image:
    """(side, side) grey from 0 to 255."""
    tile = _tiles()[rng.integers(len(KINDS))]
    angle, shown = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(*np.log(SHOWN)))
    cosine, sine = shown * TILE / side * np.array([np.cos(angle), np.sin(angle)])
    linear = np.array([[cosine, -sine], [sine, cosine]])
    room = TILE * (1 - shown * np.sqrt(2)) / 2
    middle = TILE / 2 + rng.uniform(-room, room, 2)
    back = np.column_stack([linear, middle - linear @ (side / 2, side / 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(tile, back, (side, side), flags=flags), np.uint8)


def stripes(rng: np.random.Generator, side: int) -> Image:
    """Stripes, in one direction or woven in two."""
    angle, waves = rng.uniform(0, np.pi), rng.uniform(4, 20)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) * np.float32(2 * np.pi * waves / side)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    wave = np.tanh(2 * np.sin(cosine * x + sine * y))
    if rng.random() < 0.5:
        wave = (wave + np.tanh(2 * np.sin(cosine * y - sine * x))) / 2
    return np.asarray(np.clip(127.5 + 100 * wave, 0, 255), np.uint8)


@lru_cache(maxsize=1)
def _tiles() -> tuple[Image, ...]:
    rng = np.random.default_rng(TWIST)
    return tuple(_tile(rng, fade, long) for fade, long in KINDS)


def _tile(rng: np.random.Generator, fade: float, long: int) -> Image:
    total: NDArray[np.float32] = np.zeros((TILE, TILE), np.float32)
    for power, cells in enumerate(OCTAVES):
        noise = rng.normal(size=(max(2, cells // long), cells)).astype(np.float32)
        total += fade**power * cv2.resize(noise, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    spread = total / (3 * total.std())
    return np.asarray(np.clip(127.5 * (1 + spread), 0, 255), np.uint8)
