import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.segment_store import (
    OutputSpec,
    PacketInfo,
    Segment,
    WorkFolder,
    WrittenFrame,
    open_work_folder,
    remove_work_folder,
)
from faceswap_ae.media.span import Span
from tests.support.written_clips import new

SEGMENT = Segment(
    (
        WrittenFrame(Fraction(1, 3), Fraction(7, 90000), {"face": "ada"}),
        WrittenFrame(Fraction(1), Fraction(1)),
    ),
    (PacketInfo(3, 1, True), PacketInfo(0, 0, False)),
    2,
    b"\0\1",
)
JOB = {"face": "ben", "onto": "ada", "step": 12000, "mixed": (1, 2.5)}


def output(folder: Path) -> OutputSpec:
    return OutputSpec(folder / "out.mp4", new())


def fill(folder: WorkFolder, number: int) -> None:
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
