import json
from pathlib import Path

import pytest

from faceswap_ae.cli.main import main
from faceswap_ae.media.clip import open_clip

pytestmark = [pytest.mark.usefixtures("cache"), pytest.mark.slow]


def test_the_demo_swaps_and_measures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["demo", "-o", str(tmp_path), "--seconds", "3", "--minutes", "0.02", "--quiet"]
    assert main(words) == 0
    told = capsys.readouterr().out
    for name in ("swap.mp4", "side.mp4", "report.html"):
        assert str(tmp_path / name) in told
        assert (tmp_path / name).stat().st_size > 10_000
    clip = open_clip(tmp_path / "swap.mp4")
    assert (clip.count, len(clip.sound)) == (30, 1)
    assert open_clip(tmp_path / "side.mp4").width == 3 * 480
    assert json.loads((tmp_path / "metrics.json").read_text())
    assert main(["demo", "-o", str(tmp_path), "--seconds", "4"]) == 2
    assert "holds another demo" in capsys.readouterr().err
