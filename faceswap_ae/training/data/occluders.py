"""How is an artificial occluder (hand, rod, lump, board) put in front of a training face?

All occluders are drawn by code; none comes from photos. Only the network's input contains them. The
target does not, and the target mask is cut where an occluder is. Lengths are in units of the
face's size.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.training.data.occluder_shapes import (
    Lights,
    OccluderRelief,
    Place,
    faced,
    flat,
    solid,
    stripes,
    stroke,
    texture,
)

# Skin colours from light to dark, in sRGB.
SKINS = np.array([(240, 205, 180), (226, 175, 145), (190, 135, 100), (130, 85, 60), (75, 48, 36)])
OWN_SKIN = 0.6  # probability that a hand has the skin colour of the face
ON_SKIN = np.array([27, 28, 29, 30, 31, 35])  # landmarks that are surrounded by skin
SHADOW = 0.45  # share of the light that an occluder's shadow takes away, at most
BASE = 110.0  # of 255: the mean level of a picture whose brightness needs no correction
SHADE = 0.45  # share of the light that reaches a surface which faces away from it

Colour = NDArray[np.float64]  # (3,) from 0 to 255


@dataclass(frozen=True, eq=False)
class OccludedFace:
    """The picture that gets an occluder, and the landmarks of its face."""

    image: Image  # (s, s, 3)
    landmarks: Points  # (68, 2) in pixels of the image

    @property
    def side(self) -> int:
        return int(self.image.shape[0])

    @property
    def face(self) -> float:
        """The face's size in pixels: temple to temple or brow to chin, whichever is larger."""
        return float(np.ptp(self.landmarks, axis=0).max())

    @property
    def light(self) -> float:
        """The picture's brightness relative to the usual one, which is 1."""
        return float(np.clip(self.image[::4, ::4].mean() / BASE, 0.3, 1.5))


@dataclass(frozen=True, eq=False)
class Occluder:
    """A shape and its surface: a texture between its darkest and its lightest colour."""

    relief: OccluderRelief
    dark: Colour
    light: Colour
    surface: Image  # (s, s): 0 is dark, 255 is light


def add_occluder(scene: OccludedFace, rng: np.random.Generator) -> tuple[Image, Image]:
    """Return the picture with a random occluder, and the occluder's cover (s, s) of 0 to 255."""
    make = MAKERS[rng.choice(len(MAKERS), p=SHARES)]
    thing = make(scene, rng)
    blur = max(0.3, scene.side * rng.uniform(0.002, 0.007))
    cover = np.asarray(cv2.GaussianBlur(thing.relief.cover, (0, 0), blur), np.uint8)
    far = scene.face * rng.uniform(-0.07, 0.07, 2), scene.face * rng.uniform(0.01, 0.06)
    left = 1 - np.float32(rng.uniform(0, SHADOW)) * _cast(cover, *far)
    angle, height = rng.uniform(0, np.pi), rng.uniform(0.5, 1.2)
    light = np.array([np.cos(angle), -np.sin(angle), height])
    box = _box(cover, scene.face)
    share = cover[box] * np.float32(1 / 255)
    weights = 255 * left[box] * (1 - share), _level(thing.relief, box, light) * cover[box]
    layers = scene.image[box], _coloured(thing, scene.light)[box]
    seen, hiding = (_weighted(*both) for both in zip(layers, weights, strict=True))
    image = scene.image.copy()
    image[box] = cv2.add(seen, hiding)
    return image, cover


def _weighted(image: Image, weight: Lights) -> Image:
    """Multiply an image (h, w, 3) by a weight (h, w) of 0 to 255, where 255 means 1."""
    share = weight.astype(np.uint8)
    return np.asarray(cv2.multiply(image, cv2.merge((share,) * 3), scale=1 / 255), np.uint8)


def _cast(cover: Image, far: Place, soft: float) -> Lights:
    """Return the shadow (s, s) in [0, 1]: the cover shifted by `far` and blurred by `soft` px."""
    across = np.array([[1.0, 0.0, far[0]], [0.0, 1.0, far[1]]])
    shifted, wide = cv2.warpAffine(cover, across, cover.shape), 1 + 2 * int(soft)
    return cv2.blur(shifted, (wide, wide)) * np.float32(1 / 255)


def _box(cover: Image, face: float) -> tuple[slice, slice]:
    """Return the rows and columns that an occluder and its shadow can reach."""
    left, top, width, height = cv2.boundingRect(cover)
    far = int(0.14 * face) + 1
    rows, columns = slice(max(0, top - far), top + height + far), left + width + far
    return rows, slice(max(0, left - far), columns)


def _level(relief: OccluderRelief, box: tuple[slice, slice], light: Colour) -> Lights:
    """Return how much light each pixel of the occluder reflects in a box, in [0, 1]."""
    return np.float32(SHADE) + np.float32(1 - SHADE) * np.maximum(faced(relief, box, light), 0)


def _coloured(thing: Occluder, level: float) -> Image:
    """Return the occluder's surface (s, s, 3) in colour, at this brightness of the scene."""
    steps = np.linspace(thing.dark * level, thing.light * level, 256)
    # The channels are limited together: limited one by one, bright colours would change their hue.
    table = (steps * min(1.0, 255 / max(steps.max(), 1.0))).astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge((thing.surface,) * 3), table[None]), np.uint8)


def _hand(scene: OccludedFace, rng: np.random.Generator) -> Occluder:
    """Make a hand that reaches into the picture; its fingers bend at two joints."""
    size = scene.face * rng.uniform(0.6, 0.95)
    way = _turned(rng.uniform(-0.8, 0.8) * np.pi)  # mostly from below
    side = np.array([-way[1], way[0]]) * rng.choice((-1, 1))
    wrist, axes = _before(scene, rng) - 0.5 * size * way, np.stack([side, way]) * size

    def at(*places: tuple[float, float]) -> Points:
        """Convert places (across, along the hand from the wrist, in hand sizes) to pixels."""
        return wrist + np.array(places) @ axes

    relief = flat(scene.side, 0.1 * size)
    stroke(relief, list(at((0, -4), (0, 0.05))), 0.14 * size)
    palm = (-0.15, -0.03), (0.13, -0.03), (0.21, 0.2), (0.19, 0.44), (0, 0.48), (-0.2, 0.42)
    solid(relief, at(*palm), 0.1 * size)
    spread, curl = rng.uniform(0.02, 0.14), rng.uniform(-0.2, 0.2)
    for number, long in enumerate((0.36, 0.42, 0.4, 0.3)):
        across = number / 1.5 - 1
        bend = spread * across, curl + rng.normal(0, 0.08)
        joints = _finger((0.145 * across, 0.38), long, bend)
        stroke(relief, list(at(*joints)), (0.056 - 0.006 * abs(across)) * size)
    out = rng.uniform(0.3, 0.42)
    stroke(relief, list(at((0.1, 0.12), (out - 0.06, 0.27), (out, 0.42))), 0.06 * size)
    return Occluder(relief, *_skin(scene, rng), texture(rng, scene.side))


def _finger(
    begin: tuple[float, float], long: float, bend: tuple[float, float]
) -> list[tuple[float, float]]:
    points, angle = [begin], bend[0]
    for share in (0.45, 0.31, 0.24):
        x, y = points[-1]
        points.append((x + share * long * np.sin(angle), y + share * long * np.cos(angle)))
        angle += bend[1]
    return points


def _rod(scene: OccludedFace, rng: np.random.Generator) -> Occluder:
    """Make a stick, cable, strap or microphone that crosses the picture or ends in it."""
    way, place = _turned(rng.uniform(-1, 1) * np.pi), _before(scene, rng)
    through, thick = rng.random() < 0.5, scene.face * np.exp(rng.uniform(np.log(0.015), -2.3))
    head = 0.0 if through or rng.random() < 0.4 else thick * rng.uniform(1.3, 2.2)
    relief = flat(scene.side, max(thick, head))
    end = place + (3 * scene.face if through else 0.0) * way
    stroke(relief, [place - 3 * scene.face * way, end], thick)
    if head:
        stroke(relief, [place, place + 0.6 * head * way], head)
    return Occluder(relief, *_paint(rng), _surface(rng, scene.side))


def _lump(scene: OccludedFace, rng: np.random.Generator) -> Occluder:
    """Make an object with a wavy outline, like fruit, fur, a scarf or leaves."""
    around = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    waves = np.arange(1, 7)[:, None]
    sizes = rng.normal(0, rng.uniform(0.05, 0.3), (6, 1)) / waves
    wavy = 1 + (sizes * np.cos(waves * around + rng.uniform(0, 2 * np.pi, (6, 1)))).sum(axis=0)
    radius = scene.face * rng.uniform(0.12, 0.3)
    circle = np.stack([np.cos(around), rng.uniform(0.5, 1) * np.sin(around)], axis=1)
    outline = circle * radius * np.clip(wavy, 0.3, 1.7)[:, None]
    relief = flat(scene.side, radius)
    thick = radius * rng.uniform(0.3, 0.8)
    solid(relief, outline @ _rotation(rng) + _before(scene, rng), thick)
    return Occluder(relief, *_paint(rng), _surface(rng, scene.side))


def _board(scene: OccludedFace, rng: np.random.Generator) -> Occluder:
    """Make a flat object with corners, like a telephone, a book or a sheet of paper."""
    half = scene.face * np.array([rng.uniform(0.12, 0.28), rng.uniform(0.15, 0.4)])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners += rng.normal(0, 0.02 * scene.face, (4, 2))
    relief = flat(scene.side, 0.02 * scene.face)
    place = corners @ _rotation(rng) + _before(scene, rng)
    solid(relief, place, 0.02 * scene.face, edged=True)
    return Occluder(relief, *_paint(rng), _surface(rng, scene.side))


MAKERS: tuple[Callable[[OccludedFace, np.random.Generator], Occluder], ...] = (
    _hand,
    _rod,
    _lump,
    _board,
)
SHARES = (0.4, 0.2, 0.25, 0.15)


def _before(scene: OccludedFace, rng: np.random.Generator) -> Place:
    """Return a random place on the face, more often near its edge, where real objects are."""
    centre = scene.landmarks.mean(axis=0)
    edge = scene.landmarks[rng.integers(17)]  # of the jaw
    if rng.random() < 0.4:
        edge = 2 * centre - edge  # or the opposite side: brow and forehead
    return np.asarray(centre + rng.uniform(0.3, 1.0) * (edge - centre))


def _turned(angle: float) -> Place:
    """Return the unit vector that points up, turned clockwise by an angle in radians."""
    return np.array([np.sin(angle), -np.cos(angle)])


def _rotation(rng: np.random.Generator) -> Points:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _skin(scene: OccludedFace, rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Return a dark and a light skin colour: those of the face, or of a random person."""
    x, y = scene.landmarks[ON_SKIN].round().astype(int).clip(0, scene.side - 1).T
    own = np.median(scene.image[y, x].astype(np.float64), axis=0) / scene.light
    tone, share = rng.integers(len(SKINS) - 1), rng.random()
    other = SKINS[tone] + share * (SKINS[tone + 1] - SKINS[tone])
    skin = (own if rng.random() < OWN_SKIN else other) * rng.uniform(0.9, 1.2)
    return skin * (0.9, 0.85, 0.83), 1.1 * skin


def _paint(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Return a dark and a light colour of one object: often grey, seldom strongly coloured."""
    hue, strong = rng.uniform(0, 2 * np.pi), rng.beta(1, 3)
    tint = 1 + strong * np.cos(hue + np.array([0.0, 2.1, 4.2]))
    colour = rng.uniform(25, 245) * tint / tint.max()
    contrast = rng.uniform(0.05, 0.6)
    return colour * (1 - contrast), np.minimum(colour * (1 + contrast), 255)


def _surface(rng: np.random.Generator, side: int) -> Image:
    return stripes(rng, side) if rng.random() < 0.2 else texture(rng, side)
