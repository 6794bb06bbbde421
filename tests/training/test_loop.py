import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import UserError
from faceswap_ae.training.recipe import parse_recipe, stages_of
from faceswap_ae.training.runs import checkpoint, metric_log
from faceswap_ae.training.stages import Budget
from faceswap_ae.training.train import Job, train
from tests.support.own_plugins import forgotten
from tests.support.trainings import job, staged, state

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def own_folder() -> Iterator[None]:
    """A folder of plug-ins that counts in this test only."""
    with forgotten():
        yield


@pytest.mark.usefixtures("own_folder")
def test_spoilt_weights_are_not_saved(
    two_people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The gradient is NaN although the loss is a number."""
    (tmp_path / "mine" / "trainers").mkdir(parents=True)
    (tmp_path / "mine" / "trainers" / "spoilt.py").write_text(SPOILT)
    plugins.add_folder(tmp_path / "mine")
    text = "model: quick\ntrainer: spoilt\nbatch: 2\nsave_minutes: 1e-9\n"
    settings = parse_recipe(text, "spoilt", ["width=.1", "size=32", "precision=float32"])
    with pytest.raises(UserError, match="the run is kept at step 0"):
        train(Job(two_people / "ben", two_people / "ada", tmp_path / "run", settings, Budget(3)))
    assert "a weight is no number" in caplog.text
    weights = state(tmp_path / "run").arrays["weights"].values()
    assert all(np.isfinite(array).all() for array in weights)


def test_a_loss_gone_wrong_goes_back_at_half_the_rate(
    two_people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A far too high learning rate ends in a loss that is NaN. The term and the files are named."""
    wild = job(two_people, tmp_path / "run", 12, "rate=1e18", "warmup=0", "decay=none", "clip=null")
    with pytest.raises(UserError, match="at every rate; the run is kept at step 0") as caught:
        train(wild)
    assert re.search(r": the loss autoencoder/face \w+ is (nan|inf) at every", str(caught.value))
    assert "(model quick, trainer autoencoder)" in str(caught.value)
    told = [
        record.getMessage() for record in caplog.records if "of the rate" in record.getMessage()
    ]
    assert told[0].endswith("back to step 0 at 0.5 of the rate")
    assert len(told) == 6
    assert state(tmp_path / "run").step == 0
    assert all(
        np.isfinite(array).all() for array in state(tmp_path / "run").arrays["weights"].values()
    )


PROGRAM = """
import sys
from pathlib import Path
from tests.support.trainings import job
from faceswap_ae.training.train import train
train(job(Path(sys.argv[1]), Path(sys.argv[2]), 10**6, "save_minutes=0.005"),
      lambda report: print(report.moment.step, flush=True))
"""


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_stopped_at_any_moment_nothing_is_lost(
    how: signal.Signals, two_people: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", PROGRAM, str(two_people), str(tmp_path / "run")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        steps = [int(child.stdout.readline()) for _ in range(2)]
        with pytest.raises(UserError, match=f"is trained by process {child.pid} on"):
            train(job(two_people, tmp_path / "run", 10**6))
        os.kill(child.pid, how)
    found = state(tmp_path / "run")
    least = steps[-1] if how is signal.SIGINT else 1
    assert found.step >= least
    preview = tmp_path / "run" / "preview.png"
    done = job(two_people, tmp_path / "run", found.step + 2)
    train(done)
    assert state(tmp_path / "run").step == found.step + 2
    preview.unlink()  # as if the kill had come between the last save and its preview
    train(done)
    assert preview.exists()
    before = preview.stat().st_mtime_ns
    train(done)
    assert preview.stat().st_mtime_ns == before


SPOILT = """
from dataclasses import dataclass
from keras import ops
from faceswap_ae.networks.model_interface import FACE
from faceswap_ae.networks.trainer_interface import Player

@dataclass(frozen=True)
class Options:
    pass

def build(networks, options, known):
    def loss(pair):
        made = networks.reconstruct(pair[FACE].warped, FACE).face
        sound = ops.nan_to_num(made)
        return {"root": ops.mean(ops.sqrt(sound - sound))}  # 0, and steep beyond all numbers
    return [Player("spoilt", loss, {name: networks.parts[name] for name in ("encoder", "inter")})]
"""

GREEDY = """
from dataclasses import dataclass
from keras import ops
from faceswap_ae.networks.model_interface import FACE
from faceswap_ae.networks.trainer_interface import Player

@dataclass(frozen=True)
class Options:
    most: int = 2

def build(networks, options, known):
    def loss(pair):
        if pair[FACE].warped.shape[0] > options.most:
            raise MemoryError("more than there is")
        made = networks.reconstruct(pair[FACE].warped, FACE).face
        return {"error": ops.mean(ops.abs(made - pair[FACE].target))}
    return [Player("greedy", loss, {name: networks.parts[name] for name in ("encoder", "inter")})]
"""


@pytest.mark.usefixtures("own_folder")
def test_what_does_not_fit_becomes_a_smaller_batch(
    two_people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The test's trainer raises the out-of-memory error of a GPU."""
    (tmp_path / "mine" / "trainers").mkdir(parents=True)
    (tmp_path / "mine" / "trainers" / "greedy.py").write_text(GREEDY)
    plugins.add_folder(tmp_path / "mine")
    text = "model: quick\ntrainer: greedy\nbatch: 8\nprecision: float32\n"
    settings = parse_recipe(text, "greedy", ["width=.1", "size=32"])
    train(Job(two_people / "ben", two_people / "ada", tmp_path / "run", settings, Budget(3)))
    assert state(tmp_path / "run").facts["batch"] == 2
    assert "going on with batches of 2" in caplog.text
    hopeless = parse_recipe(text, "greedy", ["width=.1", "size=32", "most=0"])
    with pytest.raises(UserError, match="not even a batch of 1"):
        train(Job(two_people / "ben", two_people / "ada", tmp_path / "other", hopeless, Budget(3)))


STAGED = """
import sys
from pathlib import Path
from tests.support.trainings import staged
from faceswap_ae.training.train import train
train(staged(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), "save_minutes=0.001"),
      lambda report: print(report.moment.stage, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["four", "gan64"])
def test_a_run_passes_its_stages_though_it_is_killed_in_one(
    recipe: str, two_people: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-c", STAGED, recipe, str(two_people), str(run)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        told = next(line for line in child.stdout if "(1 of" not in line)
        child.kill()
    left, whole = state(run), staged(recipe, two_people, run)
    names = [one.name for one in stages_of(whole.recipe)]
    last, stage = len(names) - 1, left.facts["stage"]["number"]
    assert 1 <= stage < last
    assert names.index(told.partition(" (")[0]) <= stage + 1
    train(whole)
    assert state(run).facts["stage"]["number"] == last
    rows = metric_log.read(run / "log.jsonl")
    gone_on = [row.stage for row in rows if row.step > left.step and row.stage]
    # A row includes a step or two before it, so a short stage may be over at that time.
    assert names.index(gone_on[0].partition(" (")[0]) >= stage
    assert gone_on[-1].startswith(names[last])
    assert len(list((run / "stages").iterdir())) == last  # one preview at the end of each stage
    kept = checkpoint.listed(run / "checkpoints", "snapshot")
    keeping = [number - 1 for number, one in enumerate(stages_of(whole.recipe)) if one.keep]
    assert [one.facts["stage"]["number"] for one in kept] == keeping  # of the stages before
