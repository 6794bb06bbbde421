import dataclasses
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders import face_file, merging, packing
from faceswap_ae.faces.folders.face_file import FaceEntry
from faceswap_ae.faces.folders.face_folder import drop
from faceswap_ae.faces.folders.journal import NAME, Journal
from faceswap_ae.faces.folders.merging import MergeResult, group_faces, merge, split
from tests.support.face_folders import (
    CLIPS,
    UNTOLD,
    entry,
    face,
    fill,
    ids,
    names,
    paint,
    plain_picture,
)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders: faces 0 to 5, and faces 4 to 9. Faces 4 and 5 are in both."""
    first, second = tmp_path / "first", tmp_path / "second"
    fill(first, range(6))
    fill(second, range(4, 10))
    return first, second


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_no_face_comes_twice(two: tuple[Path, Path], tmp_path: Path) -> None:
    out, counts = tmp_path / "out", list[int]()
    before = [contents(folder) for folder in two]
    assert merge(two, out, counts.append) == MergeResult(10, 2, 0)
    assert ids(out) == [face(number).id for number in range(10)]
    assert counts == list(range(1, 13))
    assert merge(two, out) == MergeResult(0, 12, 0)
    assert [contents(folder) for folder in two] == before
    journal = Journal(out)
    assert journal.written == set(ids(out)) and journal.frames(CLIPS["first.mp4"]) == {*range(10)}
    assert journal.faces(CLIPS["first.mp4"], 7)[0].id == face(7).id


def test_merging_into_one_of_the_sources(two: tuple[Path, Path]) -> None:
    assert merge(two, two[0]) == MergeResult(4, 8, 0)
    assert len(ids(two[0])) == 10


def test_masks_come_along_and_taken_names_get_a_suffix(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = two
    for folder, number in ((first, 0), (second, 9)):
        (folder / f"{face(number).id}.png").rename(folder / "x.png")
        paint(folder, "x.png", value=number + 1)
    merge(two, tmp_path / "out")
    told = {entry.name: entry for entry in face_file.entries(tmp_path / "out")}
    for name, number in (("x.png", 0), ("x-2.png", 9)):
        stored, mask = told[name].stored, face_file.mask(told[name].place)
        assert stored and stored.face.id == face(number).id
        assert mask is not None and mask.max() == number + 1


def test_pictures_without_a_story_are_known_by_their_bytes(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    for folder in two:
        plain_picture(folder)
    assert merge(two, tmp_path / "out") == MergeResult(11, 3, 0)
    assert "photo.png" in names(tmp_path / "out")


def test_what_a_source_dropped_stays_dropped(two: tuple[Path, Path], tmp_path: Path) -> None:
    drop(two[0], [f"{face(number).id}.png" for number in (0, 4)])
    out = tmp_path / "out"
    assert merge(two, out) == MergeResult(9, 1, 0)  # face 4 is in the second folder, so it is kept
    assert face(0).id in Journal(out).written - set(ids(out))
    again = fill(tmp_path / "again", [0])  # a later extraction of the same clip
    assert merge([tmp_path / "again"], out) == MergeResult(0, 0, 1)
    assert again[0].id not in ids(out)


def test_what_the_folder_itself_dropped_stays_dropped(two: tuple[Path, Path]) -> None:
    first, second = two
    drop(first, [f"{face(5).id}.png"])
    assert merge([second], first) == MergeResult(4, 1, 1)
    assert face(5).id not in ids(first)


def test_reasons_come_along_but_not_over_what_is_known(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = (Journal(folder) for folder in two)
    unwritten = [dataclasses.replace(face(number), id=f"other-{number}") for number in (0, 1)]
    for one in unwritten:
        first.add_frame(one.clip, 100 + one.frame, [one])
    first.add_skipped({"other-0": "blurred", "other-1": "small"})
    second.add_skipped({"other-1": "blurred"})
    second.add_skipped({face(9).id: "blurred"})  # it was written before; the last row counts
    out = tmp_path / "out"
    merge(two, out)
    found = Journal(out)
    assert found.skipped == {"other-0": "blurred", "other-1": "small", face(9).id: "blurred"}
    assert found.frames(CLIPS["first.mp4"]) == {*range(10), 100, 101}


def test_a_row_that_is_no_face_is_looked_at_again(two: tuple[Path, Path], tmp_path: Path) -> None:
    first, _ = two
    text = (first / NAME).read_text()
    (first / NAME).write_text(text.replace('"detector":"cnn"', '"detektor":"cnn"', 1))
    merge([first], tmp_path / "out")
    assert Journal(tmp_path / "out").frames(CLIPS["first.mp4"]) == {1, 2, 3, 4, 5}


def test_of_two_versions_the_corrected_one_comes(two: tuple[Path, Path], tmp_path: Path) -> None:
    path = two[1] / f"{face(4).id}.png"
    stored = face_file.read(path)
    assert stored
    corrected = dataclasses.replace(stored.face, corrected=True)
    changed = dataclasses.replace(stored, face=corrected)
    face_file.write_crop(path, np.zeros((48, 48, 3), np.uint8), changed)
    merge(two, tmp_path / "out")
    came = face_file.entries(tmp_path / "out")
    assert [one.name for one in came if one.stored and one.stored.face.corrected] == [path.name]


def test_a_zip_is_merged_as_its_folder_is(two: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = two
    paint(first, f"{face(3).id}.png")
    drop(first, [f"{face(0).id}.png"])
    zipped, _ = packing.pack(first)
    assert merge([zipped, second], tmp_path / "out") == MergeResult(9, 2, 0)
    assert merge([first, second], tmp_path / "plain") == MergeResult(9, 2, 0)
    both = [contents(tmp_path / name) for name in ("out", "plain")]
    assert both[0].keys() == both[1].keys()
    assert {k: v for k, v in both[0].items() if k != NAME} == {
        k: v for k, v in both[1].items() if k != NAME
    }
    assert Journal(tmp_path / "out").written == Journal(tmp_path / "plain").written


def test_a_packed_folder_receives_nothing(two: tuple[Path, Path]) -> None:
    first, second = two
    zipped, _ = packing.pack(first)
    first.rename(first.with_name("elsewhere"))
    for out in (first, zipped):
        with pytest.raises(UserError, match="is packed"):
            merge([second], out)


def test_splitting_by_person_and_merging_back(tmp_path: Path) -> None:
    ada, counts = tmp_path / "ada", list[int]()
    fill(ada, range(13))
    paint(ada, f"{face(3).id}.png")
    made = split(ada, "person", advance=counts.append)
    assert [(out.name, len(group.entries)) for out, group in made] == [("ada-1", 7), ("ada-2", 6)]
    assert ids(tmp_path / "ada-1") == [face(number).id for number in range(0, 13, 2)]
    assert counts == [7, 13]
    # The other person's faces count as dropped in this folder.
    assert Journal(tmp_path / "ada-1").written == set(ids(ada))
    assert merge([out for out, _ in made], tmp_path / "back") == MergeResult(13, 0, 0)
    back, whole = contents(tmp_path / "back"), contents(ada)
    assert {k: v for k, v in back.items() if k != NAME} == {
        k: v for k, v in whole.items() if k != NAME
    }


def test_splitting_by_clip_leaves_the_other_clips_rows(tmp_path: Path) -> None:
    fill(tmp_path / "ada", range(13))
    split(tmp_path / "ada", "source")
    first, second = (Journal(tmp_path / name) for name in ("ada-1", "ada-2"))
    assert first.clips == [CLIPS["first.mp4"]] and second.clips == [CLIPS["second.mp4"]]
    assert first.written == set(ids(tmp_path / "ada-1"))


def test_small_groups_get_no_folder(tmp_path: Path) -> None:
    fill(tmp_path / "ada", [*range(0, 9, 2), 1])
    assert [out.name for out, _ in split(tmp_path / "ada", "person", least=2)] == ["ada-1"]
    assert not (tmp_path / "ada-2").exists()
    with pytest.raises(UserError, match="2 groups by person, 0 of at least 6 faces"):
        split(tmp_path / "ada", "person", least=6)


def test_nothing_is_split_into_what_is_there_or_by_what_is_one(tmp_path: Path) -> None:
    fill(tmp_path / "ada", range(4))
    (tmp_path / "ada-2").mkdir()
    with pytest.raises(UserError, match="ada-2: is there already"):
        split(tmp_path / "ada", "person")
    assert not (tmp_path / "ada-1").exists()
    with pytest.raises(UserError, match="1 groups by source; there is nothing to split"):
        split(tmp_path / "ada", "source")


def test_too_many_groups_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "ada", range(13))
    monkeypatch.setattr(merging, "MANY", 3)
    with pytest.raises(UserError, match="4 groups by track; --least 10"):
        split(tmp_path / "ada", "track")
    assert len(split(tmp_path / "ada", "track", least=2)) == 3


FEW = [entry(number) for number in range(14)]


def frames(entries: list[FaceEntry]) -> list[int]:
    return [one.stored.face.frame for one in entries if one.stored]


def test_by_person_the_largest_first() -> None:
    groups = group_faces([*FEW, UNTOLD, entry(16)], "person")
    assert [frames(group.entries) for group in groups] == [
        [0, 2, 4, 6, 8, 10, 12, 16],
        [1, 3, 5, 7, 9, 11, 13],
    ]


def test_by_track_and_by_source() -> None:
    tracks = group_faces(FEW, "track")
    assert [(group.what, len(group.entries)) for group in tracks] == [
        ("first.mp4, track 0", 5),
        ("first.mp4, track 1", 5),
        ("second.mp4, track 0", 2),
        ("second.mp4, track 1", 2),
    ]
    sources = group_faces(FEW, "source")
    assert [(group.what, len(group.entries)) for group in sources] == [
        ("first.mp4", 10),
        ("second.mp4", 4),
    ]


@pytest.mark.parametrize("by", ["person", "track", "source"])
def test_a_picture_without_a_story_belongs_to_nobody(by: str) -> None:
    assert group_faces([UNTOLD], by) == []


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'person'"):
        group_faces(FEW, "persons")
