"""Does dlib detect and recognise the cast as people, and a hybrid as the face's owner?"""

import itertools
from typing import Any

import numpy as np
import pytest

from benchmarks.field import PAIRS, Dlib, Seen, apart, descriptors, distances, opened
from faceswap_ae.synthetic.people import CAST, TRUTHS, alone, hybrid, person

EACH = 10  # frames of each person of the cast


@pytest.fixture(scope="module")
def field() -> Dlib:
    return opened()


@pytest.fixture(scope="module")
def seen(field: Dlib) -> dict[str, list[Seen]]:
    rng = np.random.default_rng(0)
    return {name: [field.look(alone(person(name)), rng) for _ in range(EACH)] for name in CAST}


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
    others = [
        distances(descriptors(seen[one]), descriptors(seen[other])).mean()
        for one, other in itertools.combinations(CAST, 2)
    ]
    assert max(apart(many) for many in seen.values()) < 0.45
    assert np.mean(others) > 0.6


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize(
    ("face", "head"),
    [*PAIRS[:2], *(pytest.param(*pair, marks=pytest.mark.slow) for pair in PAIRS[2:5])],
)
def test_a_hybrid_is_taken_for_the_face_owner(
    field: Dlib, seen: dict[str, list[Seen]], face: str, head: str, truth: Any
) -> None:
    rng = np.random.default_rng(7)
    sitter = hybrid(person(face), person(head), truth)
    found = descriptors([field.look(sitter, rng) for _ in range(4)])
    to_face = distances(found, descriptors(seen[face])).mean(axis=1)
    to_head = distances(found, descriptors(seen[head])).mean(axis=1)
    assert (to_face < to_head).all()
