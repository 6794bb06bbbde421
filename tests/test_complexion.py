"""Skin takes the colours of skin, and white stays white."""

import numpy as np
import pytest

from faceswap_ae.align import matrix_of
from faceswap_ae.colour import COLOUR, Mask, Picture, measured, recoloured
from faceswap_ae.complexion import SKIN, WHITE, Complexion
from faceswap_ae.geometry import Points, transform, warp
from faceswap_ae.hull import eye_masks, hull_mask
from faceswap_ae.synthetic.people import Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.test_colour import CHANGING, shared

SIDE = 96
SIZE = (SIDE, SIDE)
LEVEL = 1 / 255


def crop(who: Sitter) -> tuple[Picture, Mask, Points]:
    """A face, where it is, and its landmarks."""
    frame = render(who, Act(face=160, yaw=8), Setting((256, 256)))
    points = frame.landmarks.picture.astype(np.float64)
    matrix = matrix_of(points, "inner", SIDE)
    here = transform(points, matrix)
    return shared(warp(frame.image, matrix, SIZE)), shared(hull_mask(here, SIZE)), here


def test_white_stays_white_where_skin_becomes_darker() -> None:
    """What a network gives for a fair face, laid into a frame whose skin is dark."""
    frame, mask, points = crop(alone(person("ada")))
    truth, _, _ = crop(hybrid(person("ben"), person("ada")))
    face = np.asarray(1.3 * truth, np.float32)
    whites = np.maximum(*eye_masks(points, SIZE, lids=0)) > 127
    fair = np.where(whites[..., None], truth, face).astype(np.float32)
    way = Complexion("tint")
    made = way.coloured(fair, points, way.measured(fair, frame, mask, points))
    skin = COLOUR["tint"]
    alike = recoloured(skin, fair, measured(skin, fair, frame, mask))
    wrong = [float(np.abs(one - truth)[whites].mean()) for one in (alike, made)]
    assert wrong[1] < 0.4 * wrong[0]


@CHANGING
def test_a_beard_darkens_nobody_elses_face(name: str) -> None:
    face, mask, points = crop(alone(person("dina")))
    bearded = face.copy()
    bearded[int(points[51, 1]) :] *= np.float32(0.2)
    way = Complexion(name)
    made = way.coloured(face, points, way.measured(face, bearded, mask, points))
    seen = mask > 0.5
    assert np.abs(made - face)[seen].mean() < 3 * LEVEL
    colour = COLOUR[name]
    alike = recoloured(colour, face, measured(colour, face, bearded, mask))
    assert np.abs(alike - face)[seen].mean() > 20 * LEVEL


@CHANGING
def test_a_face_with_the_wanted_colours_stays(name: str) -> None:
    face, mask, points = crop(alone(person("ada")))
    way = Complexion(name)
    made = way.coloured(face, points, way.measured(face, face, mask, points))
    assert np.abs(made - face).max() < LEVEL


def test_a_hidden_middle_leaves_the_rest_to_tell() -> None:
    face, mask, points = crop(alone(person("ada")))
    hidden = mask.copy()
    hidden[: int(points[33, 1]) + 2] = 0
    found = Complexion("tint").measured(face, np.float32(0.5) * face, hidden, points)
    assert found[WHITE] is None
    pair = found[SKIN]
    assert pair is not None
    assert np.allclose(pair[1, 0], 0.5 * pair[0, 0], rtol=1e-3)


@pytest.mark.parametrize("way", [Complexion("none"), Complexion("tint", 0)])
def test_none_of_it_changes_nothing(way: Complexion) -> None:
    face, mask, points = crop(alone(person("ada")))
    found = way.measured(face, np.float32(0.5) * face, mask, points)
    assert way.coloured(face, points, found) is face


def test_half_of_it_goes_half_of_the_way() -> None:
    face, mask, points = crop(alone(person("ada")))
    frame = np.float32(0.5) * face
    half, whole = (
        way.coloured(face, points, way.measured(face, frame, mask, points))
        for way in (Complexion("tint", 0.5), Complexion("tint"))
    )
    assert np.allclose(half, (face + whole) / 2, atol=1e-3)
    assert np.allclose(whole, frame, atol=LEVEL)
