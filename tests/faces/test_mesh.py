import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, Points, invert, transform
from faceswap_ae.evaluation.openings import eye_openings
from faceswap_ae.faces import mesh as points
from faceswap_ae.faces.alignment import matrix_of, misfit
from faceswap_ae.faces.detection.detectors import DETECTORS
from faceswap_ae.faces.detection.dlib_close_up import dlib_close_up
from faceswap_ae.faces.detection.mesh_close_up import mesh_close_up
from faceswap_ae.faces.landmark_masks import EYES, opening
from faceswap_ae.faces.mesh import landmarks_of, mesh_pose, square_of
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

MIDDLE = np.array([160.0, 160.0])


def shot(who: str, yaw: float = 0, pitch: float = 0, roll: float = 0) -> SyntheticFrame:
    act = Act(150, yaw=yaw, pitch=pitch, roll=roll)
    return render(alone(person(who)), act, Setting((320, 320)))


def fitted(image: Image) -> Points:
    """The mesh, irises too, of the face in a picture."""
    close_up = mesh_close_up(turns=False)
    (found,) = close_up.sights(image, DETECTORS["blaze"]()([image])[0])
    close_up.complete([(image, found)])
    assert found.mesh is not None
    return found.mesh


def eyes(truth: Points) -> float:
    return float(np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0)))


@pytest.mark.parametrize("who", CAST)
def test_landmarks_lie_where_they_should(who: str) -> None:
    frame = shot(who, yaw=8.0)
    found, truth = landmarks_of(fitted(frame.image)), frame.landmarks.picture
    off = np.linalg.norm(found - truth, axis=1) / eyes(truth)
    assert off[36:48].mean() < 0.08
    assert off[17:].mean() < 0.1
    assert misfit(found) < 0.1


@pytest.mark.parametrize("who", ["ada", "carl", "emil"])
def test_a_blink_is_seen(who: str) -> None:
    act, setting = Act(150, yaw=8.0), Setting((320, 320))
    shut = replace(act, look=Look(blink=(1.0, 1.0)))
    found = [fitted(render(alone(person(who)), one, setting).image) for one in (act, shut)]
    meshes = [float(eye_openings(mesh).mean()) for mesh in found]
    landmarks = [np.mean([opening(landmarks_of(mesh)[eye]) for eye in EYES]) for mesh in found]
    assert meshes[1] < 0.7 * meshes[0]
    assert landmarks[1] < 0.7 * landmarks[0]


def test_the_crop_is_where_dlibs_landmarks_have_it() -> None:
    apart = []
    for who in ("ada", "ben", "emil", "fatou"):
        image = shot(who, yaw=8.0).image
        (other,) = dlib_close_up(turns=False).sights(image, DETECTORS["cnn"]()([image])[0])
        one, wanted = map(corners, (landmarks_of(fitted(image)), other.landmarks))
        side = np.linalg.norm(wanted[1] - wanted[0])
        apart.append(np.linalg.norm(one - wanted, axis=1).mean() / side)
    assert np.mean(apart) < 0.03


def corners(landmarks: Points) -> Points:
    """The corners of the crop in the frame."""
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    return transform(square, invert(matrix_of(landmarks, "whole", 1)))


@pytest.mark.parametrize("turn", [{"yaw": 20.0}, {"yaw": -20.0}, {"pitch": 10.0}, {"roll": 15.0}])
def test_the_pose_is_the_renderers(turn: dict[str, float]) -> None:
    straight, turned = (mesh_pose(fitted(shot("ada", **act).image)) for act in ({}, turn))
    for axis in ("yaw", "pitch", "roll"):
        change = getattr(turned, axis) - getattr(straight, axis)
        assert change == pytest.approx(turn.get(axis, 0.0), abs=6)


def test_irises_go_where_the_eyes_look() -> None:
    def sideways(degrees: float) -> float:
        act = Act(150, look=Look((degrees, 0.0)))
        mesh = fitted(render(alone(person("emil")), act, Setting((320, 320))).image)
        irises = np.mean([mesh[one][0, :2] for one in points.IRISES], axis=0)
        corners = mesh[np.ravel(points.EYE_CORNERS), :2]
        return float((irises - corners.mean(axis=0))[0] / np.ptp(corners[:, 0]))

    left, ahead, right = map(sideways, (-15, 0, 15))
    assert left < ahead - 0.01 < right - 0.02


def test_a_square_turns_with_its_mesh() -> None:
    mesh = np.zeros((478, 3))
    mesh[:468, :2] = np.random.default_rng(0).uniform(-50, 50, (468, 2))
    mesh[33, :2], mesh[263, :2] = (-30, 0), (30, 0)
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    turned = mesh.copy()
    turned[:, :2] = mesh[:, :2] @ turn.T + MIDDLE
    one, other = square_of(mesh), square_of(turned)
    assert other.angle == pytest.approx(one.angle + 0.5)
    assert other.side == pytest.approx(one.side)
    assert np.allclose(other.centre, turn @ one.centre + MIDDLE)


def test_what_was_fitted_is_whole() -> None:
    told = json.loads((Path(points.__file__).parent / points.FITTED).read_text())
    assert len(told["landmarks"]) == 68
    assert all(
        sum(weight for _, weight in row) == pytest.approx(1, abs=0.01) for row in told["landmarks"]
    )
    assert {int(row[0]) for row in told["head"]} <= set(range(points.SKIN))
