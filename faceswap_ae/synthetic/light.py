"""Which light falls on a synthetic scene, and which background is behind the person?"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from faceswap_ae.synthetic.curves import Field, noise, to_light


@dataclass(frozen=True)
class Light:
    """A key light, a fill light and ambient light. Angles in degrees; strengths are linear."""

    azimuth: float = -35.0
    elevation: float = 30.0
    key: float = 2.3
    warmth: float = 0.0
    fill: float = 0.55
    ambient: float = 0.62

    @property
    def direction(self) -> Field:
        a, e = np.radians([self.azimuth, self.elevation])
        return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)

    @property
    def colour(self) -> Field:
        warm = np.array([1 + 0.10 * self.warmth, 1, 1 - 0.14 * self.warmth])
        return np.asarray(self.key * warm, np.float32)

    @property
    def sky(self) -> Field:
        return self.ambient * np.array([0.96, 0.98, 1.04], np.float32)

    @property
    def ground(self) -> Field:
        return 0.48 * self.ambient * np.array([1.05, 0.97, 0.88], np.float32)


LIGHTS = {
    "soft": Light(fill=0.8, key=1.9, ambient=0.75),
    "left": Light(azimuth=-45),
    "right": Light(azimuth=40, elevation=25),
    "warm": Light(azimuth=30, warmth=1.0, ambient=0.5),
    "top": Light(azimuth=-10, elevation=55, fill=0.7),
    "dim": Light(key=1.6, fill=0.4, ambient=0.45),
}


def background(seed: int, size: tuple[int, int]) -> Field:
    """A random blurred room in linear light, (height, width, 3)."""
    rng, (width, height) = np.random.default_rng([4000, seed]), size
    corners: Any = 0.55 * rng.uniform(0.12, 0.62, (2, 2, 3)) + 0.5 * rng.uniform(0.2, 0.5, 3)
    image = cv2.resize(corners.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    extent = max(size)
    for _ in range(9):
        over = image.copy()
        base = corners.reshape(-1, 3)[rng.integers(4)]
        colour = np.clip(base * rng.uniform(0.5, 1.6, 3), 0, 1).tolist()
        x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        if rng.random() < 0.55:
            reach = (rng.uniform((0.05, 0.2), (0.3, 0.7)) * extent).astype(int)
            cv2.rectangle(over, (x, y), (x + int(reach[0]), y + int(reach[1])), colour, -1)
        else:
            radius = int(rng.uniform(0.03, 0.10) * extent)
            cv2.circle(over, (x, y), radius, colour, -1, cv2.LINE_AA)
        share = rng.uniform(0.25, 0.7)
        image = image * (1 - share) + over * share
    image = cv2.GaussianBlur(image, (0, 0), 0.022 * extent)
    grey = image.mean(axis=-1, keepdims=True)
    image = grey + 0.55 * (image - grey) + 0.01 * noise(rng, (height, width), (8, 8), 2)[..., None]
    return to_light(np.clip(image, 0, 1))
