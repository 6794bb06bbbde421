import os
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow

from faceswap_ae.common.errors import UserError
from faceswap_ae.media import images, provenance
from faceswap_ae.media.montage import side_by_side
from faceswap_ae.media.ownership import check_may_replace, is_ours
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segments import OutputSpec
from tests.support.clips import Recording, record
from tests.support.written_clips import NOISE, new, write_all

MARKS = provenance.make_marks(datetime(2026, 11, 20, tzinfo=UTC), "ben's face put onto ada")
FOREIGN = {
    "page.html": b"<!doctype html>\n<html><head><meta charset='utf-8'></head></html>",
    "swap.mp4.json": b'{"mine": 1}',
    "notes.mp4": b"not even a clip",
    "empty.mp4": b"",
    "broken.png": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_others_wrote_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FOREIGN[name])
    with pytest.raises(UserError, match=r"faceswap_ae did not make it; choose another name, or"):
        check_may_replace(path)
    check_may_replace(path, overwrite=True)
    assert path.read_bytes() == FOREIGN[name]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif"])
def test_pictures_of_others_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    pillow.fromarray(NOISE).save(path)
    assert not is_ours(path)


def test_a_clip_of_somebody_else_is_refused(tmp_path: Path) -> None:
    assert not is_ours(record(tmp_path / "mine.mp4", Recording(count=2)))


@pytest.mark.parametrize("odd", ["link", "pipe"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "odd.mp4"
    if odd == "link":
        path.symlink_to("nowhere")
    else:
        os.mkfifo(path)
    with pytest.raises(UserError, match="is there already"):
        check_may_replace(path)


def test_a_new_name_and_a_folder_are_not_asked(tmp_path: Path) -> None:
    check_may_replace(tmp_path / "new.mp4")
    check_may_replace(tmp_path)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.gif"])
def test_what_is_written_again_is_known_for_ours(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_all(path, new(), [np.roll(NOISE, shift) for shift in range(3)])
    assert is_ours(path)
    assert provenance.read(path) is None  # nothing in it was altered


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.gif"])
def test_a_conversion_is_known_for_ours(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with resumable(OutputSpec(path, new(), marks=MARKS), {}) as parts:
        parts.write(NOISE, Fraction(0), Fraction(1, 25))
    assert is_ours(path)


def test_clips_side_by_side_are_known_for_ours(plain_clip: Path, tmp_path: Path) -> None:
    for suffix in (".mp4", ".mkv"):
        out = tmp_path / f"both{suffix}"
        side_by_side([plain_clip, plain_clip], ["a", "b"], out)
        assert is_ours(out)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_picture_is_known_for_ours(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sheet{suffix}"
    images.write(path, NOISE)
    assert is_ours(path)
