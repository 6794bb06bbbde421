"""Are single converted frames (stills) the same as those of the whole conversion?"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.converter import Converter
from faceswap_ae.conversion.stills import render_masks, render_still
from faceswap_ae.media import images, provenance
from faceswap_ae.media.clip import open_clip
from tests.support.conversions import converted, options, shown


@pytest.fixture(scope="module")
def whole(studio: Path, play: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The play, converted with all views."""
    out = tmp_path_factory.mktemp("out") / "whole.mkv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(studio / "cache"))
        converted(studio, play / "clip.mp4", out, view="all")
    return out


@pytest.fixture(autouse=True)
def _cache(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests share the cache of the faces detected in clips."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(studio / "cache"))


def test_a_still_is_the_frame_of_the_whole(
    whole: Path, studio: Path, play: Path, tmp_path: Path
) -> None:
    converter = Converter(options(studio, view="side"), no_progress)
    out = render_still(converter, open_clip(play / "clip.mp4"), Fraction(32, 8), tmp_path / "x.png")
    picture = images.read(out)
    assert picture.shape == (192, 512, 3)
    wanted = shown(whole)[32]
    # Only one second on either side is detected, not the whole track, so places differ a little.
    assert np.abs(picture[20:, 256:].astype(int) - wanted[20:]).mean() < 1
    assert provenance.read(out) is not None


def test_masks_are_those_of_the_view_of_them(whole: Path, studio: Path, play: Path) -> None:
    found = render_masks(
        Converter(options(studio), no_progress), open_clip(play / "clip.mp4"), [9, 32, 63]
    )
    assert list(found) == [9, 32, 63]
    wanted = shown(whole.with_stem("whole-mask"))
    for number, picture in found.items():
        assert picture.max() > 200
        assert np.abs(picture.astype(int) - wanted[number]).max() <= 2
