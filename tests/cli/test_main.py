import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap_ae import __version__
from faceswap_ae.cli import main
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from tests.support.clips import Recording, number_in, record
from tests.support.processes import HEAVY, listening

COMMANDS = [
    *("demo", "doctor", "swap", "reenact", "anonymise", "extract", "train", "convert", "evaluate"),
    *("preview", "tune"),
    *("fetch", "info", "verify", "cut", "side", "synth"),
    *("faces", "runs", "models"),
]


def run(*words: str | Path) -> int:
    return main.main([str(word) for word in words])


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys; from faceswap_ae.cli.main import main; status = main(sys.argv[1:]);"
        f"print('HEAVY', [name for name in {HEAVY} if name in sys.modules], status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY [] 0"
    assert "faceswap-ae " in done.stdout  # the help shows an example


def test_every_command_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out.partition("Commands:")[2]
    assert [line.split()[0] for line in shown.splitlines() if line.strip()] == COMMANDS


@pytest.mark.parametrize("words", [[], ["faces"], ["runs"]])
def test_nothing_said_is_answered_with_help(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    told = capsys.readouterr()
    assert not told.err
    assert "Commands:" in told.out.splitlines()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"faceswap_ae {__version__}\n"


def test_shell_completion(capsys: pytest.CaptureFixture[str]) -> None:
    environment = {**os.environ, "_FACESWAP_AE_COMPLETE": "complete_bash"}
    environment |= {"COMP_WORDS": "faceswap-ae d", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "faceswap_ae"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.split() == ["demo", "doctor"]
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["cut"], 2, "faceswap-ae cut --help"),
        (["cutt"], 2, "cutt"),
        (["cut", "a.mp4", "-o", "b.mp4", "--crf", "99"], 2, "--crf"),
        (["info", "absent.mp4"], 2, "absent.mp4: no such file"),
        (["cut", "absent.mp4", "-o", "b.mp4"], 2, "absent.mp4: no such file"),
        (["cut", "absent.mp4", "-o", "b.mp4", "--start", "soon"], 2, "'soon' is not a time"),
        (["--plugins", "absent", "doctor"], 2, "absent: has neither"),
    ],
)
def test_an_error_is_one_line(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("faceswap-ae: ") and said in err


def test_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", "absent.mp4", "--debug") == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, plain_clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_path: Path) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("faceswap_ae.media.clip.open_clip", fail)
    assert run("info", plain_clip) == 1
    err = capsys.readouterr().err
    assert err == "faceswap-ae: ZeroDivisionError: by zero (a fault of ours; --debug shows where)\n"


def test_a_name_that_no_disk_takes_is_the_user_s_to_mend(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("info", "x" * 5000) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and "check its name" in line and len(line) < 400


def test_an_option_without_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", "a.mp4", "--data") == 2
    assert "--data" in capsys.readouterr().err


def test_a_rate_for_a_clip_that_has_one(
    plain_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("cut", plain_clip, "-o", tmp_path / "out.mp4", "--fps", "10") == 2
    assert "a rate is for pictures" in capsys.readouterr().err


def test_options_of_every_command_stand_anywhere() -> None:
    assert main.hoisted(["cut", "a", "--quiet", "--data", "d", "-o", "b"]) == [
        "--quiet",
        "--data",
        "d",
        "cut",
        "a",
        "-o",
        "b",
    ]
    assert main.hoisted(["cut", "--runs=r", "--", "--quiet"]) == [
        "--runs=r",
        "cut",
        "--",
        "--quiet",
    ]


def test_info(plain_clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", plain_clip, plain_clip, "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["width"], row["rate"], row["sound"]) for row in rows] == [(64, "30", ["aac"])] * 2
    assert run("info", plain_clip) == 0
    assert "64x48, 30 frames/s, 40 frames" in capsys.readouterr().out


def test_cut(varying_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cut", varying_clip, "-o", tmp_path / "part.mp4", "--frames", "5-9", "-q") == 0
    assert capsys.readouterr() == ("", "")
    found = frames(open_clip(tmp_path / "part.mp4"))
    assert [number_in(frame.image) for frame in found] == [5, 6, 7, 8, 9]


def test_cut_of_a_damaged_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = record(tmp_path / "whole.mp4", Recording(count=200)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    words: list[str | Path] = ["cut", tmp_path / "cut.mp4", "-o", tmp_path / "out.mp4"]
    assert run(*words) == 2
    assert "is cut off" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()
    assert run(*words, "--keep-going") == 0
    assert "warning: " in capsys.readouterr().err
    assert open_clip(tmp_path / "out.mp4").count > 20


def test_pictures_and_back(plain_clip: Path, tmp_path: Path) -> None:
    assert run("cut", plain_clip, "-o", tmp_path / "pictures", "-q") == 0
    again = tmp_path / "again.mkv"
    lossless = ["--fps", "10", "--codec", "ffv1", "-q"]
    assert run("cut", tmp_path / "pictures", "-o", again, *lossless) == 0
    found = list(frames(open_clip(again)))
    assert [number_in(frame.image) for frame in found] == list(range(40))
    assert open_clip(again).rate == 10


def test_side(plain_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.mp4"
    assert run("side", plain_clip, plain_clip, "-o", out, "--names", "ada, ben") == 0
    assert open_clip(out).width == 128


@pytest.mark.parametrize("command", ["cut", "side"])
def test_a_file_of_somebody_is_replaced_only_if_told(
    command: str, plain_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = record(tmp_path / "precious.mp4", Recording(count=3))
    before, words = theirs.read_bytes(), (command, plain_clip, "-o", theirs, "-q")
    assert run(*words) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and "choose another name, or say --overwrite" in line
    assert theirs.read_bytes() == before
    assert run(*words, "--overwrite") == 0
    assert run(*words) == 0  # it is ours now
    assert theirs.read_bytes() != before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_leaves_nothing_half_written(tmp_path: Path, number: int) -> None:
    clip = record(tmp_path / "long.mp4", Recording(count=250, size=(640, 480)))
    out = tmp_path / "out.mp4"
    command = [sys.executable, "-m", "faceswap_ae", "cut", str(clip), "-o", str(out)]
    command += ["--preset", "veryslow", "--quiet"]
    pipe = subprocess.PIPE
    with subprocess.Popen(listening(command), stderr=pipe, text=True) as process:
        while not list(tmp_path.glob(".out*")):
            assert process.poll() is None
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err == "faceswap-ae: stopped\n"
    assert [item.name for item in tmp_path.iterdir()] == ["long.mp4"]


@pytest.mark.parametrize("words", [["extract"], ["faces", "import"]])
@pytest.mark.parametrize(
    "name", ["../../x", "", ".", "..", "a/b", "a\\b", ".hidden", "x" * 200, "a\x1b[2Jb", "a\nb"]
)
def test_a_person_s_name_is_no_path(
    words: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given.jpg"
    given.write_bytes(b"no picture")
    data = tmp_path / "one" / "two" / "data"
    assert run(*words, given, "--as", name, "--data", data) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "give a folder's name without slashes" in line and line.isprintable()
    assert [path.name for path in tmp_path.rglob("*")] == ["given.jpg"]
