"""What becomes of faces that are hard to see: cut off, small, large, turned, grey, in pairs?"""

from collections.abc import Callable

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.detection.detections import Detection
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

SIZE = (320, 240)
Find = Callable[[Image], list[Detection]]


@pytest.fixture(scope="module", params=[True, False], ids=["picture", "video"])
def find(request: pytest.FixtureRequest) -> Find:
    finder = Detectors(ScanOptions()).finder(picture=request.param)
    return lambda image: finder([image], True)[0]


def shot(who: str = "emil", face: float = 110.0, **act: object) -> SyntheticFrame:
    return render(alone(person(who)), Act(face, **act), Setting(SIZE))  # type: ignore[arg-type]


def off(sight: Detection, truth: Points) -> float:
    """The mean error of the inner landmarks, in distances of the eyes."""
    eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
    return float(np.linalg.norm(sight.landmarks - truth, axis=1)[17:].mean() / eyes)


def test_nobody_is_found_where_nobody_is(find: Find) -> None:
    rng = np.random.default_rng(0)
    for image in (np.zeros((240, 320, 3), np.uint8), rng.integers(0, 256, (240, 320, 3), np.uint8)):
        assert find(image) == []


@pytest.mark.parametrize("face", [60.0, 110.0, 230.0])
def test_small_and_large_faces(find: Find, face: float) -> None:
    frame = shot(face=face)
    (sight,) = find(frame.image)
    assert off(sight, frame.landmarks.picture) < 0.12


def test_a_face_of_24_pixels_is_found_or_not_and_breaks_nothing(find: Find) -> None:
    assert len(find(shot(face=24.0).image)) <= 1


def test_half_a_face_is_a_face_or_nothing(find: Find) -> None:
    frame = shot(centre=(0.06, 0.5))
    for sight in find(frame.image):
        assert np.isfinite(sight.landmarks).all()
        assert off(sight, frame.landmarks.picture) < 0.5


def test_two_faces_close_together_are_two(find: Find) -> None:
    beside = (alone(person("ada")), Act(90, (0.66, 0.5)))
    both = render(alone(person("ben")), Act(90, (0.34, 0.5)), Setting(SIZE), [beside])
    left, right = find(both.image)
    assert left.square.centre[0] < 160 < right.square.centre[0]


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turned_pictures_are_met_upright(find: Find, turn: int) -> None:
    frame = shot()
    (sight,) = find(np.ascontiguousarray(np.rot90(frame.image, turn)))
    angle = np.degrees(sight.square.angle) % 360
    assert min(abs(angle - (360 - 90 * turn)), abs(angle + 90 * turn - 360)) < 25


def test_a_grey_face(find: Find) -> None:
    frame = shot()
    grey = frame.image.mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    (sight,) = find(grey)
    assert off(sight, frame.landmarks.picture) < 0.12
