"""Which parts of a face take which colours of the frame's?

    measure(face, frame) -> pooled over the frames around -> apply(face)

Skin takes the frame's skin; what tells is the middle of the face, where there is no beard, and no
eye. Eyes and teeth are white in everybody: they take the light only, which the frame's own eyes
tell. So white stays white on a face that becomes darker, and a beard darkens nobody else's face.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Image, Mask, Points
from faceswap_ae.conversion.compositing.colour_transfer import (
    COLOUR,
    ColourMethod,
    Pair,
    Picture,
    Statistics,
    measure_colours,
    ratio,
    recolour,
)
from faceswap_ae.faces.landmark_masks import (
    EYES,
    INSIDE,
    between_lips,
    eye_masks,
    middle_mask,
    opening,
)

SKIN, WHITE = "skin", "white"
SOFT = 0.01  # of the crop's side: the edge of eyes and teeth
SHUT_EYE, SHUT_MOUTH = (0.12, 0.2), (0.06, 0.15)  # openings: nothing to be seen, and all of it
ENOUGH = 0.3  # of the frames around, that have to show an eye's white for it to count in full

Pairs = Mapping[str, Pair | None]


@dataclass(frozen=True, eq=False)
class ColourSample:
    """A picture of a face, the landmarks in its pixels, and where the face shows."""

    picture: Picture  # (s, s, 3)
    points: Points  # (68, 2)
    mask: Mask  # (s, s)


@dataclass(frozen=True)
class RegionColours:
    """How a face's colours become those of its place."""

    name: str  # of a method for the skin
    amount: float = 1.0

    @property
    def kinds(self) -> dict[str, ColourMethod]:
        """What is measured, each with its own way."""
        none = self.name == "none" or self.amount == 0
        return {} if none else {SKIN: COLOUR[self.name], WHITE: WHITES}

    def measure(self, face: ColourSample, frame: ColourSample) -> Pairs:
        """What a face has and what its place has, by kind."""
        if not self.kinds:
            return {}
        way, pictures = COLOUR[self.name], (face.picture, frame.picture)
        middles, eyes = (_skin(face), _skin(frame)), (_eyes(face), _eyes(frame))
        skin = measure_colours(way, *pictures, *middles)
        if skin is None:  # a hand before the middle, or a face turned far away
            skin = measure_colours(way, *pictures, face.mask, frame.mask)
        white = measure_colours(WHITES, *pictures, *eyes)
        plain = measure_colours(COLOUR["average"], *pictures, *middles)
        return {SKIN: skin, WHITE: weighed(white, plain)}

    def apply(self, face: Picture, points: Points, pairs: Pairs) -> Picture:
        """A face in its place's colours."""
        result, white = face, pairs.get(WHITE)
        if (skin := pairs.get(SKIN)) is not None:
            result = recolour(COLOUR[self.name], face, skin, self.amount)
        if white is None or not known(white):
            return result
        bright = _bright(points, face.shape[0])
        soft = np.asarray(cv2.GaussianBlur(bright, (0, 0), SOFT * len(face)), np.float32)
        if not soft.any():
            return result
        here = _around(soft)
        apart = recolour(WHITES, face[here], white, self.amount)
        share = np.float32(min(known(white) / ENOUGH, 1)) * soft[here][..., None]
        result = result.copy()
        result[here] += (apart - result[here]) * share
        return result


def _skin(one: ColourSample) -> Mask:
    side = one.picture.shape[0]
    return np.minimum(one.mask, _shares(middle_mask(one.points, (side, side))))


def _eyes(one: ColourSample) -> Mask:
    side = one.picture.shape[0]
    return np.minimum(one.mask, _shares(np.maximum(*eye_masks(one.points, (side, side), lids=0))))


def _bright(points: Points, side: int) -> Mask:
    """Eyes and what is between the lips, as far as they are open."""
    parts = (*eye_masks(points, (side, side), lids=0), between_lips(points, (side, side)))
    shut = (SHUT_EYE, SHUT_EYE, SHUT_MOUTH)
    outlines = (*(points[eye] for eye in EYES), points[INSIDE])
    drawn = [
        _shares(part) * np.float32(np.interp(opening(outline), ends, (0, 1)))
        for part, outline, ends in zip(parts, outlines, shut, strict=True)
    ]
    return np.asarray(np.maximum.reduce(drawn), np.float32)


def _around(mask: Picture) -> tuple[slice, slice]:
    """The rectangle in which it is not 0."""
    x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def _shares(mask: Image) -> Mask:
    return mask * np.float32(1 / 255)


FEWEST = 12  # pixels of an eye, below which it is too small to tell


BLUNT = 0.005  # of the crop's side: how much softer eyes are looked at


LUMA = np.array([0.299, 0.587, 0.114], np.float32)


# Blue by red, the skin's being 1: no white of an eye, and surely one; softly painted, and filmed.
PAINTED, FILMED = (0.98, 1.06), (1.05, 1.2)


EPS = 1e-6


UNKNOWN: Pair = np.zeros((2, 2, 3))


def white(picture: Picture, mask: Mask) -> Statistics | None:
    """(2, 3): the mean of an eye's brightest fifth, and ones: as if it were surely white."""
    seen = mask.reshape(picture.shape[:2]) > 0.5
    if np.count_nonzero(seen) < FEWEST:
        return None
    # A network's whites are softer than the frame's, and a soft peak is lower.
    values = cv2.GaussianBlur(picture, (0, 0), BLUNT * len(picture))[seen]
    order = np.argsort(values @ LUMA)
    mean = values[order[-len(values) // 5 :]].mean(axis=0, dtype=np.float64)
    return np.stack([mean, np.ones(3)])


def in_its_light(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """White as bright as the frame's, and in its hue."""
    means = [one[:1] / np.maximum(one[1:], EPS) for one in (of, to)]
    return face * ratio(*means).astype(np.float32)


WHITES = ColourMethod(white, in_its_light)


def weighed(whites: Pair | None, skins: Pair | None) -> Pair:
    """What was measured in eyes, counting as far as it is whiter than the skin."""
    if whites is None or skins is None:
        return UNKNOWN
    return min(map(_sure, whites[:, 0], skins[:, 0], (PAINTED, FILMED))) * whites


def known(whites: Pair) -> float:
    """How surely it is white: 0 to 1."""
    return float(whites[0, 1, 0])


def _sure(eye: Doubles, skin: Doubles, ends: tuple[float, float]) -> float:
    """Is it the white of an eye, or a shut one's lid? In any light skin is redder than white."""
    red, _, blue = np.maximum(eye, EPS) / np.maximum(skin, EPS)
    return float(np.interp(blue / red, ends, (0, 1)))
