import json
from dataclasses import replace
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.segment_store import WorkFolder, open_work_folder, remove_work_folder
from faceswap_ae.media.segments import OutputSpec, PacketInfo, Segment, WrittenFrame
from faceswap_ae.media.span import Span
from tests.support.written_clips import new

SEGMENT = Segment(
    (
        WrittenFrame(Fraction(1, 3), Fraction(7, 90000), {"face": "ada"}),
        WrittenFrame(Fraction(1), Fraction(1)),
    ),
    (PacketInfo(3, 1, True), PacketInfo(0, 0, False)),
    blake2b(b"abc", digest_size=16).hexdigest(),
    2,
    b"\0\1",
)
JOB = {"face": "ben", "onto": "ada", "step": 12000, "mixed": (1, 2.5)}


def output(folder: Path) -> OutputSpec:
    return OutputSpec(folder / "out.mp4", new())


def fill(folder: WorkFolder, number: int) -> None:
    folder.claim(folder.packets(number))
    folder.packets(number).write_bytes(b"abc")
    folder.add(number, SEGMENT)


def begin(made: OutputSpec, count: int = 2) -> Path:
    with open_work_folder(made, JOB) as folder:
        for number in range(count):
            fill(folder, number)
    return folder.path


def test_a_segment_comes_back_as_it_was(tmp_path: Path) -> None:
    with open_work_folder(output(tmp_path), JOB) as folder:
        fill(folder, 0)
        assert folder.segment(0) == SEGMENT
        assert folder.path == tmp_path / ".out.mp4.parts"


def test_the_same_job_goes_on(tmp_path: Path) -> None:
    begin(output(tmp_path))
    with open_work_folder(output(tmp_path), dict(JOB)) as folder:
        assert list(folder.segments()) == [SEGMENT] * 2
        remove_work_folder(folder)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "changes",
    [
        {"like": replace(new(), rate=Fraction(24))},
        {"encoding": Encoding(crf=20)},
        {"span": Span(first=1)},
        {"segment": 12},
    ],
)
def test_another_way_of_making_begins_anew(tmp_path: Path, changes: dict[str, object]) -> None:
    begin(output(tmp_path))
    with open_work_folder(replace(output(tmp_path), **changes), JOB) as folder:  # type: ignore[arg-type]
        assert list(folder.segments()) == []
        assert sorted(item.name for item in folder.path.iterdir()) == ["job.json", "lock"]


def test_another_job_begins_anew(tmp_path: Path) -> None:
    begin(output(tmp_path))
    with open_work_folder(output(tmp_path), {**JOB, "step": 12001}) as folder:
        assert list(folder.segments()) == []


def test_the_same_clip_at_another_place_goes_on(tmp_path: Path) -> None:
    begin(output(tmp_path))
    moved = replace(output(tmp_path), like=replace(new(), path=Path("elsewhere")))
    with open_work_folder(moved, JOB) as folder:
        assert len(list(folder.segments())) == 2


def test_what_is_not_whole_does_not_exist(tmp_path: Path) -> None:
    folder = WorkFolder(begin(output(tmp_path), 4))
    facts = folder.path / "000003.json"
    for harm in (
        b"",
        b"[]",
        b"{}",
        b'{"frames": 1}',
        facts.read_bytes()[:-9],
        b"\xff",
        b"[" * 9999,
    ):
        facts.write_bytes(harm)
        assert len(list(folder.segments())) == 3
    folder.packets(2).write_bytes(b"ab")
    assert len(list(folder.segments())) == 2
    folder.packets(1).unlink()
    assert len(list(folder.segments())) == 1


def test_nothing_is_kept_of_nothing(tmp_path: Path) -> None:
    begin(output(tmp_path), 0)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("harm", [b"", b"{", b"null"])
def test_a_torn_job_begins_anew(tmp_path: Path, harm: bytes) -> None:
    place = begin(output(tmp_path)) / "job.json"
    place.write_bytes(harm)
    with open_work_folder(output(tmp_path), JOB) as folder:
        assert list(folder.segments()) == []
        assert json.loads(place.read_bytes())["job"]["step"] == 12000


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    def second() -> None:
        with open_work_folder(output(tmp_path), {**JOB, "step": 1}):
            raise AssertionError

    with open_work_folder(output(tmp_path), JOB) as folder:
        fill(folder, 0)
        with pytest.raises(UserError, match="is being made by another process"):
            second()
        assert list(folder.segments()) == [SEGMENT]


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    def attempt() -> None:
        with open_work_folder(output(tmp_path / "file"), JOB):
            raise AssertionError

    with pytest.raises(UserError, match=r"out\.mp4: cannot be written"):
        attempt()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    inside = folder.rglob("*")
    return {str(path.relative_to(folder)): path.read_bytes() for path in inside if path.is_file()}


@pytest.mark.parametrize("what", ["folder", "pictures"])
def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path, what: str) -> None:
    docs, work = tmp_path / "docs", tmp_path / "out" / ".out.mp4.parts"
    docs.mkdir()
    for name in ("thesis.txt", "000000.json", "000001.png", "job.json"):
        (docs / name).write_text('{"version": 1}')
    before = tree(docs)
    work.parent.mkdir()
    if what == "pictures":
        work.mkdir()
        work = work / "pictures"
    work.symlink_to(docs)
    with (
        pytest.raises(UserError, match=r"parts.*: is a link; remove it"),
        open_work_folder(output(tmp_path / "out"), JOB),
    ):
        pass
    assert tree(docs) == before


def test_files_of_others_in_a_work_folder_stay(tmp_path: Path) -> None:
    work = begin(output(tmp_path))
    for name in ("notes.txt", "000077.packets"):
        (work / name).write_text("mine")
    with open_work_folder(output(tmp_path), {"another": "job"}) as folder:
        assert list(folder.segments()) == []
        remove_work_folder(folder)
    assert tree(work) == {"notes.txt": b"mine", "000077.packets": b"mine"}


def test_a_folder_that_is_not_ours_is_not_used(tmp_path: Path) -> None:
    work = tmp_path / ".out.mp4.parts"
    work.mkdir()
    (work / "000000.json").write_text("mine")
    with (
        pytest.raises(UserError, match=r"holds what is not ours, such as 000000\.json"),
        open_work_folder(output(tmp_path), JOB),
    ):
        pass
    assert tree(work) == {"000000.json": b"mine"}


def test_a_list_that_names_other_places_deletes_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    work = begin(output(tmp_path))
    with (work / "files").open("a") as file:
        file.write(f"../mine.txt\n{tmp_path / 'mine.txt'}\npictures/../../mine.txt\n")
    with open_work_folder(output(tmp_path), JOB) as folder:
        remove_work_folder(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", ["000000.json", "000000.packets"])
def test_a_changed_byte_is_noticed(tmp_path: Path, name: str) -> None:
    place = begin(output(tmp_path), 1) / name
    whole = place.read_bytes()
    for at in range(0, len(whole), 3):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with open_work_folder(output(tmp_path), JOB) as folder:
            found = folder.segment(0)
            assert found is None or not folder.is_sound(0, found, 1)
            place.write_bytes(whole)


def test_parts_of_a_version_without_a_list_go(tmp_path: Path) -> None:
    work = begin(output(tmp_path))
    (work / "files").unlink()
    (work / "notes.txt").write_text("mine")
    (work / "job.json").write_text('{"version": 1, "job": {}}')
    with open_work_folder(output(tmp_path), JOB) as folder:
        assert list(folder.segments()) == []
        remove_work_folder(folder)
    assert tree(work) == {"notes.txt": b"mine"}
