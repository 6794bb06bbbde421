from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.cli import main
from faceswap_ae.clip import open_clip
from faceswap_ae.demo import Shown, show
from faceswap_ae.terminal import Session
from faceswap_ae.video import frames


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(tmp_path_factory.mktemp("demo"), 1, Session(quiet=True))


def test_demo_says_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "-o", str(tmp_path), "--seconds", "1", "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "all equal, exactly" in told and "equal, byte for byte" in told
    assert "Not in this release yet" in told
    assert {path.name for path in tmp_path.iterdir()} == {
        *("ada", "ben-on-ada", "result.mp4", "side.mp4")
    }


def test_the_way_there_and_back_costs_little(shown: Shown) -> None:
    assert shown.frames == 15
    assert shown.outside_error < 1
    assert shown.inside_error < 4
    assert open_clip(shown.side).width == 3 * 480


def test_the_result_is_not_the_clip(shown: Shown) -> None:
    mask = shown.clip.with_name("face-mask.mkv")
    each = (frames(open_clip(path)) for path in (shown.clip, shown.result, mask))
    for before, after, face in zip(*each, strict=True):
        inside = face.image[..., 0] > 0
        assert np.abs(before.image.astype(int) - after.image)[inside].mean() > 5
