"""Does a conversion that was stopped have the marks of one that was not?"""

from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import Converter
from faceswap_ae.marks.credentials import sidecar_of
from faceswap_ae.marks.seal import MarkOptions
from faceswap_ae.marks.verification import verify_file
from faceswap_ae.media.clip import open_clip
from tests.support.conversions import options, shown, stopping


def test_stopped_and_taken_up_it_has_the_same_marks(
    studio: Path, play: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(studio / "cache"))
    own = options(studio, segment=20, marks=MarkOptions(), view="all")
    clip, out = open_clip(play / "clip.mp4"), tmp_path / "parts.mkv"
    with pytest.raises(KeyboardInterrupt):
        convert_clip(Converter(own, stopping("swap", 33)), clip, out)
    assert not sidecar_of(out).exists()
    convert_clip(Converter(own, no_progress), clip, out)
    convert_clip(Converter(own, no_progress), clip, tmp_path / "whole.mkv")
    assert all(map(np.array_equal, shown(tmp_path / "whole.mkv"), shown(out)))
    for name in ("parts.mkv", "parts-side.mkv", "parts-triptych.mkv"):
        found = verify_file(tmp_path / name)
        assert found.watermark is not None and not found.lost
    # A mask that others compose with is exact.
    assert {0, 255} <= set(np.unique(shown(tmp_path / "parts-mask.mkv")[9]))
