import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap_ae import checkpoint, cli, faces, history, images, plan, plugins
from faceswap_ae.budget import Budget
from faceswap_ae.diary import Report
from faceswap_ae.errors import UserError
from faceswap_ae.training import Job, train
from tests.face_folders import fill, plain_picture

SMALL = ("width=.25", "size=32", "latent=32", "batch=4", "precision=float32", "preview_seconds=600")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Decoded faces go where nobody else's are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces of ben and ada, 16 each."""
    place = tmp_path_factory.mktemp("data")
    fill(place / "ada", range(0, 32, 2), side=96)
    fill(place / "ben", range(1, 33, 2), side=96)
    return place


def job(data: Path, run: Path, steps: int, *changes: str) -> Job:
    settings = plan.load("quick", [*SMALL, *changes])
    return Job(data / "ben", data / "ada", run, settings, Budget(steps))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 12 steps."""
    run = tmp_path_factory.mktemp("runs") / "ben-ada"
    train(job(data, run, 12))
    return run


def state(run: Path) -> checkpoint.State:
    found = checkpoint.load(run / "checkpoints")
    assert found is not None
    return found


def equal(one: checkpoint.State, other: checkpoint.State) -> bool:
    return all(
        np.array_equal(array, other.arrays[group][name])
        for group in ("weights", "optimiser")
        for name, array in one.arrays[group].items()
    )


def test_a_run_leaves_what_is_needed(trained: Path) -> None:
    found = state(trained)
    assert found.step == 12
    assert set(found.arrays) == {"weights", "optimiser", "codes"}
    assert all(array.dtype == np.float32 for array in found.arrays["weights"].values())
    assert found.facts["batch"] == 4
    rows = history.read(trained / "log.jsonl")
    assert rows[-1].step == 12
    named = {name for row in rows for name in row.losses}
    assert {"autoencoder/face mae", "autoencoder/onto dssim", "held-out/face"} <= named
    drawn = images.read(trained / "preview.png")
    assert drawn.shape[1] == 4 * (128 + 4) + 4  # ada, ada again, ben on ada, mask
    assert any((trained / "events").iterdir())


def test_a_run_goes_on_from_its_step_with_the_same_weights(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    before = state(trained)
    train(job(data, tmp_path / "run", 12))  # nothing is left to do
    assert equal(state(tmp_path / "run"), before)
    train(job(data, tmp_path / "run", 15))
    assert state(tmp_path / "run").step == 15
    assert not equal(state(tmp_path / "run"), before)


def test_the_same_seed_gives_the_same_run(data: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        train(job(data, tmp_path / name, 4))
    assert equal(state(tmp_path / "one"), state(tmp_path / "other"))
    train(job(data, tmp_path / "third", 4, "seed=1"))
    assert not equal(state(tmp_path / "one"), state(tmp_path / "third"))


def test_broken_off_or_not_the_same_comes_out(data: Path, tmp_path: Path) -> None:
    """The optimiser and the batches go on too; only a rate that follows the budget would differ."""
    train(job(data, tmp_path / "whole", 8, "decay=none"))
    train(job(data, tmp_path / "parts", 3, "decay=none"))
    train(job(data, tmp_path / "parts", 8, "decay=none"))
    assert equal(state(tmp_path / "whole"), state(tmp_path / "parts"))


def test_quick_learns_32_faces_by_heart(data: Path, tmp_path: Path) -> None:
    changes = ["batch=16", "rotation=0", "scale=0", "shift=0", "warp=0", "gain=0", "tint=0"]
    changes += ["offset=0", "occluder=0", "hide=false", "width=.5", "even_yaw=false", "dssim=0"]
    told: list[Report] = []
    train(job(data, tmp_path / "run", 400, *changes), told.append)
    rows = [
        row
        for row in history.read(tmp_path / "run" / "log.jsonl")
        if "autoencoder/face mae" in row.losses
    ]
    first, last = rows[0].losses["autoencoder/face mae"], rows[-1].losses["autoencoder/face mae"]
    assert last < 0.02
    assert last < first / 3
    assert told[-1].moment.progress == 1


def test_other_settings_are_refused_and_change_nothing(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    before = {
        path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()
    }
    with pytest.raises(UserError, match=r"network\.width: 0\.25 -> 0\.5"):
        train(job(data, tmp_path / "run", 20, "width=.5"))
    assert before == {
        path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()
    }


def test_a_fork_begins_with_anothers_weights(trained: Path, data: Path, tmp_path: Path) -> None:
    begun = replace(job(data, tmp_path / "fork", 1, "rate=1e-9", "warmup=0"), fork=trained)
    train(begun)
    one, other = state(trained).arrays["weights"], state(tmp_path / "fork").arrays["weights"]
    networks = [name for name in one if not name.startswith("landmarks/")]  # the trainer's own
    assert len(networks) > 20
    assert all(np.allclose(one[name], other[name], atol=1e-6) for name in networks)
    assert state(tmp_path / "fork").step == 1
    assert state(tmp_path / "fork").facts["seconds"] < 60
    with pytest.raises(UserError, match="name another"):
        train(begun)


def test_a_fork_that_does_not_fit_leaves_nothing(trained: Path, data: Path, tmp_path: Path) -> None:
    wrong = replace(job(data, tmp_path / "fork", 1, "width=.5"), fork=trained)
    with pytest.raises(UserError, match="do not fit this model"):
        train(wrong)
    assert not (tmp_path / "fork").exists()
    # A loss of other terms is no other model.
    train(replace(job(data, tmp_path / "fork", 1, "landmarks=0"), fork=trained))


def test_faces_once_held_out_stay_so(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "ben", tmp_path / "ben")
    first = replace(job(data, tmp_path / "run", 2), face=tmp_path / "ben")
    train(first)
    held = state(tmp_path / "run").facts["held"]["ben"]
    fill(tmp_path / "ben", range(33, 61, 2), side=96)
    train(replace(first, budget=Budget(3)))
    assert state(tmp_path / "run").facts["held"]["ben"] == held


def test_16_bits_and_back(data: Path, tmp_path: Path) -> None:
    """As between a GPU that has float16 and a CPU."""
    train(job(data, tmp_path / "run", 1, "width=.1"))
    settings = plan.load("quick", [*SMALL, "width=.1", "precision=bfloat16"])
    train(Job(data / "ben", data / "ada", tmp_path / "run", settings, Budget(2)))
    found = state(tmp_path / "run")
    assert found.step == 2
    assert all(array.dtype == np.float32 for array in found.arrays["weights"].values())


def test_spoilt_weights_are_not_saved(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A gradient that is no number, of a loss that is one."""
    (tmp_path / "mine" / "trainers").mkdir(parents=True)
    (tmp_path / "mine" / "trainers" / "spoilt.py").write_text(SPOILT)
    plugins.add_folder(tmp_path / "mine")
    text = "model: quick\ntrainer: spoilt\nbatch: 2\nsave_minutes: 1e-9\n"
    settings = plan.parse(text, "spoilt", ["width=.1", "size=32", "precision=float32"])
    with pytest.raises(UserError, match="the run is kept at step 0"):
        train(Job(data / "ben", data / "ada", tmp_path / "run", settings, Budget(3)))
    assert "a weight is no number" in caplog.text
    weights = state(tmp_path / "run").arrays["weights"].values()
    assert all(np.isfinite(array).all() for array in weights)


@pytest.mark.parametrize(
    ("face", "onto", "said"),
    [("ben", "ben", "two people"), ("nobody", "ada", "faceswap-ae extract"), ("one", "ada", "one")],
)
def test_folders_that_do_not_do(
    face: str, onto: str, said: str, data: Path, tmp_path: Path
) -> None:
    fill(tmp_path / "one", [3])
    shutil.copytree(data / "ada", tmp_path / "ada")
    shutil.copytree(data / "ben", tmp_path / "ben")
    wrong = replace(job(tmp_path, tmp_path / "run", 3), face=tmp_path / face, onto=tmp_path / onto)
    with pytest.raises(UserError, match=said):
        train(wrong)
    assert not (tmp_path / "run").exists()


def test_plain_pictures_are_told_of(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(data / "ben", tmp_path / "ben")
    plain_picture(tmp_path / "ben")
    try:
        train(replace(job(data, tmp_path / "run", 1), face=tmp_path / "ben"))
        told = caplog.text
    except UserError as error:
        told = str(error)
    assert "photo.png" in told
    assert "extract" in told
    assert faces.pictures(tmp_path / "ben")


def test_a_loss_gone_wrong_goes_back_at_half_the_rate(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A rate far too high ends in numbers that are none."""
    wild = job(data, tmp_path / "run", 12, "rate=1e18", "warmup=0", "decay=none", "clip=null")
    with pytest.raises(UserError, match="at every rate; the run is kept at step 0"):
        train(wild)
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
from tests.test_training import job
from faceswap_ae.training import train
train(job(Path(sys.argv[1]), Path(sys.argv[2]), 10**6, "save_minutes=0.005"),
      lambda report: print(report.moment.step, flush=True))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_at_any_moment_nothing_is_lost(
    how: signal.Signals, data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", PROGRAM, str(data), str(tmp_path / "run")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        steps = [int(child.stdout.readline()) for _ in range(2)]
        os.kill(child.pid, how)
    found = state(tmp_path / "run")
    least = steps[-1] if how is signal.SIGINT else 1
    assert found.step >= least
    train(job(data, tmp_path / "run", found.step + 2))
    assert state(tmp_path / "run").step == found.step + 2


SPOILT = """
from dataclasses import dataclass
from keras import ops
from faceswap_ae.networks import FACE
from faceswap_ae.player import Player

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
from faceswap_ae.networks import FACE
from faceswap_ae.player import Player

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


def test_what_does_not_fit_becomes_a_smaller_batch(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By a trainer that gives up as a GPU does."""
    (tmp_path / "mine" / "trainers").mkdir(parents=True)
    (tmp_path / "mine" / "trainers" / "greedy.py").write_text(GREEDY)
    plugins.add_folder(tmp_path / "mine")
    text = "model: quick\ntrainer: greedy\nbatch: 8\nprecision: float32\n"
    settings = plan.parse(text, "greedy", ["width=.1", "size=32"])
    train(Job(data / "ben", data / "ada", tmp_path / "run", settings, Budget(3)))
    assert state(tmp_path / "run").facts["batch"] == 2
    assert "going on with batches of 2" in caplog.text
    hopeless = plan.parse(text, "greedy", ["width=.1", "size=32", "most=0"])
    with pytest.raises(UserError, match="not even a batch of 1"):
        train(Job(data / "ben", data / "ada", tmp_path / "other", hopeless, Budget(3)))


def test_jax_trains_the_same_recipe(data: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.test_training import job;"
        "from faceswap_ae.training import train; import keras;"
        "train(job(Path(sys.argv[1]), Path(sys.argv[2]), 3, 'dssim=0'));"
        "print(keras.backend.backend())"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", program, str(data), str(tmp_path / "run")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "jax"
    by_jax = [row.losses for row in history.read(tmp_path / "run" / "log.jsonl")]
    train(job(data, tmp_path / "here", 3, "dssim=0"))
    here = [row.losses for row in history.read(tmp_path / "here" / "log.jsonl")]
    assert by_jax[-1].keys() == here[-1].keys()
    assert by_jax[-1]["autoencoder/face mae"] == pytest.approx(
        here[-1]["autoencoder/face mae"], rel=0.3
    )
    # A run goes on where another backend left it.
    train(job(data, tmp_path / "run", 5, "dssim=0"))
    assert state(tmp_path / "run").step == 5


class TestCommands:
    def test_train_then_preview(
        self, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["--data", str(data), "--runs", str(tmp_path)]
        begin = ["train", "--face", "ben", "--onto", "ada", "--steps", "4", "--gpu", "cpu"]
        assert cli.main([*begin, *SMALL, *words]) == 0
        told = capsys.readouterr()
        assert "train: 100%, step 4, loss" in told.err
        assert "a checkpoint takes" in told.err
        run = tmp_path / "ben-onto-ada"
        assert f"{run}: trained" in told.out
        assert cli.main(["preview", "ben-onto-ada", "-o", str(tmp_path / "now.png"), *words]) == 0
        drawn, kept = (images.read(path) for path in (tmp_path / "now.png", run / "preview.png"))
        assert drawn.shape[1] == kept.shape[1]
        # The weights are those that were trained: ada again looks alike in both.
        assert np.abs(drawn[:150].astype(int) - kept[:150]).mean() < 6
        assert cli.main(["runs", "list", *words]) == 0
        assert "ben-onto-ada" in capsys.readouterr().out

    def test_wrong_words(
        self, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["--data", str(data), "--runs", str(tmp_path), "--gpu", "cpu"]
        for more, said in (
            (["widht=.5"], "did you mean"),
            (["--recipe", "quik"], "did you mean 'quick'"),
            (["--minutes", "0"], "give more than 0"),
            (["--fork", "nothing"], "nothing"),
        ):
            assert cli.main(["train", "--face", "ben", "--onto", "ada", *more, *words]) == 2
            assert said in capsys.readouterr().err
        assert not list(tmp_path.iterdir())
