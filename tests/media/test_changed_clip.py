"""What becomes of a clip that another program changes while it is read?"""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap_ae.common.errors import MediaError
from faceswap_ae.media.clip import check_unchanged, open_clip
from faceswap_ae.media.reader import frames
from tests.support.clips import Recording, number_in, record
from tests.support.segments import content, make, output

LONG = Recording(count=200, sounds=("aac",))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return record(tmp_path / "clip.mp4", LONG)


def truncated(clip: Path) -> None:
    os.truncate(clip, clip.stat().st_size // 2)


def grown(clip: Path) -> None:
    with clip.open("ab") as file:
        file.write(b"more")


def written_over(clip: Path) -> None:
    with clip.open("r+b") as file:
        file.seek(clip.stat().st_size // 2)
        file.write(b"other bytes")


def replaced(clip: Path) -> None:
    other = record(clip.with_name("other.mp4"), replace(LONG, count=100))
    other.replace(clip)


def removed(clip: Path) -> None:
    clip.unlink()


WAYS = (truncated, grown, written_over, replaced, removed)
way = pytest.mark.parametrize("change", WAYS, ids=lambda change: change.__name__)


@way
def test_no_frame_of_another_file_is_read(clip: Path, change: Callable[[Path], None]) -> None:
    seen = []

    def read() -> None:
        for frame in frames(open_clip(clip)):
            seen.append(number_in(frame.image))
            if len(seen) == 1:
                change(clip)

    with pytest.raises(MediaError, match="changed while it was read"):
        read()
    assert seen == list(range(len(seen)))


@way
def test_no_sound_of_another_file_is_copied(
    clip: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    out = output(tmp_path / "out", clip)

    def late(index: int) -> None:
        if index == LONG.count - 1:
            change(clip)

    with pytest.raises(MediaError, match="changed while it was read"):
        make(out, late)
    assert not out.path.exists()


def test_a_conversion_goes_on_when_the_file_is_itself_again(clip: Path, tmp_path: Path) -> None:
    whole, broken = (output(tmp_path / name, clip) for name in ("whole", "broken"))
    make(whole)
    kept = clip.with_name("kept.mp4")
    shutil.copyfile(clip, kept)

    def once(index: int) -> None:
        if index == 60:
            truncated(clip)

    with pytest.raises(MediaError, match="changed while it was read"):
        make(broken, once)
    kept.replace(clip)
    asked: list[int] = []
    make(output(tmp_path / "broken", clip), asked.append)
    assert asked[0] > 0
    assert content(broken.path) == content(whole.path)


def test_a_look_at_a_clip_costs_nothing_later(clip: Path) -> None:
    opened = open_clip(clip)
    check_unchanged(opened)
    clip.read_bytes()
    check_unchanged(opened)
