"""How is a round thing drawn quickly? As heights: strokes on strokes, thinner and higher.

Where two parts meet, the higher one is seen; so fingers have a valley between them and grow out of
a palm without a seam.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image, Points

ROUND = (0.98, 0.94, 0.88, 0.8, 0.7, 0.57, 0.42, 0.25)  # strokes, in parts of a part's thickness
FLAT = (0.97, 0.92)
SMALL = 8.0  # pixels of thickness, up to which every other stroke is enough
STEP = 0.12  # of a part's width: a blur that makes the strokes one surface
SEEN = 0.6  # pixels of a blur: less would not be noticed
FINE = 4  # bits of a pixel's fraction that OpenCV draws with

Place = NDArray[np.float64]  # (2,)
Lights = NDArray[np.float32]  # (s, s)


@dataclass(frozen=True, eq=False)
class OccluderRelief:
    """A shape in a picture: how much it covers of each pixel, and how high it is there."""

    cover: Image  # (s, s)
    heights: Image  # (s, s)
    deep: float  # pixels that the height 255 stands for


def flat(side: int, deep: float) -> OccluderRelief:
    """Nothing yet."""
    return OccluderRelief(np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8), deep)


def stroke(relief: OccluderRelief, points: Sequence[Place], radius: float) -> None:
    """Add a line with round ends, highest along its middle."""
    line = [(np.stack(points) * 2**FINE).round().astype(np.int32)]

    def drawn(canvas: Image, share: float, height: int) -> None:
        thick = max(1, round(2 * radius * share))
        cv2.polylines(canvas, line, False, height, thick, _edge(share), FINE)

    shares = ROUND if radius > SMALL else ROUND[::2]
    _raise(relief, drawn, min(1.0, radius / relief.deep), (shares, STEP * radius))


def solid(relief: OccluderRelief, outline: Points, radius: float, *, edged: bool = False) -> None:
    """Add a shape within a line; so thick, or with a flat face and an edge."""
    centre = outline.mean(axis=0)

    def drawn(canvas: Image, share: float, height: int) -> None:
        corners = ((centre + share * (outline - centre)) * 2**FINE).round().astype(np.int32)
        cv2.fillPoly(canvas, [corners], height, _edge(share), FINE)

    wide = float(np.linalg.norm(outline - centre, axis=1).mean())
    ways = (FLAT, 0.0) if edged else (ROUND, STEP * wide)
    _raise(relief, drawn, min(1.0, radius / relief.deep), ways)


def _edge(share: float) -> int:
    """Smooth where it is seen; steps of height are blurred."""
    return cv2.LINE_AA if share == 1 else cv2.LINE_8


def _raise(
    relief: OccluderRelief, drawn: Any, top: float, ways: tuple[Sequence[float], float]
) -> None:
    """Add a part that is `top` high, of 1, drawn in such shares and blurred so much."""
    drawn(relief.cover, 1.0, 255)
    (shares, blur), part = ways, np.zeros_like(relief.heights)
    for share in shares:
        drawn(part, share, int(top * 255 * np.sqrt(1 - share**2)))
    smooth = cv2.GaussianBlur(part, (0, 0), blur) if blur > SEEN else part
    np.maximum(relief.heights, smooth, out=relief.heights)


def faced(relief: OccluderRelief, box: tuple[slice, slice], light: NDArray[np.float64]) -> Lights:
    """How much each place of a surface faces a light (x, y, towards the viewer), in [-1, 1]."""
    smooth = cv2.GaussianBlur(relief.heights[box], (0, 0), 0.8)
    slope = relief.deep / 255 / 8  # Sobel's weights sum to 8
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=slope)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=slope)
    x, y, z = (np.float32(way) for way in light / np.linalg.norm(light))
    length = np.sqrt(1 + across * across + down * down)
    return np.asarray((z - x * across - y * down) / length, np.float32)


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
