from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image
from faceswap_ae.evaluation.gaze import CLOSED, gaze_error, irises, mesh_irises
from faceswap_ae.evaluation.openings import LOWER_LIDS, UPPER_LIDS, eye_openings
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.detection.mesh_close_up import mesh_close_up
from faceswap_ae.faces.mesh import EYE_CORNERS, IRISES, POINTS
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.people import Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

SIZE = (240, 240)
WHO = ("ada", "ben", "carl")
STRAIGHT = Act(face=140)
Array = NDArray[np.float64]


def shot(sitter: Sitter, act: Act, number: int = 0) -> SyntheticFrame:
    light = list(LIGHTS.values())[number % len(LIGHTS)]
    return render(sitter, act, Setting(SIZE, light, number, seed=number))


def of(frame: SyntheticFrame, image: Image | None = None) -> Array:
    points = frame.landmarks.picture.astype(np.float64)
    return irises(frame.image if image is None else image, points)


def looks(count: int, seed: int, turn: float = 0.0) -> list[Act]:
    rng = np.random.default_rng(seed)
    return [
        replace(
            STRAIGHT,
            yaw=rng.uniform(-turn, turn),
            pitch=rng.uniform(-turn, turn) / 3,
            roll=rng.uniform(-turn, turn) / 3,
            look=Look((rng.uniform(-18, 18), rng.uniform(-9, 9))),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(("turn", "sideways", "upright"), [(0, 0.98, 0.7), (25, 0.95, 0.6)])
def test_irises_lie_where_the_eyes_look(turn: float, sideways: float, upright: float) -> None:
    acts = {who: looks(8, seed, turn) for seed, who in enumerate(WHO)}
    found = [
        of(shot(alone(person(who)), act, number))
        for who, many in acts.items()
        for number, act in enumerate(many)
    ]
    true = np.array([act.look.gaze for many in acts.values() for act in many])
    together = np.stack(found).mean(axis=1)
    assert np.corrcoef(together[:, 0], true[:, 0])[0, 1] > sideways
    # Upwards is a smaller y.
    assert np.corrcoef(-together[:, 1], true[:, 1])[0, 1] > upright
    assert np.abs(together.mean(axis=0)).max() < 0.06


def test_a_true_swap_looks_where_the_performer_looks() -> None:
    performer, swap = alone(person("ada")), hybrid(person("ben"), person("ada"))
    acts = looks(6, 7, 15)
    own, swapped = (np.stack([of(shot(one, act)) for act in acts]) for one in (performer, swap))
    assert np.nanmean(gaze_error(swapped, own)) < 0.08
    assert np.nanmean(gaze_error(swapped, own, level=True)) < 0.05
    elsewhere = np.roll(own, 1, axis=0)
    assert np.nanmean(gaze_error(swapped, elsewhere, level=True)) > 0.09


def test_eyes_that_are_closed_look_nowhere() -> None:
    for who in WHO:
        shut = replace(STRAIGHT, look=Look((0, 0), (1, 0)))
        found = of(shot(alone(person(who)), shut))
        assert np.all(np.isnan(found[0])) and np.all(np.isfinite(found[1]))


def test_darkness_and_blur_move_no_iris() -> None:
    frame = shot(alone(person("ben")), replace(STRAIGHT, look=Look((14, 3))))
    plain = of(frame)
    assert np.abs(of(frame, (frame.image * 0.4).astype(np.uint8)) - plain).max() < 0.01
    small = np.ascontiguousarray(frame.image[::2, ::2])
    points = frame.landmarks.picture.astype(np.float64) / 2
    assert np.abs(irises(small, points) - plain).max() < 0.08


@given(st.integers(-40, 40), st.integers(-40, 40))
def test_a_face_elsewhere_looks_the_same_way(right: int, down: int) -> None:
    # The eye is drawn, not rendered. It has 30 pixels; its iris is 4 pixels right of the middle.
    image: Image = np.full((240, 240, 3), 220, np.uint8)
    y, x = np.mgrid[:240, :240]
    landmarks = np.zeros((68, 2))
    six = np.array([(-15, 0), (-6, -6), (6, -6), (15, 0), (6, 6), (-6, 6)])
    for first, middle in ((36, 90), (42, 150)):
        centre = np.array([middle + right, 120 + down])
        landmarks[first : first + 6] = six + centre
        image[np.hypot(x - centre[0] - 4, y - centre[1]) <= 6.6] = 60
    assert np.allclose(irises(image, landmarks), [[4 / 30, 0]] * 2, atol=0.01)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_eyes(level: int) -> None:
    frame = shot(alone(person("ada")), STRAIGHT)
    assert np.all(np.isnan(of(frame, np.full_like(frame.image, level))))
    points = frame.landmarks.picture.astype(np.float64)
    for nowhere in (np.zeros((68, 2)), np.full((68, 2), np.nan)):
        assert np.all(np.isnan(irises(frame.image, nowhere)))
    assert irises(frame.image, points + 5000).shape == (2, 2)


def test_one_eye_is_enough_for_an_error() -> None:
    wanted = np.zeros((4, 2, 2))
    made = wanted.copy()
    made[0] = [[0.3, 0.4], [np.nan, np.nan]]
    made[1] = np.nan
    made[2] = [[0.1, 0], [-0.1, 0]]  # the errors of both eyes cancel
    made[3] = [[0.1, 0], [0.3, 0]]
    assert np.allclose(gaze_error(made, wanted), [0.5, np.nan, 0, 0.2], equal_nan=True)


@given(st.tuples(*[st.floats(-0.3, 0.3)] * 4))
def test_other_eyes_are_levelled(by: tuple[float, ...]) -> None:
    wanted = np.random.default_rng(0).uniform(-0.2, 0.2, (5, 2, 2))
    made = wanted + np.reshape(by, (2, 2))
    assert np.allclose(gaze_error(made, wanted, level=True), 0, atol=1e-12)
    together = np.reshape(by, (2, 2)).mean(axis=0)
    assert np.allclose(gaze_error(made, wanted), np.linalg.norm(together))


def mesh_of(places: Array, opened: float = 0.3) -> Array:
    """A mesh of which only the eyes have their places: 30 pixels wide, each iris at its place."""
    mesh = np.zeros((POINTS, 3))
    for side, ends, iris, upper, lower, place in zip(
        (-1, 1), EYE_CORNERS, IRISES, UPPER_LIDS, LOWER_LIDS, places, strict=True
    ):
        middle = np.array([side * 30.0, 0, 0])
        mesh[list(ends)] = middle + side * np.array([[15.0, 0, 0], [-15, 0, 0]])
        mesh[list(upper)] = middle - np.array([0, 15 * opened, 0])
        mesh[list(lower)] = middle + np.array([0, 15 * opened, 0])
        mesh[iris] = middle + 30 * np.array([*place, 0])
    return mesh


@given(st.tuples(*[st.floats(-0.3, 0.3)] * 4), st.floats(-1.5, 1.5), st.floats(0.2, 4))
def test_a_mesh_that_is_tilted_or_larger_looks_the_same_way(
    where: tuple[float, ...], tilt: float, scale: float
) -> None:
    places = np.reshape(where, (2, 2))
    cosine, sine = np.cos(tilt), np.sin(tilt)
    turned = scale * mesh_of(places) @ [[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]
    assert np.allclose(mesh_irises(turned + np.array([100, 50, 3])), places)


def test_a_closed_eye_of_a_mesh_looks_nowhere() -> None:
    mesh = mesh_of(np.full((2, 2), 0.1), CLOSED + 0.01)
    assert np.allclose(mesh_irises(mesh), 0.1)
    mesh[list(UPPER_LIDS[0])] = mesh[list(LOWER_LIDS[0])]
    assert np.isnan(mesh_irises(mesh)).tolist() == [[True, True], [False, False]]
    assert np.isnan(mesh_irises(np.zeros((POINTS, 3)))).all()


def test_a_mesh_looks_where_the_eyes_look() -> None:
    close_up = mesh_close_up(turns=False)
    gazes = [(-15, 0), (0, 0), (15, 0), (0, 9), (0, -9)]
    found = []
    for gaze in gazes:
        frame = shot(alone(person("ada")), replace(STRAIGHT, look=Look(gaze)))
        box = DetectedBox(square_around(frame.landmarks.picture.astype(np.float64)), 1.0, "box")
        (seen,) = close_up.sights(frame.image, [box])
        close_up.complete([(frame.image, seen)])
        assert seen.mesh is not None
        assert eye_openings(seen.mesh).min() > 2 * CLOSED
        found.append(mesh_irises(seen.mesh).mean(axis=0))
    right, down = np.array(found).T
    # About .005 of an eye's width for a degree sideways, .0034 up or down.
    assert right[1] - right[0] > 0.04 and right[2] - right[1] > 0.04
    assert down[4] - down[3] > 0.03
