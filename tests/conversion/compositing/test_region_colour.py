"""Does regional colour transfer give skin the frame's skin colours, and keep eyes white?"""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from faceswap_ae.common.geometry import Mask, transform, warp
from faceswap_ae.conversion.compositing.colour_transfer import (
    COLOUR,
    Picture,
    measure_colours,
    recolour,
)
from faceswap_ae.conversion.compositing.region_colour import (
    SKIN,
    WHITE,
    ColourSample,
    Pairs,
    RegionColours,
)
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import between_lips, eye_masks, hull_mask
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.people import Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.support.colours import CHANGING, pooled, shared

SIDE = 96
SIZE = (SIDE, SIDE)
LEVEL = 1 / 255
OPEN, SHUT = Act(face=160, yaw=8), Act(face=160, yaw=8, look=Look(blink=(1, 1)))
PAIR = person("carl"), person("fatou")
LAUGH = Act(face=160, yaw=8, felt=Expression(jaw=0.8, smile=0.5))


def sight(who: Sitter, act: Act = OPEN, scale: float = 1.0) -> ColourSample:
    """A face in its crop. `scale` makes the face larger or smaller about the crop's middle."""
    frame = render(who, act, Setting((256, 256)))
    points = frame.landmarks.picture.astype(np.float64)
    matrix = matrix_of(points, "inner", SIDE)
    zoom = np.array([[1, 0, -SIDE / 2], [0, 1, -SIDE / 2]]) / scale
    matrix = np.column_stack([zoom[:, :2] @ matrix[:, :2], zoom[:, :2] @ matrix[:, 2] + zoom[:, 2]])
    matrix[:, 2] += SIDE / 2
    here = transform(points, matrix)
    mask = shared(hull_mask(here, SIZE))
    return ColourSample(shared(warp(frame.image, matrix, SIZE)), here, mask)


def put(name: str, face: ColourSample, frame: ColourSample) -> Picture:
    way = RegionColours(name)
    return way.apply(face.picture, face.points, way.measure(face, frame))


def of_all(name: str, face: ColourSample, frame: ColourSample) -> Picture:
    """Transfer colours for the whole face at once, without separate regions."""
    way = COLOUR[name]
    return recolour(
        way, face.picture, measure_colours(way, face.picture, frame.picture, frame.mask)
    )


def eyes(one: ColourSample) -> Mask:
    return shared(np.maximum(*eye_masks(one.points, SIZE, lids=0)))


def lit(one: ColourSample, light: float) -> ColourSample:
    return replace(one, picture=np.float32(light) * one.picture)


def white(pairs: Pairs) -> float:
    """The factor by which the white of the eyes becomes brighter."""
    pair = pairs[WHITE]
    assert pair is not None and pair[0, 1, 0] > 0
    return float(pair[1, 0].mean() / pair[0, 0].mean())


def test_white_stays_white_where_skin_becomes_darker() -> None:
    frame, truth = sight(alone(person("ada"))), sight(hybrid(person("ben"), person("ada")))
    whites = eyes(truth) > 0.5
    # A network of ben, who has fair skin, makes the skin brighter.
    fair = np.where(whites[..., None], truth.picture, np.float32(1.3) * truth.picture)
    face = replace(truth, picture=np.asarray(fair, np.float32))
    wrong = [
        float(np.abs(made - truth.picture)[whites].mean())
        for made in (of_all("tint", face, frame), put("tint", face, frame))
    ]
    assert wrong[1] < 0.5 * wrong[0]


def test_an_eye_in_a_light_of_its_own_shines_no_more_than_the_frames() -> None:
    frame, face = sight(alone(person("ada"))), sight(hybrid(person("ben"), person("ada")))
    # Both eyes are dark, but for the corner of one, on which a lamp shines.
    left, right = (shared(one) > 0.5 for one in eye_masks(face.points, SIZE, lids=0))
    picture = face.picture.copy()
    picture[left | right] *= np.float32(0.5)
    picture[left & (picture.sum(axis=2) > np.percentile(picture[left].sum(axis=1), 80))] = 0.7
    made = put("light", replace(face, picture=picture), frame)
    brightest = np.sort(frame.picture[eyes(frame) > 0.5].mean(axis=1))[-20:].mean()
    assert np.sort(made[left].mean(axis=1))[-5:].mean() < 1.15 * brightest


@CHANGING
def test_a_beard_darkens_nobody_elses_face(name: str) -> None:
    face = sight(alone(person("dina")))
    bearded = face.picture.copy()
    bearded[int(face.points[51, 1]) :] *= np.float32(0.2)
    frame, seen = replace(face, picture=bearded), face.mask > 0.5
    assert np.abs(put(name, face, frame) - face.picture)[seen].mean() < 3 * LEVEL
    assert np.abs(of_all(name, face, frame) - face.picture)[seen].mean() > 20 * LEVEL


@CHANGING
@pytest.mark.parametrize("light", [1.0, 0.05])
def test_a_face_with_the_wanted_colours_stays(name: str, light: float) -> None:
    face = lit(sight(alone(person("ada"))), light)
    assert np.abs(put(name, face, face) - face.picture).max() < LEVEL


def test_the_frame_s_face_may_lie_elsewhere() -> None:
    """The face in the frame may be larger or smaller than the new face."""
    face = sight(alone(person("ada")))
    for scale in (0.8, 1.3):
        frame = sight(alone(person("ada")), scale=scale)
        assert white(RegionColours("tint").measure(face, frame)) == pytest.approx(1, abs=0.12)
        assert np.abs(put("tint", face, frame) - face.picture).mean() < 5 * LEVEL


def test_soft_eyes_do_not_become_much_brighter() -> None:
    frame = sight(alone(person("ada")))
    soft = np.asarray(cv2.GaussianBlur(frame.picture, (0, 0), 0.01 * SIDE), np.float32)
    assert 1 <= white(RegionColours("tint").measure(replace(frame, picture=soft), frame)) < 1.25


def test_closed_eyes_say_nothing() -> None:
    face, shut = sight(alone(person("ben"))), sight(alone(person("ada")), SHUT)
    pair = RegionColours("tint").measure(replace(face, points=shut.points), shut)[WHITE]
    assert pair is not None and not pair.any()


def test_a_blink_changes_nothing_and_long_darkness_comes_slowly() -> None:
    way = RegionColours("tint")
    face, frame = sight(alone(person("ben"))), sight(alone(person("ada")))
    shut = replace(frame, mask=np.zeros_like(frame.mask))
    skin = way.measure(face, frame)[SKIN]
    hidden = {*range(20, 26), *range(50, 90)}
    pairs = [way.measure(face, shut if number in hidden else frame)[WHITE] for number in range(90)]
    made = [
        way.apply(face.picture, face.points, {SKIN: skin, WHITE: pair})[eyes(face) > 0.5].mean()
        for pair in pooled(way.kinds[WHITE], pairs)
    ]
    away = np.abs(np.array(made) - made[0])
    assert away[:40].max() < LEVEL
    assert away[70] > 20 * LEVEL
    assert np.abs(np.diff(made)).max() < 0.35 * away[70]


def test_a_shut_mouth_shows_no_teeth() -> None:
    for act, share in ((OPEN, 0.1), (LAUGH, 0.8)):
        face, frame = sight(alone(person("ada")), act), sight(alone(person("fatou")), act)
        way = RegionColours("tint")
        pairs = way.measure(face, frame)
        made = [way.apply(face.picture, face.points, some) for some in (pairs, {SKIN: pairs[SKIN]})]
        lips = shared(between_lips(face.points, SIZE)) > 0.5
        apart = recolour(way.kinds[WHITE], face.picture, pairs[WHITE])
        went = np.abs(made[0] - made[1])[lips].mean() / np.abs(apart - made[1])[lips].mean()
        assert (went < share) if act is OPEN else (went > share)


def test_with_eyes_and_mouth_shut_all_is_skin() -> None:
    way, face, frame = (
        RegionColours("tint", 0.5),
        sight(alone(person("carl"))),
        sight(hybrid(*PAIR)),
    )
    pairs = way.measure(face, frame)
    shut = sight(alone(person("carl")), SHUT).points
    made = way.apply(face.picture, shut, pairs)
    assert np.array_equal(made, way.apply(face.picture, shut, {SKIN: pairs[SKIN]}))


@pytest.mark.parametrize("soft", [0.02, 0.04])
def test_white_is_painted_only_where_the_new_face_shows_it(soft: float) -> None:
    """The performer's eyes and mouth are open, a soft new face shows lids and lips there."""
    laugh = sight(alone(person("fatou")), LAUGH)
    made = sight(alone(person("ben")), SHUT)
    blurred = cv2.GaussianBlur(made.picture, (0, 0), soft * SIDE)
    made = ColourSample(np.asarray(blurred, np.float32), laugh.points, laugh.mask)
    way = RegionColours("tint")
    skin = way.measure(made, laugh)[SKIN]
    # Frames around have shown that white becomes much brighter.
    bright = np.stack([np.stack([np.full(3, white), np.ones(3)]) for white in (0.3, 0.8)])
    painted, plain = (
        way.apply(made.picture, made.points, pairs)
        for pairs in ({SKIN: skin, WHITE: bright}, {SKIN: skin})
    )
    lips = shared(between_lips(laugh.points, SIZE)) > 0.5
    for part in (eyes(laugh) > 0.5, lips):
        assert np.abs(painted - plain)[part].mean() < 2 * LEVEL


def test_a_hidden_middle_leaves_the_rest_to_tell() -> None:
    face = sight(alone(person("ada")))
    mask = face.mask.copy()
    mask[: int(face.points[33, 1]) + 2] = 0
    hidden = replace(face, mask=mask)
    found = RegionColours("tint").measure(hidden, lit(hidden, 0.5))
    pair = found[SKIN]
    assert pair is not None
    assert np.allclose(pair[1, 0], 0.5 * pair[0, 0], rtol=1e-3)


@pytest.mark.parametrize("way", [RegionColours("none"), RegionColours("tint", 0)])
def test_none_of_it_changes_nothing(way: RegionColours) -> None:
    face = sight(alone(person("ada")))
    found = way.measure(face, lit(face, 0.5))
    assert way.apply(face.picture, face.points, found) is face.picture


def test_half_of_it_goes_half_of_the_way() -> None:
    face = sight(alone(person("ada")))
    half, whole = (
        way.apply(face.picture, face.points, way.measure(face, lit(face, 0.5)))
        for way in (RegionColours("tint", 0.5), RegionColours("tint"))
    )
    assert np.allclose(half, (face.picture + whole) / 2, atol=1e-3)
    assert np.allclose(whole, lit(face, 0.5).picture, atol=LEVEL)
