import errno
import os
import time
from pathlib import Path

import pytest

from faceswap_ae.common.atomic import (
    ABANDONED,
    check_is_no_input,
    explain_os_error,
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


def test_remains_of_a_kill_are_cleared_once_nobody_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "file [1].txt"
    with replacing(path) as part:
        remains = part
        part.write_text("first")
    remains.write_text("left by a kill, or another run's")
    write_text(path, "second")
    assert remains.exists()
    hours_ago = time.time() - 2 * ABANDONED
    os.utime(remains, (hours_ago, hours_ago))
    write_text(path, "third")
    assert path.read_text() == "third"
    assert not remains.exists()


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
