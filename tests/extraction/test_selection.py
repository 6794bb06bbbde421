from typing import Any

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.extraction.selection import (
    ALIKE,
    BLURRED,
    DOUBTFUL,
    NO_FACE,
    OTHER,
    SMALL,
    SURPLUS,
    AlreadyThere,
    FaceSelection,
    SelectionLimits,
    select_faces,
)
from faceswap_ae.faces.alignment import is_face
from faceswap_ae.faces.record import Face
from tests.support.face_records import shaped, some_face

OWN = {("clip", 0)}


def face(number: int, **changes: Any) -> Face:
    facts: dict[str, Any] = {"clip": "clip", "landmarks": shaped(), "sharpness": 0.3}
    return some_face(number, **(facts | changes))


def ids(choice: FaceSelection) -> set[str]:
    return {one for frames in choice.wanted.values() for faces in frames.values() for one in faces}


def test_by_default_only_other_people_and_no_faces_are_left_out() -> None:
    scribble = np.random.default_rng(0).uniform(0, 100, (68, 2))
    faces = [face(0), face(1, track=1), face(2, landmarks=scribble), face(3, sharpness=0.0)]
    choice = select_faces(faces, OWN, SelectionLimits(), AlreadyThere())
    assert choice.skipped == {"clip-000001": OTHER, "clip-000002": NO_FACE}
    assert choice.wanted == {"clip": {0: ["clip-000000"], 3: ["clip-000003"]}}
    assert not is_face(faces[2])


def test_limits_leave_out_what_they_say() -> None:
    small = shaped(30.0)
    faces = [face(0, sharpness=0.1), face(1, landmarks=small), face(2)]
    choice = select_faces(faces, OWN, SelectionLimits(blur=0.2, size=60), AlreadyThere())
    assert choice.skipped == {"clip-000000": BLURRED, "clip-000001": SMALL}


def test_landmarks_in_doubt_are_nothing_to_learn_from() -> None:
    faces = [face(0, doubtful=True), face(1)]
    choice = select_faces(faces, OWN, SelectionLimits(), AlreadyThere())
    assert choice.skipped == {"clip-000000": DOUBTFUL}
    assert ids(choice) == {"clip-000001"}


def test_faces_like_the_last_one_taken_are_left_out() -> None:
    """Each face is compared with the last one that was kept, so slow changes add up."""
    # The mean movement of the landmarks (only the mouth moves), in percent of the face.
    moves = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    landmarks = [shaped() for _ in moves]
    for points, move in zip(landmarks, moves, strict=True):
        points[55:68, 1] = 60 + 100 * move / 100 * 51 / 13  # 13 of 51 points
    faces = [face(number, landmarks=points) for number, points in enumerate(landmarks)]
    choice = select_faces(faces, OWN, SelectionLimits(change=0.9), AlreadyThere())
    assert ids(choice) == {"clip-000000", "clip-000002", "clip-000004"}
    assert set(choice.skipped.values()) == {ALIKE}


def test_the_most_are_the_sharpest_of_every_pose() -> None:
    turned = [face(number, pose=(60.0, 0, 0), sharpness=0.1) for number in range(2)]
    frontal = [face(10 + number, sharpness=0.3 + number / 100) for number in range(8)]
    choice = select_faces([*frontal, *turned], OWN, SelectionLimits(most=4), AlreadyThere())
    assert ids(choice) == {"clip-000000", "clip-000001", "clip-000016", "clip-000017"}
    assert list(choice.skipped.values()) == [SURPLUS] * 6


def test_what_is_there_stays_and_counts() -> None:
    faces = [face(number, sharpness=number / 10) for number in range(6)]
    held = {"clip-000000", "clip-000001"}
    choice = select_faces(faces, OWN, SelectionLimits(most=3, blur=0.15), AlreadyThere(held, held))
    assert ids(choice) == {"clip-000005"}
    assert not held & choice.skipped.keys()
    held |= ids(choice)
    assert not select_faces(
        faces, OWN, SelectionLimits(most=3, blur=0.15), AlreadyThere(held, held)
    ).wanted


def test_what_was_dropped_is_neither_taken_nor_counted() -> None:
    faces = [face(number, sharpness=number / 10) for number in range(6)]
    choice = select_faces(
        faces,
        OWN,
        SelectionLimits(most=3),
        AlreadyThere({"clip-000005", "clip-000004"}, {"clip-000005"}),
    )
    assert ids(choice) == {"clip-000003", "clip-000002"}
    assert choice.skipped.keys() == {"clip-000000", "clip-000001"}


def test_broken_off_or_not_the_same_are_the_most() -> None:
    faces = [
        face(number, sharpness=(number * 7 % 20) / 20, pose=(20.0 * (number % 3), 0, 0))
        for number in range(20)
    ]
    whole = ids(select_faces(faces, OWN, SelectionLimits(most=8), AlreadyThere()))
    for count in range(8):
        held = set(sorted(whole)[:count])
        assert (
            held | ids(select_faces(faces, OWN, SelectionLimits(most=8), AlreadyThere(held, held)))
            == whole
        )


def test_other_limits_take_what_was_left_out() -> None:
    faces = [face(number, sharpness=number / 10) for number in range(4)]
    few = ids(select_faces(faces, OWN, SelectionLimits(most=1), AlreadyThere()))
    more = ids(select_faces(faces, OWN, SelectionLimits(), AlreadyThere(few, few)))
    assert few | more == {f"clip-00000{number}" for number in range(4)}
    assert not few & more


def test_a_most_of_none_is_refused() -> None:
    with pytest.raises(UserError, match="--max 0"):
        SelectionLimits(most=0)
