import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.atomic import part_name
from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.training.data.pixel_cache import Bytes, PixelCache

LENGTH = 1000


def numbers(start: int = 0) -> Iterator[Bytes]:
    """Yield a thousand bytes in four pieces."""
    for piece in range(4):
        yield np.full((25, 10), start + piece, np.uint8)


def never() -> Iterator[Bytes]:
    raise AssertionError("made again")
    yield


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_made_once_is_found_again(tmp_path: Path) -> None:
    cache = PixelCache(tmp_path / "kept")
    made = cache.kept("a", LENGTH, numbers)
    assert np.array_equal(made, np.repeat(np.arange(4, dtype=np.uint8), 250))
    found = cache.kept("a", LENGTH, never)
    assert isinstance(found, np.memmap) and not found.flags.writeable
    assert np.array_equal(found, made)
    assert names(tmp_path / "kept") == ["a.faces"]


def test_a_file_of_another_length_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "a.faces").write_bytes(b"short")
    assert len(PixelCache(tmp_path).kept("a", LENGTH, numbers)) == LENGTH


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = PixelCache(tmp_path, most=3 * LENGTH)
    for age, key in enumerate("abc"):
        cache.kept(key, LENGTH, numbers)
        os.utime(tmp_path / f"{key}.faces", (1000 + age, 1000 + age))
    (tmp_path / "notes.txt").write_text("not ours")
    cache.kept("a", LENGTH, never)
    cache.kept("d", LENGTH, numbers)
    assert names(tmp_path) == ["a.faces", "c.faces", "d.faces", "notes.txt"]


def test_memory_serves_where_nothing_can_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = PixelCache(tmp_path / "file" / "kept")
    with caplog.at_level(logging.WARNING):
        found = cache.kept("a", LENGTH, numbers)
    assert np.array_equal(found, np.repeat(np.arange(4, dtype=np.uint8), 250))
    assert len(caplog.records) == 1
    assert "held in memory" in caplog.text


def test_memory_serves_what_is_too_large_for_all_files(tmp_path: Path) -> None:
    found = PixelCache(tmp_path, most=LENGTH - 1).kept("a", LENGTH, numbers)
    assert found[-1] == 3
    assert names(tmp_path) == []


def test_what_has_no_place_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="have no place there; free some space"):
        PixelCache(tmp_path, most=0, memory=LENGTH - 1).kept("a", LENGTH, numbers)


def test_a_broken_picture_is_no_trouble_of_the_cache(tmp_path: Path) -> None:
    def broken() -> Iterator[Bytes]:
        yield from numbers()
        raise MediaError("ada.png: broken picture")

    with pytest.raises(MediaError, match="broken picture"):
        PixelCache(tmp_path).kept("a", LENGTH, broken)
    assert names(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from faceswap_ae.training.data.pixel_cache import PixelCache

def pieces():
    yield np.zeros(100000, np.uint8)
    os.kill(os.getpid(), signal.SIGKILL)

PixelCache(Path(sys.argv[1])).kept("a", 200000, pieces)
"""


def test_a_kill_leaves_no_half_file(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode < 0
    (part,) = names(tmp_path)
    assert part.startswith(".")
    assert len(PixelCache(tmp_path).kept("a", LENGTH, numbers)) == LENGTH
    assert names(tmp_path) == ["a.faces"]


def test_a_part_stays_while_its_process_may_be_at_work(tmp_path: Path) -> None:
    own = tmp_path / part_name(tmp_path / "a.faces")  # of this process, which is running
    own.touch()
    cache = PixelCache(tmp_path)
    cache.kept("a", LENGTH, numbers)
    os.utime(own, (1000, 1000))  # whatever a clock says
    cache.kept("b", LENGTH, numbers)
    assert names(tmp_path) == [own.name, "a.faces", "b.faces"]


def test_a_hidden_file_that_is_not_ours_stays(tmp_path: Path) -> None:
    foreign = tmp_path / ".ada.faces"
    foreign.write_bytes(b"ada")
    os.utime(foreign, (1000, 1000))
    PixelCache(tmp_path, most=LENGTH).kept("a", LENGTH, numbers)
    assert names(tmp_path) == [foreign.name, "a.faces"]


def test_the_users_own_cache_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "faceswap_ae" == PixelCache().folder
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    assert cache_dir() == tmp_path / "ada" / ".cache" / "faceswap_ae"
