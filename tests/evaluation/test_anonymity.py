from pathlib import Path

import pytest

from faceswap_ae.conversion.second_look import Compared
from faceswap_ae.evaluation.anonymity import (
    LISTED,
    AnonymisedClip,
    HiddenPerson,
    identity_figures,
    with_compared,
)


def compared(frame: int, distance: float, person: int = 0, nearest: int = 1) -> Compared:
    return Compared(frame, 7, person, distance, nearest)


def made(*people: HiddenPerson) -> AnonymisedClip:
    return AnonymisedClip(
        Path("a.mp4"), Path("b.mp4"), True, 100, 90, 20, people, among=4, seconds=3.0
    )


def test_figures_of_new_faces() -> None:
    rows = [compared(0, 0.5, nearest=0), compared(4, 0.7), compared(8, 0.9), compared(12, 0.8)]
    assert identity_figures(rows) == {
        "unlike_share": 0.75,
        "least_distance": 0.5,
        "median_distance": pytest.approx(0.75),
        "retrieved": 0.25,
    }
    assert set(identity_figures([]).values()) == {None}


def test_the_head_has_each_person_and_the_worst_faces_first() -> None:
    one = HiddenPerson(0, 80, 60, 20, (compared(0, 0.7), compared(4, 0.62)))
    other = HiddenPerson(1, 30, 0, 30)
    third = HiddenPerson(2, 40, 40, 0, (compared(4, 0.65, 2),))
    told = made(one, other, third).to_json()
    assert [row["distance"] for row in told["worst"]] == [0.62, 0.65, 0.7]
    assert told["worst"][0] == {"frame": 4, "person": 0, "distance": 0.62, "nearest": 1}
    assert (told["people"], told["compared_with"], told["unlike_share"]) == (3, 4, 1.0)
    first, second, _ = told["each_person"]
    assert (first["frames"], first["swapped"], first["covered"], first["compared"]) == (
        *(80, 60, 20, 2),
    )
    assert first["least_distance"] == 0.62 and second["median_distance"] is None
    many = HiddenPerson(0, 400, 400, 0, tuple(compared(4 * at, 0.7) for at in range(100)))
    assert len(made(many).to_json()["worst"]) == LISTED


def test_rows_tell_what_their_faces_were_compared_with() -> None:
    rows = [{"frame": 0}, {"frame": 1}]
    told = list(with_compared(rows, [compared(0, 0.81, 1), compared(0, 0.7)]))
    assert told[0]["compared"] == [
        {"person": 0, "distance": 0.7, "nearest": 1},
        {"person": 1, "distance": 0.81, "nearest": 1},
    ]
    assert told[1] == {"frame": 1} and rows[0] == {"frame": 0}
