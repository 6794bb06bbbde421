"""How are the shape (height map) and the texture of an artificial occluder drawn quickly?

A round part is a height map: strokes are drawn over strokes, each thinner and higher than the one
before. Where two parts overlap, the higher one is visible. So there is a valley between two
fingers, and fingers join the palm without a seam. The texture is noise of several octaves, or
stripes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image, Points

# Sizes of the strokes of a round part and of a flat part, as shares of the part's size.
ROUND = (0.98, 0.94, 0.88, 0.8, 0.7, 0.57, 0.42, 0.25)
FLAT = (0.97, 0.92)
SMALL = 8.0  # pixels of radius, up to which every second stroke is enough
STEP = 0.12  # share of a part's radius: sigma of the blur that joins its strokes to one surface
SEEN = 0.6  # pixels: a blur with a smaller sigma is not visible and is left out
FINE = 4  # fraction bits of the coordinates that OpenCV draws with

Place = NDArray[np.float64]  # (2,)
Lights = NDArray[np.float32]  # (s, s)

TILE = 256  # pixels a side
OCTAVES = (4, 8, 16, 32, 64, 128)  # noise cells along a tile's side
# The amplitude of each octave relative to the next coarser one, and how many times coarser the
# noise is vertically than horizontally.
KINDS = ((0.5, 1), (0.7, 1), (0.9, 1), (0.7, 8), (0.9, 16))
SHOWN = (0.3, 0.7)  # share of a tile's side that is used: more would not fit in when rotated
TWIST = 2**30  # random seed, any number: the tiles are the same in every run


@dataclass(frozen=True, eq=False)
class OccluderRelief:
    """A shape in a picture: its cover of each pixel, and its height there."""

    cover: Image  # (s, s)
    heights: Image  # (s, s)
    deep: float  # the height in pixels that the value 255 means


def flat(side: int, deep: float) -> OccluderRelief:
    """Return an empty relief of this side, in which 255 means the height `deep`."""
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
    """Add a filled outline of the height `radius`: round, or with `edged` flat with an edge."""
    centre = outline.mean(axis=0)

    def drawn(canvas: Image, share: float, height: int) -> None:
        corners = ((centre + share * (outline - centre)) * 2**FINE).round().astype(np.int32)
        cv2.fillPoly(canvas, [corners], height, _edge(share), FINE)

    wide = float(np.linalg.norm(outline - centre, axis=1).mean())
    ways = (FLAT, 0.0) if edged else (ROUND, STEP * wide)
    _raise(relief, drawn, min(1.0, radius / relief.deep), ways)


def _edge(share: float) -> int:
    """Return the line type: antialiased for the cover; height steps are blurred instead."""
    return cv2.LINE_AA if share == 1 else cv2.LINE_8


def _raise(
    relief: OccluderRelief, drawn: Any, top: float, ways: tuple[Sequence[float], float]
) -> None:
    """Add a part. `top` is its height in [0, 1]; `ways` are the stroke sizes and the blur."""
    drawn(relief.cover, 1.0, 255)
    (shares, blur), part = ways, np.zeros_like(relief.heights)
    for share in shares:
        drawn(part, share, int(top * 255 * np.sqrt(1 - share**2)))
    smooth = cv2.GaussianBlur(part, (0, 0), blur) if blur > SEEN else part
    np.maximum(relief.heights, smooth, out=relief.heights)


def faced(relief: OccluderRelief, box: tuple[slice, slice], light: NDArray[np.float64]) -> Lights:
    """Return the cosine in [-1, 1] between the surface's normal and the direction to a light.

    The direction is (x, y, towards the viewer).
    """
    smooth = cv2.GaussianBlur(relief.heights[box], (0, 0), 0.8)
    slope = relief.deep / 255 / 8  # Sobel's weights sum to 8
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=slope)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=slope)
    x, y, z = (np.float32(way) for way in light / np.linalg.norm(light))
    length = np.sqrt(1 + across * across + down * down)
    return np.asarray((z - x * across - y * down) / length, np.float32)


def texture(rng: np.random.Generator, side: int) -> Image:
    """Return a random piece of a noise texture: (side, side) grey from 0 to 255."""
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
    """Return a texture (side, side) of stripes in one direction, or of two woven directions."""
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
