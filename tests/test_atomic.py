import errno
from pathlib import Path

import pytest

from faceswap_ae.atomic import explained, replacing, write_text
from faceswap_ae.errors import Fault, UserError


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


def test_remains_of_a_kill_are_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with replacing(path) as part:
        remains = part
        part.write_text("first")
    remains.write_text("left by a kill")
    write_text(path, "second")
    assert path.read_text() == "second"
    assert not remains.exists()


def test_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        write_text(tmp_path, "text")


def test_file_as_parent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another place"):
        write_text(tmp_path / "file" / "inner.txt", "text")


def test_full_disk_is_the_machines_fault(tmp_path: Path) -> None:
    error = explained(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "out.mp4")
    assert isinstance(error, Fault)
    assert "No space left" in str(error) and "out.mp4" in str(error)
