import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.cli import main
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from tests.support.processes import closed, limited


def run(*words: str | Path) -> int:
    return main.main([str(word) for word in words])


def test_a_summary_and_a_status(
    solo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"")
    status = run("extract", solo / "clip.mp4", bad, "--as", "ben", "--data", tmp_path, "--max", "5")
    told = capsys.readouterr()
    assert status == 2
    assert f"{tmp_path / 'ben'}: 5 new faces" in told.out
    assert "left out: 9 surplus" in told.out
    assert "14 frames looked at" in told.out
    assert f"{bad}: is empty" in told.err
    assert told.err.splitlines()[-1] == ("faceswap-ae: 1 of the inputs gave trouble, as told above")
    assert run("extract", solo / "clip.mp4", "--as", "ben", "--data", tmp_path) == 0
    assert f"{tmp_path / 'ben'}: 9 new faces" in capsys.readouterr().out


def test_no_face_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images.write(tmp_path / "wall.jpg", np.full((300, 400, 3), 99, np.uint8))
    assert run("extract", tmp_path / "wall.jpg", "--as", "ben", "--data", tmp_path) == 2
    err = capsys.readouterr().err
    assert f"{tmp_path / 'wall.jpg'}: no face found" in err and err.count("no face found") == 1
    assert not list((tmp_path / "ben").glob("*.png"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--detector", "hgo"], "did you mean 'hog'"),
        (["--max", "0"], "--max 0"),
        (["--crop", "wole"], "did you mean 'whole'"),
        (["--crop", "half"], "whole"),
        (["--start", "soon"], "is not a time"),
        (["--like", "nobody.jpg"], "nobody.jpg: no such file"),
    ],
)
def test_wrong_words(
    words: list[str], said: str, solo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = ["extract", str(solo / "clip.mp4"), "--as", "ben", "--data", str(tmp_path)]
    assert run(*begin, *words) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../ben", "a/b", "", ".x"])
def test_a_name_is_a_folders_name(
    name: str, solo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("extract", solo / "clip.mp4", "--as", name, "--data", tmp_path) == 2
    assert "--as" in capsys.readouterr().err


def test_a_full_disk_is_told_and_nothing_is_lost(solo: Path, tmp_path: Path) -> None:
    words = ["-m", "faceswap_ae", "extract", str(solo / "clip.mp4"), "--as", "ben"]
    words += ["--data", str(tmp_path), "--quiet"]
    command = limited(12_000, [sys.executable, *words])
    full = subprocess.run(command, capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert "free some space" in full.stderr
    assert len(full.stderr.splitlines()) == 1
    assert run(*words[2:]) == 0
    assert len(face_file.pictures(tmp_path / "ben")) == 14


def test_a_closed_folder_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clips = Path(folder, "clips")
        clips.mkdir()
        Path(folder).chmod(0o755)
        words = ("extract", clips, "--as", "ben", "--data", Path(folder, "data"))
        run(*words)  # it imports what another user might not be allowed to
        capsys.readouterr()
        with closed(clips):
            assert run(*words) == 2
    assert "no permission to read this folder" in capsys.readouterr().err
