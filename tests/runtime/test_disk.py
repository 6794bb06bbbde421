import os
import shutil
from pathlib import Path

import pytest

from faceswap_ae.common.quantities import format_bytes
from faceswap_ae.runtime.disk import free_bytes, last_change, used_bytes


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (1_550_000_000, "1.55 GB"),
        (23 * 10**12, "23 TB"),
    ],
)
def test_sizes_in_words(count: int, said: str) -> None:
    assert format_bytes(count) == said


def test_what_is_free_where_a_folder_will_be(tmp_path: Path) -> None:
    most = shutil.disk_usage(tmp_path).total
    assert 0 < free_bytes(tmp_path / "not" / "there" / "yet") <= most


def test_what_is_taken(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "a").write_bytes(bytes(5))
    (tmp_path / "deep" / "er" / "b").write_bytes(bytes(7))
    assert used_bytes([tmp_path]) == 12
    assert used_bytes(tmp_path.glob("a")) == 5
    assert used_bytes([tmp_path / "nothing"]) == 0


def test_the_last_change(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name, when in (("a", 1e9), ("deep/b", 1.5e9)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (when, when))
    assert last_change(tmp_path) == 1.5e9
    assert last_change(tmp_path / "nothing") == 0
