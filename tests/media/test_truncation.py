from pathlib import Path

import pytest

from faceswap_ae.media.truncation import missing_bytes
from tests.support.clips import Recording, record


def box(name: bytes, body: bytes, *, large: bool = False) -> bytes:
    """An ISO box whose length has 32 or 64 bits."""
    if large:
        return b"\0\0\0\1" + name + (len(body) + 16).to_bytes(8, "big") + body
    return (len(body) + 8).to_bytes(4, "big") + name + body


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts"])
def test_whole_files(tmp_path: Path, suffix: str) -> None:
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    path = record(tmp_path / f"clip{suffix}", Recording(codec=codec, sounds=("aac",)))
    assert missing_bytes(path) == 0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_the_number_of_bytes_that_are_missing(tmp_path: Path, suffix: str) -> None:
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    path = record(tmp_path / f"clip{suffix}", Recording(codec=codec))
    path.write_bytes(path.read_bytes()[:-100])
    assert missing_bytes(path) == 100


def test_boxes_with_long_lengths(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + box(b"mdat", b"x" * 50, large=True))
    assert missing_bytes(path) == 0
    path.write_bytes(path.read_bytes()[:-7])
    assert missing_bytes(path) == 7


def test_a_box_to_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "open.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + b"\0\0\0\0mdat" + b"x" * 50)
    assert missing_bytes(path) == 0


def test_something_foreign_behind_the_movie(tmp_path: Path) -> None:
    """Phones and editors append their own data. The movie is complete nevertheless."""
    path = record(tmp_path / "noted.mp4")
    path.write_bytes(path.read_bytes() + b"\x7f\xff\xff\xffnote of some tool")
    assert missing_bytes(path) == 0


def test_a_live_recording_does_not_tell(tmp_path: Path) -> None:
    path = tmp_path / "live.mkv"
    header = b"\x1a\x45\xdf\xa3\x84" + b"abcd"
    path.write_bytes(header + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + b"clusters")
    assert missing_bytes(path) == 0


@pytest.mark.parametrize("content", [b"", b"short", b"\x1a\x45\xdf\xa3", b"plain text " * 9])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    assert missing_bytes(tmp_path / "other") == 0
