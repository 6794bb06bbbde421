"""Meshes of heads that were put together from the head model, and pictures that go with them."""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Image, Points
from faceswap_ae.reenactment.head_model import HeadPlaces, head_model

SIDE = 128
MIDDLE = np.array([SIDE / 2, SIDE / 2, 0.0])


def turned(yaw: float = 0.0, pitch: float = 0.0) -> Doubles:
    """A rotation (3, 3) by degrees."""
    a, b = np.radians([yaw, pitch])
    sideways = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    up = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return np.asarray(sideways @ up)


def head(person: int = 0, **felt: float) -> Points:
    """A head (478, 3) in its own space. `felt`: strengths of expressions, as m0, m1 ..."""
    model = head_model()
    rng = np.random.default_rng(person)
    shape = model.mean + np.tensordot(rng.normal(0, 1, len(model.people)), model.people, 1)
    for name, strength in felt.items():
        shape = shape + strength * model.moves[int(name[1:])]
    return np.asarray(shape)


def placed(heads: Points, yaw: float = 0.0, pitch: float = 0.0, scale: float = 50.0) -> Points:
    """Heads (n, 478, 3) in pictures of SIDE pixels."""
    count = len(heads)
    turn = np.repeat(turned(yaw, pitch)[None], count, axis=0)
    shift = np.repeat(MIDDLE[None], count, axis=0)
    return HeadPlaces(np.full(count, scale), turn, shift).to_pictures(heads)


def painted(mesh: Points, side: int = SIDE) -> Image:
    """A picture with a spot of its own colour at each point of a mesh, soft."""
    rng = np.random.default_rng(1)
    image: Image = np.full((side, side, 3), 128, np.uint8)
    for x, y in mesh[:468, :2]:
        colour = tuple(int(one) for one in rng.integers(40, 255, 3))
        cv2.circle(image, (round(x), round(y)), 3, colour, -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.uint8)
