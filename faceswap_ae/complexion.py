"""Which parts of a face take which colours of the frame's?

    measured(face, frame, mask) -> pooled over the frames around -> coloured(face)

Skin takes the frame's skin; what tells is the middle of the face, where there is no beard, and no
eye. Eyes and teeth are white in everybody: they take the light only, which the frame's own eyes
tell. So white stays white on a face that becomes darker, and a beard darkens nobody else's face.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from faceswap_ae.colour import COLOUR, WHITES, Colour, Mask, Pair, Picture, measured, recoloured
from faceswap_ae.geometry import Image, Points
from faceswap_ae.hull import between_lips, eye_masks, middle_mask

SOFT = 0.01  # of the crop's side: the edge of eyes and teeth
SKIN, WHITE = "skin", "white"

Pairs = Mapping[str, Pair | None]


@dataclass(frozen=True)
class Complexion:
    """How a face's colours become those of its place."""

    name: str  # of a method for the skin
    amount: float = 1.0

    @property
    def kinds(self) -> dict[str, Colour]:
        """What is measured, each with its own way."""
        none = self.name == "none" or self.amount == 0
        return {} if none else {SKIN: COLOUR[self.name], WHITE: WHITES}

    def measured(self, face: Picture, frame: Picture, mask: Mask, points: Points) -> Pairs:
        """What a face has and what its place has, by kind; landmarks in the crop's pixels."""
        size = (face.shape[1], face.shape[0])
        seen = {
            SKIN: np.minimum(mask, _shares(middle_mask(points, size))),
            WHITE: np.minimum(mask, _shares(np.maximum(*eye_masks(points, size, lids=0)))),
        }
        found = {kind: measured(way, face, frame, seen[kind]) for kind, way in self.kinds.items()}
        if SKIN in found and found[SKIN] is None:  # a hand over the middle, or a face turned away
            found[SKIN] = measured(COLOUR[self.name], face, frame, mask)
        return found

    def coloured(self, face: Picture, points: Points, pairs: Pairs) -> Picture:
        """A face in its place's colours."""
        result, white = face, pairs.get(WHITE)
        if (skin := pairs.get(SKIN)) is not None:
            result = recoloured(COLOUR[self.name], face, skin, self.amount)
        if white is None:
            return result
        size = (face.shape[1], face.shape[0])
        parts = np.maximum(np.maximum(*eye_masks(points, size, lids=0)), between_lips(points, size))
        soft = cv2.GaussianBlur(_shares(parts), (0, 0), SOFT * size[0])[..., None]
        return result + (recoloured(WHITES, face, white, self.amount) - result) * soft


def _shares(mask: Image) -> Mask:
    return mask * np.float32(1 / 255)
