"""On which plane is the skin texture painted, and with which tools: tint, cover, dots, strokes?

The plane is the face's surface, unrolled, with five texels per millimetre.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceswap_ae.synthetic.curves import Field, noise

TEXELS = 5.0  # per millimetre
LEFT, RIGHT, BOTTOM, TOP = -140, 140, -150, 130  # millimetres
WIDTH, HEIGHT = int((RIGHT - LEFT) * TEXELS), int((TOP - BOTTOM) * TEXELS)
SUBPIXEL = 4  # bits for the fraction of a pixel in OpenCV's drawing


class Canvas:
    """A texture in progress: albedo in sRGB, relief in millimetres, noise of three sizes."""

    def __init__(self, ground: ArrayLike, rng: np.random.Generator) -> None:
        self.rng = rng
        self.x = ((np.arange(WIDTH, dtype=np.float32) + 0.5) / TEXELS + LEFT)[None]
        self.y = (TOP - (np.arange(HEIGHT, dtype=np.float32) + 0.5) / TEXELS)[:, None]
        self.away = np.abs(self.x)
        self.albedo = np.ones((HEIGHT, WIDTH, 3), np.float32) * np.asarray(ground, np.float32)
        shape = HEIGHT, WIDTH
        self.coarse = noise(rng, shape, (5, 4), 4)
        self.middle = noise(rng, shape, (30, 22), 3)
        self.fine = noise(rng, shape, (140, 100), 2)
        self.relief = np.zeros(shape, np.float32)

    def tint(self, colour: ArrayLike, mask: Any) -> None:
        """Multiply the albedo by a colour, as far as the mask goes (0 to 1)."""
        part, inside = self._part(mask)
        if part is not None:
            change = np.asarray(colour, np.float32) - 1
            self.albedo[part] *= 1 + change * inside[..., None]

    def cover(self, colour: ArrayLike, mask: Any) -> None:
        """Blend a colour, or a picture of colours, over the albedo; the mask is its opacity."""
        part, inside = self._part(mask)
        if part is None:
            return
        paint = np.asarray(colour, np.float32)
        paint = paint[part] if paint.ndim == 3 else paint
        self.albedo[part] += (paint - self.albedo[part]) * inside[..., None]

    def dots(self, places: NDArray[Any], radius: NDArray[Any], strength: NDArray[Any]) -> Field:
        """A mask with a soft dot at each place (x, y). Radii in millimetres, strengths to 255."""
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        for (x, y), r, level in zip(texel(places), radius, strength, strict=True):
            centre = int(x * 2**SUBPIXEL), int(y * 2**SUBPIXEL)
            size = int(r * TEXELS * 2**SUBPIXEL)
            cv2.circle(mask, centre, size, int(level), -1, cv2.LINE_AA, SUBPIXEL)
        return cv2.GaussianBlur(mask, (0, 0), 1.2).astype(np.float32) / 255

    def strokes(self, places: NDArray[Any], angle: NDArray[Any], length: NDArray[Any]) -> Field:
        """A mask of fine lines (hairs) that begin at places (x, y). Lengths in texels."""
        begin = texel(places)
        end = begin + np.stack([np.cos(angle), np.sin(angle)], -1) * length[:, None]
        lines = (np.stack([begin, end], axis=1) * 2**SUBPIXEL).astype(np.int32)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.polylines(mask, list(lines), False, 255, 1, cv2.LINE_AA, SUBPIXEL)
        return mask.astype(np.float32) / 255

    def _part(self, mask: Any) -> tuple[tuple[slice, slice] | None, Field]:
        """The box outside which the mask is 0, and the mask in it. Most masks are small."""
        whole = np.broadcast_to(np.asarray(mask, np.float32), (HEIGHT, WIDTH))
        rows = np.flatnonzero(whole.max(axis=1) > 2e-3)
        columns = np.flatnonzero(whole.max(axis=0) > 2e-3)
        if not len(rows) or not len(columns):
            return None, whole
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return part, whole[part]


def texel(places: NDArray[Any]) -> NDArray[np.float64]:
    """Convert millimetres (x, y) to texels (column, row)."""
    return np.stack([(places[..., 0] - LEFT) * TEXELS, (TOP - places[..., 1]) * TEXELS], -1)
