"""Which mathematical functions build a synthetic face: steps, Gaussians, splines, noise, sRGB?"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Field = NDArray[Any]  # a value for each point of a grid; float32 in all drawing

TONES, BRIGHTEST = 16_384, 4.0  # the table from linear light to sRGB: entries, largest light


def step(low: ArrayLike, high: ArrayLike, x: ArrayLike) -> Any:
    """A smooth step: 0 at `low`, 1 at `high`. `low` may be larger than `high`."""
    t = np.clip((np.asarray(x) - low) / (np.asarray(high) - low), 0, 1)
    return t * t * (3 - 2 * t)


def bell(x: ArrayLike, width: ArrayLike) -> Any:
    """A Gaussian bell: 1 at x = 0, with the standard deviation `width`."""
    return np.exp(-0.5 * (np.asarray(x) / width) ** 2)


def bell2(x: ArrayLike, y: ArrayLike, at: ArrayLike, width: ArrayLike, turn: float = 0.0) -> Any:
    """A Gaussian bell in the plane: centre `at`, `width` along two axes, turned by radians."""
    (cx, cy), (sx, sy) = np.asarray(at, float), np.asarray(width, float)
    dx, dy = np.asarray(x) - cx, np.asarray(y) - cy
    if turn:
        cos, sin = np.cos(turn), np.sin(turn)
        dx, dy = cos * dx + sin * dy, cos * dy - sin * dx
    return np.exp(-0.5 * ((dx / sx) ** 2 + (dy / sy) ** 2))


def larger(a: ArrayLike, b: ArrayLike, softness: float) -> Any:
    """The larger of two surfaces (maximum), smoothed within `softness` where they meet."""
    high, low = np.asarray(a), np.asarray(b)
    h = np.clip(0.5 + 0.5 * (high - low) / softness, 0, 1)
    return low + (high - low) * h + softness * h * (1 - h)


def spline(knots: ArrayLike, values: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Evaluate a natural cubic spline through the rows of `values`."""
    x, y, t = np.asarray(knots, float), np.asarray(values, float), np.asarray(at, float)
    gap = np.diff(x)
    system, right = np.eye(len(x)), np.zeros_like(y)
    for k in range(1, len(x) - 1):
        system[k, k - 1 : k + 2] = gap[k - 1], 2 * (gap[k - 1] + gap[k]), gap[k]
        right[k] = 6 * ((y[k + 1] - y[k]) / gap[k] - (y[k] - y[k - 1]) / gap[k - 1])
    bend = np.linalg.solve(system, right)
    i = np.clip(np.searchsorted(x, t, side="right") - 1, 0, len(x) - 2)
    h, after, before = (part[:, None] for part in (gap[i], t - x[i], x[i + 1] - t))
    cubic = (bend[i] * before**3 + bend[i + 1] * after**3) / (6 * h)
    low, high = y[i] / h - bend[i] * h / 6, y[i + 1] / h - bend[i + 1] * h / 6
    return np.asarray(cubic + low * before + high * after)


def monotone(knots: ArrayLike, values: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Evaluate a cubic spline that never overshoots its values (Fritsch and Carlson 1980)."""
    x, y = np.asarray(knots, float), np.asarray(values, float)
    h, slope = np.diff(x), np.diff(y) / np.diff(x)
    same = slope[:-1] * slope[1:] > 0
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    safe = np.where(same, slope[:-1], 1), np.where(same, slope[1:], 1)
    inner = np.where(same, (w1 + w2) / (w1 / safe[0] + w2 / safe[1]), 0)
    m = np.concatenate([slope[:1], inner, slope[-1:]])
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    t = np.clip((np.asarray(at) - x[i]) / h[i], 0, 1)
    rise = (3 * t**2 - 2 * t**3) * (y[i + 1] - y[i])
    lean = (t**3 - 2 * t**2 + t) * h[i] * m[i] + (t**3 - t**2) * h[i] * m[i + 1]
    return np.asarray(y[i] + rise + lean)


def noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int], octaves: int
) -> Field:
    """Smooth value noise, about -1 to 1; `cells` are the (rows, columns) of its coarsest layer."""
    total, weight, sum_of_weights = np.zeros(shape, np.float32), 1.0, 0.0
    rows, columns = cells
    for _ in range(octaves):
        grid = rng.standard_normal((rows + 3, columns + 3)).astype(np.float32)
        layer = cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
        total += np.float32(weight) * layer
        sum_of_weights += weight
        weight, rows, columns = weight / 2, rows * 2, columns * 2
        if rows > shape[0] or columns > shape[1]:
            break
    return total / np.float32(sum_of_weights)


def to_light(colour: ArrayLike) -> Field:
    """Convert sRGB in [0, 1] to linear light."""
    c = np.asarray(colour, np.float32)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _displayed() -> Field:
    """The table of sRGB values in [0, 1] for linear light from 0 to BRIGHTEST."""
    light = np.linspace(0, BRIGHTEST, TONES)
    pressed = light / (1 + np.clip(light - 0.75, 0, 4) * 0.55)
    root = 1.055 * np.maximum(pressed, 1e-6) ** (1 / 2.4) - 0.055
    coded = np.where(pressed <= 0.0031308, pressed * 12.92, root)
    return np.clip(coded, 0, 1).astype(np.float32)


def to_display(light: Field) -> Field:
    """Convert linear light to sRGB in [0, 1]. Light above .75 is compressed (roll-off)."""
    place = np.clip(light * np.float32((TONES - 1) / BRIGHTEST), 0, TONES - 1)
    return _displayed()[(place + np.float32(0.5)).astype(np.int32)]
