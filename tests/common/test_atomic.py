import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faceswap_ae.common import atomic
from faceswap_ae.common.atomic import (
    ABANDONED,
    check_is_no_input,
    explain_os_error,
    part_name,
    replacing,
    replacing_folder,
    write_text,
)
from faceswap_ae.common.errors import Fault, UserError


def test_file_appears_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    with replacing(path) as part:
        part.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [item.name for item in path.parent.iterdir()] == ["file.txt"]


def test_a_name_that_is_no_text_is_written_all_the_same(tmp_path: Path) -> None:
    write_text(tmp_path / "page.html", "Caf\udce9")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "Caf\\udce9"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_keeps_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as part:
            part.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("hours", [-2, 2, 24 * 366])  # ahead: by a clock that was wrong
def test_what_another_machine_left_goes_once_nobody_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    path = tmp_path / "file [1].txt"
    path.write_text("first")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(atomic, "machine", lambda: "0a1b2c3d")
        remains = tmp_path / part_name(path)
    remains.write_text("left by a kill, or another run's")
    write_text(path, "second")
    assert remains.exists()
    aged(remains, hours)
    write_text(path, "third")
    assert path.read_text() == "third"
    assert not remains.exists()


@pytest.mark.parametrize("hours", [-24 * 366, -2, 2, 24 * 366])
def test_a_clock_that_jumps_takes_no_part_from_a_living_process(tmp_path: Path, hours: int) -> None:
    (tmp_path / "other").write_text("old")
    with replacing(tmp_path / "file.txt") as part:
        part.write_text("mine")
        aged(part, hours)
        write_text(tmp_path / "other", "new")
        assert part.exists()
    assert (tmp_path / "file.txt").read_text() == "mine"


def test_a_killed_process_is_gone_though_nobody_asked_how_it_ended(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from faceswap_ae.common.atomic import part_name;"
    )
    program += "print(part_name(Path('out')), flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        left = tmp_path / child.stdout.readline().rstrip("\n")
        left.write_text("half")
        assert not atomic.is_abandoned(left)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie
        assert atomic.is_abandoned(left)


def aged(path: Path, hours: float = 2 * ABANDONED / 3600) -> Path:
    """As if nobody had written to it for hours."""
    hours_ago = time.time() - 3600 * hours
    os.utime(path, (hours_ago, hours_ago))
    return path


def part_of_a_dead_process(path: Path) -> Path:
    """A part's name as a process that ended gave it."""
    program = (
        "import sys; from pathlib import Path; from faceswap_ae.common.atomic import part_name;"
    )
    program += "print(part_name(Path(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    return path.with_name(done.stdout.rstrip("\n"))


@pytest.mark.parametrize("name", ["out.mp4", "film [1] of 2.mkv", "folder", "n" * 250 + ".png"])
def test_what_a_dead_process_left_goes_at_once(tmp_path: Path, name: str) -> None:
    left, folder = (part_of_a_dead_process(tmp_path / name) for _ in range(2))
    left.write_text("half")
    folder.mkdir()
    (folder / "1.png").write_text("half")
    write_text(tmp_path / "other", "new")
    assert [item.name for item in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize(
    "name",
    [
        ".backup.part-1-of-3.zip",
        ".holiday.part-01-02.mkv",
        ".out.part-12345-0.mp4",
        ".out.part-0a1b2c3d-99999-0123456789ab-01234567.mp4",
    ],
)
def test_what_others_call_a_part_stays(tmp_path: Path, name: str) -> None:
    aged_file = tmp_path / name
    aged_file.write_text("mine")
    aged(aged_file)
    aged_folder = tmp_path / f"{name}.d"
    aged_folder.mkdir()
    (aged_folder / "kept").write_text("mine")
    aged(aged_folder)
    write_text(tmp_path / "out", "new")
    assert aged_file.read_text() == (aged_folder / "kept").read_text() == "mine"


def test_a_link_called_as_a_part_stays_and_so_does_what_it_leads_to(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "thesis.txt").write_text("mine")
    place = tmp_path / "work" / "out"
    link = part_of_a_dead_process(place)
    link.parent.mkdir()
    link.symlink_to(docs)
    write_text(place, "new")
    assert link.is_symlink() and (docs / "thesis.txt").read_text() == "mine"


def test_a_planted_link_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    place = tmp_path / "out.txt"
    planted = tmp_path / part_name(place)
    planted.symlink_to(victim)
    monkeypatch.setattr("faceswap_ae.common.atomic.part_name", lambda _: planted.name)
    with pytest.raises(UserError, match="cannot be written"):
        write_text(place, "new")
    assert victim.read_text() == "mine"


def test_two_writers_of_one_name_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with replacing(path) as one, replacing(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() in ("one", "other")
    assert [item.name for item in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_appears_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    path.mkdir()
    with replacing_folder(path) as part:
        (part / "1.txt").write_text("one")
        assert not any(path.iterdir())
    assert [item.name for item in path.iterdir()] == ["1.txt"]

    def again() -> None:
        with replacing_folder(path):
            raise AssertionError("is not reached")

    with pytest.raises(UserError, match="not empty"):
        again()

    def stopped() -> None:
        with replacing_folder(tmp_path / "others") as part:
            (part / "1.txt").write_text("one")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [item.name for item in tmp_path.iterdir()] == ["frames"]


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    check_is_no_input(path, [path])
    path.write_text("")
    check_is_no_input(tmp_path / "other.mp4", [path])
    (tmp_path / "link.mp4").symlink_to(path)
    with pytest.raises(UserError, match="is a clip that is read"):
        check_is_no_input(tmp_path / "link.mp4", [path])


def test_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        write_text(tmp_path, "text")


def test_file_as_parent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another place"):
        write_text(tmp_path / "file" / "inner.txt", "text")


def test_full_disk_is_the_machines_fault(tmp_path: Path) -> None:
    error = explain_os_error(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "out.mp4")
    assert isinstance(error, Fault)
    assert "No space left" in str(error) and "out.mp4" in str(error)
