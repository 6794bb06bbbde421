import pytest

from faceswap_ae.errors import UserError
from faceswap_ae.faces import Entry
from faceswap_ae.grouping import grouped
from tests.face_folders import UNTOLD, entry

FEW = [entry(number) for number in range(14)]


def frames(entries: list[Entry]) -> list[int]:
    return [one.stored.face.frame for one in entries if one.stored]


def test_by_person_the_largest_first() -> None:
    groups = grouped([*FEW, UNTOLD, entry(16)], "person")
    assert [frames(group.entries) for group in groups] == [
        [0, 2, 4, 6, 8, 10, 12, 16],
        [1, 3, 5, 7, 9, 11, 13],
    ]


def test_by_track_and_by_source() -> None:
    tracks = grouped(FEW, "track")
    assert [(group.what, len(group.entries)) for group in tracks] == [
        ("first.mp4, track 0", 5),
        ("first.mp4, track 1", 5),
        ("second.mp4, track 0", 2),
        ("second.mp4, track 1", 2),
    ]
    sources = grouped(FEW, "source")
    assert [(group.what, len(group.entries)) for group in sources] == [
        ("first.mp4", 10),
        ("second.mp4", 4),
    ]


@pytest.mark.parametrize("by", ["person", "track", "source"])
def test_a_picture_without_a_story_belongs_to_nobody(by: str) -> None:
    assert grouped([UNTOLD], by) == []


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'person'"):
        grouped(FEW, "persons")
