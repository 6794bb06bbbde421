from dataclasses import replace

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.consistency import jumping, mend
from faceswap_ae.faces.detection.detections import CloseUp, Detection
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.detection.dlib_close_up import dlib_close_up
from faceswap_ae.faces.detection.mesh_close_up import mesh_close_up
from faceswap_ae.faces.detection.video_detector import dlib_follower, mesh_follower
from faceswap_ae.synthetic.film import Film, frame
from tests.support.face_records import shaped

COUNT = 12


def still(points: Points) -> Detection:
    return Detection(DetectedBox(square_around(points), 1.0, "hog"), points)


def walk(step: float, grow: float = 1.0) -> list[Detection]:
    """A face that goes to the right, and comes nearer."""
    return [
        still(shaped(100 * grow**number) + np.array([step * number, 0])) for number in range(COUNT)
    ]


@pytest.mark.parametrize(("step", "grow"), [(0, 1.0), (12, 1.0), (-30, 1.02), (3, 0.97)])
def test_who_moves_does_not_jump(step: float, grow: float) -> None:
    assert not jumping(walk(step, grow)).any()


def test_a_new_place_is_no_jump() -> None:
    assert not jumping([*walk(0)[:6], *walk(20)[6:]]).any()


@pytest.mark.parametrize("places", [[4], [5, 6], [3, 4, 5]])
@pytest.mark.parametrize("size", [0.75, 1.3])
def test_a_face_of_another_size_jumps(places: list[int], size: float) -> None:
    sights = walk(4)
    for place in places:
        points = sights[place].landmarks
        middle = points.mean(axis=0)
        sights[place] = replace(sights[place], landmarks=(points - middle) * size + middle)
    assert np.flatnonzero(jumping(sights)).tolist() == places


def test_landmarks_beside_the_box_or_of_another_shape_jump() -> None:
    sights = walk(0)
    sights[3] = replace(sights[3], landmarks=sights[3].landmarks + np.array([60, 0]))
    bent = sights[7].landmarks.copy()
    bent[17:27] += (0, -40)
    bent[36:42] += (30, 10)
    sights[7] = replace(sights[7], landmarks=bent)
    assert np.flatnonzero(jumping(sights)).tolist() == [3, 7]


def test_of_two_faces_nobody_says_which_is_wrong() -> None:
    assert not jumping([still(shaped(100)), still(shaped(180))]).any()


@pytest.fixture(scope="module")
def images() -> list[Image]:
    film = Film("emil", size=(320, 240), seed=3)
    return [frame(film, number).image for number in range(8)]


@pytest.mark.parametrize("kind", ["mesh", "dlib"])
def test_a_wrong_face_is_found_again(images: list[Image], kind: str) -> None:
    close_up: CloseUp = mesh_close_up(turns=False) if kind == "mesh" else dlib_close_up(turns=False)
    found = {"mesh": mesh_follower, "dlib": dlib_follower}[kind](turns=False)(images, True)
    (right,) = found[4]
    middle = right.landmarks.mean(axis=0)
    small = (right.landmarks - middle) * 0.75 + middle
    found[4] = [replace(right, landmarks=small)]
    mend(images, found, close_up)
    (mended,) = found[4]
    assert not mended.doubtful
    away = np.linalg.norm(mended.landmarks - right.landmarks, axis=1).mean()
    assert away < 0.03 * right.square.side


def test_a_face_that_cannot_be_mended_is_marked(images: list[Image]) -> None:
    found = mesh_follower(turns=False)(images, True)
    (right,) = found[4]
    found[4] = [replace(right, landmarks=right.landmarks + np.array([60, 20]))]
    blank = [*images[:4], np.zeros_like(images[4]), *images[5:]]
    mend(blank, found, mesh_close_up(turns=False))
    assert [sight.doubtful for sights in found for sight in sights] == [n == 4 for n in range(8)]
