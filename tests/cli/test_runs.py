import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from faceswap_ae.cli.runs import app
from faceswap_ae.cli.terminal import Session
from faceswap_ae.common.errors import UserError
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.metric_log import MetricLog, MetricRow
from faceswap_ae.training.runs.run import begin_run
from tests.support.processes import HEAVY
from tests.support.run_files import FACTS, Settings, state_of, trained


def said(place: Path, *words: str, quiet: bool = False) -> str:
    """Run a command and return its output. Exceptions of the command are raised."""
    session = Session(quiet, runs=place)
    done = CliRunner().invoke(app, list(words), obj=session, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with two runs: a trained one, and one that begins with its weights (a fork)."""
    run = trained(tmp_path / "ben-ada", 12000)
    checkpoint.snapshot(run.checkpoints, state_of(5000))
    MetricLog(run.log).add(MetricRow(12000, {"total": 0.12345, "mask": 0.5}))
    for path in run.folder.rglob("*"):
        os.utime(path, (1.7e9, 1.7e9))
    other = begin_run(tmp_path / "b", Settings(), replace(FACTS, origin="ben-ada at step 12000"))
    checkpoint.save(other.checkpoints, state_of(0))
    return tmp_path


@pytest.mark.parametrize("words", [[], ["list"], ["show"], ["pack"], ["rm"]])
def test_help_is_quick_and_has_examples(words: list[str]) -> None:
    program = (
        "import sys; from faceswap_ae.cli.runs import app\n"
        "try: app(sys.argv[1:])\n"
        f"finally: print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, *words, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"
    assert "\nfaceswap-ae runs " in done.stdout.replace("  ", "")


def test_list(place: Path) -> None:
    head, forked, run = said(place, "list").splitlines()
    assert head.split()[:7] == ["run", "face", "onto", "model", "trainer", "step", "size"]
    assert forked.split()[:6] == ["b", "ben", "ada", "df", "plain", "0"]
    assert run.split()[:6] == ["ben-ada", "ben", "ada", "df", "plain", "12000"]
    assert "2023-11-1" in run and " kB " in run
    assert head.index("step") + 4 == forked.index(" 0 ") + 2 == run.index("12000") + 5
    assert head.index("last change") == run.index("2023")


def test_list_for_programs(place: Path) -> None:
    rows = [json.loads(line) for line in said(place, "list", "--json").splitlines()]
    assert [row["name"] for row in rows] == ["b", "ben-ada"]
    assert rows[1]["step"] == 12000
    assert rows[1]["changed"] == 1.7e9
    files = [path for path in (place / "ben-ada").rglob("*") if path.is_file()]
    assert rows[1]["size"] == sum(path.stat().st_size for path in files)


def test_a_damaged_run_does_not_hide_the_others(place: Path) -> None:
    (place / "b" / "run.json").write_text("{")
    assert said(place, "list").splitlines()[1].split()[:3] == ["b", "?", "?"]


def test_no_runs_yet(tmp_path: Path) -> None:
    assert "no runs yet" in said(tmp_path / "runs", "list")
    assert said(tmp_path / "runs", "list", "--json") == ""


def test_show(place: Path) -> None:
    shown = said(place, "show", "ben-ada")
    for part in (
        "ben-ada: ben onto ada, crop whole\n",
        "model df, trainer plain, begun 20",
        "step 12000, ",
        " on disk, last change 2023-11-1",
        "checkpoints:\n  step 12000, ",
        "snapshots:\n  step 5000, ",
        "losses at step 12000: total 0.1235, mask 0.5\n",
        "recipe.yaml:\nsize: 64\nrate: ",
    ):
        assert part in shown
    assert "from the weights of ben-ada at step 12000\n" in said(place, "show", str(place / "b"))
    told = json.loads(said(place, "show", "ben-ada", "--json"))
    assert (told["checkpoints"], told["snapshots"]) == ([12000], [5000])
    assert told["losses"] == {"total": 0.12345, "mask": 0.5}


def test_show_of_a_run_that_has_not_begun(tmp_path: Path) -> None:
    begin_run(tmp_path / "x", Settings(), FACTS)
    shown = said(tmp_path, "show", "x")
    assert "step 0" in shown and "checkpoints" not in shown and "losses at" not in shown


def test_pack(place: Path, tmp_path: Path) -> None:
    assert f"at step 12000 into {place / 'ben-ada.zip'}, " in said(place, "pack", "ben-ada")
    light = tmp_path / "light.zip"
    assert said(place, "pack", "ben-ada", "-o", str(light), "--light", quiet=True) == ""
    said(place, "pack", "ben-ada", "-o", str(light), "--light")  # again: it is of our own making
    (tmp_path / "mine.zip").write_text("mine")
    with pytest.raises(UserError, match=r"mine\.zip: is there already"):
        said(place, "pack", "ben-ada", "-o", str(tmp_path / "mine.zip"))
    names = [Path(name).name for name in ZipFile(light).namelist()]
    whole = [Path(name).name for name in ZipFile(place / "ben-ada.zip").namelist()]
    assert sum("weights" in name for name in names) == 1
    assert sum("optimiser" in name for name in names) == 0
    assert sum("optimiser" in name for name in whole) == 1


def test_rm_wants_a_yes(place: Path) -> None:
    with pytest.raises(UserError) as caught:
        said(place, "rm", "ben-ada")
    message = str(caught.value)
    assert "ben-ada: ben onto ada, step 12000, " in message
    assert message.endswith("would be gone for good; say --yes to delete it")
    assert (place / "ben-ada" / "run.json").exists()
    assert "deleted" in said(place, "rm", "ben-ada", "--yes")
    assert [path.name for path in place.iterdir()] == ["b"]
    with pytest.raises(UserError, match="unknown run 'ben-ada'"):
        said(place, "rm", "ben-ada", "--yes")
