import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.cli.main import main
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.synthetic.film import Film, film_of, frame, shoot
from faceswap_ae.version import TOOL
from tests.conftest import ROOT
from tests.support.processes import listening
from tests.support.tones import tone

SHORT = Film(seconds=Fraction(1), fps=Fraction(8), size=(160, 120), seed=5)


def told(_: int) -> None:
    """A progress function that does nothing."""


def test_what_is_written_is_what_was_rendered(tmp_path: Path) -> None:
    files = shoot(SHORT, tmp_path, told, lossless=True)
    assert [path.name for path in files] == ["clip.mkv", "truth.json", "face-mask.mkv"]
    pictures, masks = (
        list(frames(open_clip(tmp_path / name))) for name in ("clip.mkv", "face-mask.mkv")
    )
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["film"]["who"] == "ada" and truth["version"] == 1
    assert len(pictures) == len(masks) == len(truth["frames"]) == 8
    for index in (0, 5):
        made, row = frame(SHORT, index), truth["frames"][index]
        assert np.array_equal(pictures[index].image, made.image)
        assert np.array_equal(masks[index].image[..., 0], made.mask)
        assert np.allclose(row["landmarks"], made.landmarks.picture, atol=1e-3)
        assert np.allclose(row["points"], made.landmarks.room, atol=1e-3)
        assert np.allclose(row["turn"], made.turn, atol=1e-5)
        assert {"yaw", "pitch", "roll", "felt", "look"} <= row["act"].keys()


def test_one_core_or_many_make_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = replace(SHORT, seconds=Fraction(4))
    shoot(longer, tmp_path / "many", told)
    monkeypatch.setattr("faceswap_ae.synthetic.render_processes.ALONE_BELOW", 10**6)
    shoot(longer, tmp_path / "one", told)
    for name in ("clip.mp4", "face-mask.mkv", "truth.json"):
        assert (tmp_path / "many" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_a_folder_holds_one_film(tmp_path: Path) -> None:
    short = replace(SHORT, seconds=Fraction(1, 4))
    shoot(short, tmp_path, told)
    shoot(replace(short, who="ben"), tmp_path, told, lossless=True)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"clip.mkv", "face-mask.mkv", "truth.json"}
    assert json.loads((tmp_path / "truth.json").read_text())["clip"] == "clip.mkv"


def test_another_face_in_the_same_performance() -> None:
    plain, truth = SHORT, replace(SHORT, as_if="ben")
    for index in (1, 6):
        one, other = frame(plain, index), frame(truth, index)
        assert np.allclose(one.turn, other.turn)
        inside = one.mask > 0
        off = np.abs(one.image.astype(int) - other.image).max(axis=-1) > 15
        assert off[inside].mean() > 0.2 > off[~inside].mean()


def test_company_occlusion_and_a_cut() -> None:
    busy = replace(SHORT, seconds=Fraction(3), company="carl", occlude=True, cut=True)
    masks = [(frame(busy, index).mask > 0).mean() for index in range(0, busy.count, 3)]
    free = replace(busy, occlude=False)
    assert masks[0] == (frame(free, 0).mask > 0).mean()
    middle = busy.count * 55 // 100
    assert (frame(busy, middle).mask > 0).sum() < (frame(free, middle).mask > 0).sum()
    before, after = (frame(free, busy.count // 2 + step).image.astype(int) for step in (-1, 0))
    assert np.abs(before - after).mean() > 15
    assert np.abs(frame(SHORT, 3).image.astype(int) - frame(SHORT, 4).image).mean() < 15


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["synth", str(tmp_path / "ada"), "--seconds", "1", "--fps", "6", "--size", "160x120"]
    assert main([*words, "--as-if", "ben", "--truth", "face"]) == 0
    clip = open_clip(tmp_path / "ada" / "clip.mp4")
    assert (clip.width, clip.height, clip.count, clip.sound) == (160, 120, 6, ("aac",))
    _, samples = tone(clip.path, 0)
    assert abs(len(samples) / 48_000 - 1) < 0.05
    assert open_clip(tmp_path / "ada" / "face-mask.mkv").pixels == "gray"
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "ada" / name) for name in ("clip.mp4", "truth.json", "face-mask.mkv")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--who", "adda"], "unknown person 'adda'; did you mean 'ada'"),
        (["--as-if", "bne"], "did you mean 'ben'"),
        (["--with", "karl"], "did you mean 'carl'"),
        (["--size", "big"], "'big' is not a size"),
        (["--size", "9000x200"], "a picture of 9000x200"),
        (["--truth", "nose"], "unknown truth 'nose'"),
        (["--fps", "0"], "'0' is not a rate"),
        (["--seconds", "0"], "a film of 0 s has no frame"),
        (["--size", "36x90"], "36x90 is too small: this film needs"),
        (["--with", "karl", "--seconds", "4"], "did you mean 'carl'"),
        (["--who", "random:²"], "unknown person"),
    ],
)
def test_one_clear_line_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["synth", str(tmp_path / "out"), "--seconds", "1", *words]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_being_stopped_leaves_nothing_half_written(tmp_path: Path, number: int) -> None:
    """The signal also reaches the rendering processes, as in a terminal."""
    out = tmp_path / "long"
    command = [sys.executable, "-m", "faceswap_ae", "synth", str(out), "--seconds", "300"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        listening(command), stderr=pipe, text=True, start_new_session=True
    ) as process:
        while not (out.exists() and list(out.glob(".clip*"))):
            assert process.poll() is None
        os.killpg(process.pid, number)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "faceswap-ae: stopped"
    assert not any(out.iterdir())


def test_a_folder_tells_which_film_it_holds(tmp_path: Path) -> None:
    film = Film("random:3", seconds=Fraction(2, 3), fps=Fraction(30000, 1001), size=(192, 144))
    shoot(film, tmp_path, lambda _: None)
    assert film_of(tmp_path) == film
    assert film_of(tmp_path) != replace(film, seed=1)
    (tmp_path / "truth.json").unlink()  # as if it had been stopped
    assert film_of(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("seconds", seconds) for seconds in ("1e999999999", "0", "-1", None, [0])),
        *(("fps", fps) for fps in ("1/0", "0", "x")),
        *(("size", size) for size in ([0, 0], [10**9, 10**9], [192], [192, None], "9x9", [9, 9])),
        *(("who", who) for who in ("nobody", None, "../ada", 7)),
        *(("truth", truth) for truth in ("half", None)),
        *(("seed", seed) for seed in (-1, 1e99, "0")),
        ("cut", 1),
    ],
)
def test_settings_that_no_film_has_are_none(name: str, value: object, tmp_path: Path) -> None:
    told = json.loads(json.dumps(asdict(Film(size=(192, 144))), default=str))
    for changes, film in (({}, Film(size=(192, 144))), ({name: value}, None)):
        head = {"version": 1, "made_by": TOOL, "film": told | changes}
        (tmp_path / "truth.json").write_text(json.dumps(head)[:-1] + ",\n")
        assert film_of(tmp_path) == film


UNGUARDED = """
import faceswap_ae as fs

fs.synth("out", seconds=2, size="160x120", progress=False)
"""


def test_a_script_that_would_start_itself_again_is_told_how(tmp_path: Path) -> None:
    """Each rendering process imports the script that started it."""
    script = tmp_path / "mine.py"
    script.write_text(UNGUARDED)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'put the call under if __name__ == "__main__":' in done.stderr.splitlines()[-1]
    script.write_text(UNGUARDED.replace("fs.synth", 'if __name__ == "__main__":\n    fs.synth'))
    subprocess.run(command, cwd=tmp_path, env=env, check=True)
