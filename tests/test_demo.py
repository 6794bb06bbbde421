from pathlib import Path

import pytest

from faceswap_ae.cli import main
from faceswap_ae.clip import open_clip
from faceswap_ae.demo import show
from faceswap_ae.span import Span
from faceswap_ae.terminal import Session
from faceswap_ae.video import frames


def test_demo_shows_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "-o", str(tmp_path), "--seconds", "2", "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "all equal, exactly" in told and "equal, byte for byte" in told
    assert "Not in this release yet" in told
    names = {"clip.mp4", "result.mp4", "side.mp4", "side.gif"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_only_the_marker_changes(tmp_path: Path) -> None:
    shown = show(tmp_path, 1, Session(quiet=True))
    assert shown.untouched_error < 1
    pictures = [
        next(frames(open_clip(path), Span(first=4))).image.astype(int)
        for path in (shown.clip, shown.result)
    ]
    changed = abs(pictures[0] - pictures[1]).max(axis=-1) > 40
    assert 5_000 < changed.sum() < 25_000
