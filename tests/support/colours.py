"""Which crops of the cast, with known colours, are used to test colour transfer?"""

from collections.abc import Iterable, Sequence
from functools import cache

import cv2
import numpy as np
import pytest

from faceswap_ae.common.geometry import Doubles, Image, Mask, transform, warp
from faceswap_ae.conversion.compositing.colour_transfer import (
    COLOUR,
    ColourMethod,
    Pair,
    Picture,
    moments,
)
from faceswap_ae.conversion.compositing.temporal import smoothed
from faceswap_ae.conversion.renderer import COLOURS
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.synthetic.people import Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIDE = 64  # pixels


CHANGING = pytest.mark.parametrize("name", [name for name in COLOUR if name != "none"])


def moments_of(picture: Picture, mask: Mask) -> Doubles:
    found = moments(picture, mask)
    assert found is not None
    return found


@cache
def swap(onto: str, face: str) -> tuple[Picture, Picture, Mask]:
    """Crops of a frame and of the true swap in it, and the mask of the face."""
    frame, points = shot(alone(person(onto)))
    truth, _ = shot(hybrid(person(face), person(onto)))
    matrix = matrix_of(points, "inner", SIDE)
    before, after = (warp(image, matrix, (SIDE, SIDE)) for image in (frame, truth))
    mask = hull_mask(transform(points, matrix), (SIDE, SIDE))
    return shared(before), shared(after), shared(mask)


def shared(picture: Image) -> Picture:
    return np.asarray(picture / np.float32(255), np.float32)


def shot(who: Sitter) -> tuple[Image, Doubles]:
    frame = render(who, Act(face=80, yaw=12), Setting((144, 144)))
    return frame.image, frame.landmarks.picture.astype(np.float64)


def cast(face: Picture) -> Picture:
    """Change a face's colours as a warmer lamp and another camera would."""
    mix = np.array([[1.05, 0.1, 0.0], [0.0, 0.92, 0.05], [0.0, 0.05, 0.7]], np.float32)
    return np.asarray(cv2.transform(face, mix), np.float32).clip(0, 1)


def pooled(colour: ColourMethod, pairs: Iterable[Pair | None]) -> list[Pair | None]:
    """The colours of one face in frame after frame, pooled as in a conversion."""
    rows = ((None, {"face": pair}) for pair in pairs)

    def pool(_key: str, some: Sequence[Pair], weights: Sequence[float]) -> Pair:
        return colour.pool(some, np.array(weights))

    return [values["face"] for _, values in smoothed(rows, COLOURS, pool)]
