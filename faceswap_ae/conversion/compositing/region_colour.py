"""Which colours of the frame does each region of a face take (colour transfer by region)?

    measure(face, frame) -> pool over neighbouring frames -> apply(face)

The skin takes the colours of the skin in the frame. They are measured on the middle of the face,
where there is no beard and no eye. Eyes and teeth are white in every person, so they take only the
light, which is measured on the eyes in the frame. So white stays white when the face becomes
darker, and a beard in the frame does not darken the new face.

How white an eye really is decides how much it counts: an eye may be shut, and show skin instead.
The same is asked of the new face, of its eyes and of its mouth: where the network shows a lid or
lips, though the landmarks lie open, they stay skin. Otherwise lids would glow and lips get a bar.
"""

from collections.abc import Mapping, Sequence
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
SOFT = 0.01  # of the crop's side: how soft the edge of eyes and teeth is
# Openings (height by width) at which nothing of eye or teeth is visible, and all of it.
SHUT_EYE, SHUT_MOUTH = (0.12, 0.2), (0.06, 0.15)
ENOUGH = 0.3  # share of the neighbouring frames that must show an eye's white for full effect

Pairs = Mapping[str, Pair | None]

FEWEST = 12  # pixels of an eye: with fewer it is too small to measure
BLUNT = 0.005  # of the crop's side: blur of the picture in which eyes are measured
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# The ratio of blue to red, where that of the skin is 1: the value at which it is not the white of
# an eye, and the value at which it surely is. For a network's soft picture, and for a filmed one.
PAINTED, FILMED = (0.98, 1.06), (1.05, 1.2)
SURE = 127  # of 255: a pixel that counts as inside
WHITER = 2.5  # the greatest factor between the light of whites and that of the skin
BRIGHTEST = 1.05  # of the frame's whites: the most that whites are brightened to
EPS = 1e-6
UNKNOWN: Pair = np.zeros((2, 2, 3))


@dataclass(frozen=True, eq=False)
class ColourSample:
    """A picture of a face, its landmarks in pixels, and the mask of the visible face."""

    picture: Picture  # (s, s, 3)
    points: Points  # (68, 2)
    mask: Mask  # (s, s)


@dataclass(frozen=True)
class RegionColours:
    """Colour transfer to a face, with one method for its skin and one for eyes and teeth."""

    name: str  # of the method for the skin
    amount: float = 1.0

    @property
    def kinds(self) -> dict[str, ColourMethod]:
        """The kinds of regions that are measured, each with its method."""
        none = self.name == "none" or self.amount == 0
        return {} if none else {SKIN: COLOUR[self.name], WHITE: WHITES}

    def measure(self, face: ColourSample, frame: ColourSample) -> Pairs:
        """Measure the colours of the face and of the frame, by kind of region."""
        if not self.kinds:
            return {}
        way, pictures = COLOUR[self.name], (face.picture, frame.picture)
        middles, eyes = (_skin(face), _skin(frame)), (_eyes(face), _eyes(frame))
        skin = measure_colours(way, *pictures, *middles)
        if skin is None:  # a hand covers the middle, or the face is turned far away
            skin = measure_colours(way, *pictures, face.mask, frame.mask)
        white = measure_colours(WHITES, *pictures, *eyes)
        plain = measure_colours(COLOUR["average"], *pictures, *middles)
        return {SKIN: skin, WHITE: weighed(white, plain)}

    def apply(self, face: Picture, points: Points, pairs: Pairs) -> Picture:
        """Return the face in the colours of the frame; `points` are its landmarks."""
        result, white = face, pairs.get(WHITE)
        if (skin := pairs.get(SKIN)) is not None:
            result = recolour(COLOUR[self.name], face, skin, self.amount)
        if white is None or not known(white):
            return result
        bright = _bright(face, points)
        soft = np.asarray(cv2.GaussianBlur(bright, (0, 0), SOFT * len(face)), np.float32)
        if not soft.any():
            return result
        here = _around(soft)
        level = COLOUR[self.name].level
        if level is not None and skin is not None:
            factor = _whiter(white, [level(one) for one in skin], self.amount)
            # Whites in a strong light of their own must not shine more than the frame's.
            most = np.maximum(result[here], (BRIGHTEST * _level(white[1])).astype(np.float32))
            apart = np.clip(result[here] * factor, 0, np.minimum(most, 1))
        else:
            apart = recolour(WHITES, face[here], white, self.amount)
        share = np.float32(min(known(white) / ENOUGH, 1)) * soft[here][..., None]
        result = result.copy()
        result[here] += (apart - result[here]) * share
        return result


def _whiter(whites: Pair, skins: Sequence[Doubles], amount: float) -> np.float32:
    """Return the factor from a white in the light of the skin to one in the frame's light.

    A darker skin makes no darker eyes. Their hue is that of the light, which the skin has too.
    """
    of, to = (float(LUMA @ _level(one)) for one in whites)
    of_skin, to_skin = (float(LUMA @ one) for one in skins)
    factor = max(to, EPS) / max(of, EPS) / (to_skin / max(of_skin, EPS))
    return np.float32(1 + amount * (np.clip(factor, 1 / WHITER, WHITER) - 1))


def _level(white: Statistics) -> Doubles:
    """Return the colour (3,) of a measured white."""
    return np.asarray(white[0] / max(float(white[1, 0]), EPS))


def _skin(one: ColourSample) -> Mask:
    side = one.picture.shape[0]
    return np.minimum(one.mask, _shares(middle_mask(one.points, (side, side))))


def _eyes(one: ColourSample) -> Mask:
    side = one.picture.shape[0]
    return np.minimum(one.mask, _shares(np.maximum(*eye_masks(one.points, (side, side), lids=0))))


def _bright(face: Picture, points: Points) -> Mask:
    """Return a mask of the eyes and of the part between the lips.

    It is weaker if they are less open, and if the face shows less white there.
    """
    side = face.shape[0]
    parts = (*eye_masks(points, (side, side), lids=0), between_lips(points, (side, side)))
    shut = (SHUT_EYE, SHUT_EYE, SHUT_MOUTH)
    outlines = (*(points[eye] for eye in EYES), points[INSIDE])
    opened = [
        float(np.interp(opening(outline), ends, (0, 1)))
        for outline, ends in zip(outlines, shut, strict=True)
    ]
    if not any(opened):
        return np.zeros((side, side), np.float32)
    left, right, mouth = (_shares(part) for part in parts)
    skin = _skin_mean(face, points)
    # Of both eyes the whiter one counts: light from the side makes the other one red.
    eyes = max(_shown(face, part, skin, PAINTED) for part in (left, right))
    shown = (eyes, eyes, _shown(face, mouth, skin, FILMED))  # lips are paler than lids
    drawn = [
        part * np.float32(share * white_share)
        for part, share, white_share in zip((left, right, mouth), opened, shown, strict=True)
    ]
    return np.asarray(np.maximum.reduce(drawn), np.float32)


def _shown(face: Picture, part: Mask, skin: Doubles | None, ends: tuple[float, float]) -> float:
    """Return how surely a part of the face shows something white, 0 to 1, beside its skin."""
    found = white(face, part)
    return 0.0 if found is None or skin is None else _sure(found[0], skin, ends)


def _skin_mean(face: Picture, points: Points) -> Doubles | None:
    """Return the mean colour of the middle of the face, where there is skin in every person."""
    inside = middle_mask(points, face.shape[:2]) > SURE
    return face[inside].mean(axis=0, dtype=np.float64) if inside.any() else None


def _around(mask: Picture) -> tuple[slice, slice]:
    """Return the rectangle (rows, columns) in which the mask is not 0."""
    x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def _shares(mask: Image) -> Mask:
    return mask * np.float32(1 / 255)


def white(picture: Picture, mask: Mask) -> Statistics | None:
    """Return (2, 3): the mean of an eye's brightest fifth, and ones as the weight of a sure white.

    Return None if the mask shows too few pixels of an eye.
    """
    seen = mask.reshape(picture.shape[:2]) > 0.5
    if np.count_nonzero(seen) < FEWEST:
        return None
    # A network's whites are softer than the frame's, and a soft peak is lower. So both are blurred.
    values = cv2.GaussianBlur(picture, (0, 0), BLUNT * len(picture))[seen]
    order = np.argsort(values @ LUMA)
    mean = values[order[-len(values) // 5 :]].mean(axis=0, dtype=np.float64)
    return np.stack([mean, np.ones(3)])


def in_its_light(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Scale a face so that its white gets the brightness and the hue of the frame's white."""
    means = [one[:1] / np.maximum(one[1:], EPS) for one in (of, to)]
    return face * ratio(*means).astype(np.float32)


WHITES = ColourMethod(white, in_its_light)


def weighed(whites: Pair | None, skins: Pair | None) -> Pair:
    """Return the pair of the eyes' whites, weighted by how much whiter than the skin they are."""
    if whites is None or skins is None:
        return UNKNOWN
    return min(map(_sure, whites[:, 0], skins[:, 0], (PAINTED, FILMED))) * whites


def known(whites: Pair) -> float:
    """Return the weight of a pair of whites: 0 (unknown) to 1 (surely white)."""
    return float(whites[0, 1, 0])


def _sure(eye: Doubles, skin: Doubles, ends: tuple[float, float]) -> float:
    """Return how surely it is the white of an eye, 0 to 1, and not the lid of a shut eye.

    In any light, skin is redder than white.
    """
    red, _, blue = np.maximum(eye, EPS) / np.maximum(skin, EPS)
    return float(np.interp(blue / red, ends, (0, 1)))
