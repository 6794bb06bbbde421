import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.cli import main
from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.training.logger import StepReport
from faceswap_ae.training.recipe import load_recipe
from faceswap_ae.training.runs import metric_log
from faceswap_ae.training.stages import Budget
from faceswap_ae.training.train import Job, train
from tests.support.face_folders import fill, plain_picture
from tests.support.trainings import SMALL, equal, job, state

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(scope="module")
def trained(two_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 12 steps."""
    run = tmp_path_factory.mktemp("runs") / "ben-ada"
    train(job(two_people, run, 12))
    return run


def test_a_run_leaves_what_is_needed(trained: Path) -> None:
    found = state(trained)
    assert found.step == 12
    assert set(found.arrays) == {"weights", "optimiser", "codes"}
    assert all(array.dtype == np.float32 for array in found.arrays["weights"].values())
    assert found.facts["batch"] == 4
    rows = metric_log.read(trained / "log.jsonl")
    assert rows[-1].step == 12
    named = {name for row in rows for name in row.losses}
    assert {"autoencoder/face mae", "autoencoder/onto dssim", "held-out/face"} <= named
    drawn = images.read(trained / "preview.png")
    assert drawn.shape[1] == 5 * (128 + 4) + 4  # ada, reconstructed, swap, nearest ben, mask
    assert any((trained / "events").iterdir())


def test_a_run_goes_on_from_its_step_with_the_same_weights(
    trained: Path, two_people: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    before = state(trained)
    train(job(two_people, tmp_path / "run", 12))  # nothing is left to do
    assert equal(state(tmp_path / "run"), before)
    train(job(two_people, tmp_path / "run", 15))
    assert state(tmp_path / "run").step == 15
    assert not equal(state(tmp_path / "run"), before)


def test_the_same_seed_gives_the_same_run(two_people: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        train(job(two_people, tmp_path / name, 4))
    assert equal(state(tmp_path / "one"), state(tmp_path / "other"))
    train(job(two_people, tmp_path / "third", 4, "seed=1"))
    assert not equal(state(tmp_path / "one"), state(tmp_path / "third"))


def test_broken_off_or_not_the_same_comes_out(two_people: Path, tmp_path: Path) -> None:
    """Optimiser and batches continue as well. Only a rate that follows the budget would differ."""
    train(job(two_people, tmp_path / "whole", 8, "decay=none"))
    train(job(two_people, tmp_path / "parts", 3, "decay=none"))
    train(job(two_people, tmp_path / "parts", 8, "decay=none"))
    assert equal(state(tmp_path / "whole"), state(tmp_path / "parts"))


@pytest.mark.slow
def test_quick_learns_32_faces_by_heart(two_people: Path, tmp_path: Path) -> None:
    changes = ["batch=16", "rotation=0", "scale=0", "shift=0", "warp=0", "gain=0", "tint=0"]
    changes += ["offset=0", "occluder=0", "hide=false", "width=.5", "even_yaw=false", "dssim=0"]
    told: list[StepReport] = []
    train(job(two_people, tmp_path / "run", 400, *changes), told.append)
    rows = [
        row
        for row in metric_log.read(tmp_path / "run" / "log.jsonl")
        if "autoencoder/face mae" in row.losses
    ]
    first, last = rows[0].losses["autoencoder/face mae"], rows[-1].losses["autoencoder/face mae"]
    assert last < 0.02
    assert last < first / 3
    assert told[-1].moment.progress == 1


def test_other_settings_are_refused_and_change_nothing(
    trained: Path, two_people: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    before = {
        path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()
    }
    with pytest.raises(UserError, match=r"network\.width: 0\.25 -> 0\.5"):
        train(job(two_people, tmp_path / "run", 20, "width=.5"))
    assert before == {
        path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()
    }


def test_landmarks_of_two_kinds_are_refused_before_a_run_begins(
    two_people: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(two_people, tmp_path / "data"))
    for entry in face_file.entries(data / "ada"):
        assert entry.stored is not None
        meshed = replace(entry.stored.face, mesh=np.zeros((478, 3)))
        path = data / "ada" / entry.name
        face_file.write_crop(path, face_file.pixels(path), replace(entry.stored, face=meshed))
    with pytest.raises(UserError, match=r"ada: has landmarks by mesh, .* by dlib.* do not mix"):
        train(job(data, tmp_path / "run", 1))
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_fork_begins_with_anothers_weights(
    trained: Path, two_people: Path, tmp_path: Path
) -> None:
    begun = replace(job(two_people, tmp_path / "fork", 1, "rate=1e-9", "warmup=0"), fork=trained)
    train(begun)
    one, other = state(trained).arrays["weights"], state(tmp_path / "fork").arrays["weights"]
    networks = [name for name in one if not name.startswith("landmarks/")]  # not the trainer's
    assert len(networks) > 20
    assert all(np.allclose(one[name], other[name], atol=1e-6) for name in networks)
    assert state(tmp_path / "fork").step == 1
    assert state(tmp_path / "fork").facts["seconds"] < 60
    with pytest.raises(UserError, match="name another"):
        train(begun)


def test_a_fork_that_saved_nothing_is_no_run_of_its_own(
    trained: Path, two_people: Path, tmp_path: Path
) -> None:
    """As after a full disk: the user must state again with which weights the run begins."""
    first = replace(job(two_people, tmp_path / "fork", 1), fork=trained)
    train(first)
    shutil.rmtree(tmp_path / "fork" / "checkpoints")
    with pytest.raises(UserError, match="give --fork again"):
        train(job(two_people, tmp_path / "fork", 1))
    train(first)
    assert state(tmp_path / "fork").step == 1


def test_a_fork_that_does_not_fit_leaves_nothing(
    trained: Path, two_people: Path, tmp_path: Path
) -> None:
    wrong = replace(job(two_people, tmp_path / "fork", 1, "width=.5"), fork=trained)
    with pytest.raises(UserError, match="do not fit this model"):
        train(wrong)
    assert not (tmp_path / "fork").exists()
    # A loss with other terms is still the same model.
    train(replace(job(two_people, tmp_path / "fork", 1, "landmarks=0"), fork=trained))


def test_faces_once_held_out_stay_so(two_people: Path, tmp_path: Path) -> None:
    shutil.copytree(two_people / "ben", tmp_path / "ben")
    first = replace(job(two_people, tmp_path / "run", 2), face=tmp_path / "ben")
    train(first)
    held = state(tmp_path / "run").facts["held"]["ben"]
    fill(tmp_path / "ben", range(33, 61, 2), side=96)
    train(replace(first, budget=Budget(3)))
    assert state(tmp_path / "run").facts["held"]["ben"] == held


def test_16_bits_and_back(two_people: Path, tmp_path: Path) -> None:
    """A run may change its precision, as between a GPU with 16-bit floats and a CPU."""
    train(job(two_people, tmp_path / "run", 1, "width=.1"))
    settings = load_recipe("quick", [*SMALL, "width=.1", "precision=bfloat16"])
    train(Job(two_people / "ben", two_people / "ada", tmp_path / "run", settings, Budget(2)))
    found = state(tmp_path / "run")
    assert found.step == 2
    assert all(array.dtype == np.float32 for array in found.arrays["weights"].values())


@pytest.mark.parametrize(
    ("face", "onto", "said"),
    [("ben", "ben", "two people"), ("nobody", "ada", "faceswap-ae extract"), ("one", "ada", "one")],
)
def test_folders_that_do_not_do(
    face: str, onto: str, said: str, two_people: Path, tmp_path: Path
) -> None:
    fill(tmp_path / "one", [3])
    shutil.copytree(two_people / "ada", tmp_path / "ada")
    shutil.copytree(two_people / "ben", tmp_path / "ben")
    wrong = replace(job(tmp_path, tmp_path / "run", 3), face=tmp_path / face, onto=tmp_path / onto)
    with pytest.raises(UserError, match=said):
        train(wrong)
    assert not (tmp_path / "run").exists()


def test_plain_pictures_are_told_of(
    two_people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(two_people / "ben", tmp_path / "ben")
    plain_picture(tmp_path / "ben")
    try:
        train(replace(job(two_people, tmp_path / "run", 1), face=tmp_path / "ben"))
        told = caplog.text
    except UserError as error:
        told = str(error)
    assert "photo.png" in told
    assert "extract" in told
    assert face_file.pictures(tmp_path / "ben")


@pytest.mark.slow
def test_jax_trains_the_same_recipe(two_people: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.support.trainings import job;"
        "from faceswap_ae.training.train import train; import keras;"
        "train(job(Path(sys.argv[1]), Path(sys.argv[2]), 3, 'dssim=0'));"
        "print(keras.backend.backend())"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", program, str(two_people), str(tmp_path / "run")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "jax"
    by_jax = [row.losses for row in metric_log.read(tmp_path / "run" / "log.jsonl")]
    train(job(two_people, tmp_path / "here", 3, "dssim=0"))
    here = [row.losses for row in metric_log.read(tmp_path / "here" / "log.jsonl")]
    assert by_jax[-1].keys() == here[-1].keys()
    assert by_jax[-1]["autoencoder/face mae"] == pytest.approx(
        here[-1]["autoencoder/face mae"], rel=0.3
    )
    # A run continues from the checkpoint of another backend.
    train(job(two_people, tmp_path / "run", 5, "dssim=0"))
    assert state(tmp_path / "run").step == 5


class TestCommands:
    def test_train_then_preview(
        self, two_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["--data", str(two_people), "--runs", str(tmp_path)]
        begin = ["train", "--face", "ben", "--onto", "ada", "--steps", "4", "--gpu", "cpu"]
        assert main.main([*begin, *SMALL, *words]) == 0
        told = capsys.readouterr()
        assert "train: 100%, step 4, loss" in told.err
        assert "a checkpoint takes" in told.err
        run = tmp_path / "ben-onto-ada"
        assert f"{run}: trained" in told.out
        assert main.main(["preview", "ben-onto-ada", "-o", str(tmp_path / "now.png"), *words]) == 0
        drawn, kept = (images.read(path) for path in (tmp_path / "now.png", run / "preview.png"))
        assert drawn.shape[1] == kept.shape[1]
        # The preview uses the trained weights: the reconstruction of ada is the same in both.
        assert np.abs(drawn[:150].astype(int) - kept[:150]).mean() < 6
        assert main.main(["runs", "list", *words]) == 0
        assert "ben-onto-ada" in capsys.readouterr().out

    def test_a_run_of_another_recipe_goes_on_by_its_own(
        self, two_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["train", "--data", str(two_people), "--runs", str(tmp_path), "--gpu", "cpu"]
        words += ["--face", "ben", "--onto", "ada", "--run", "try"]
        small = ["model=lightweight", "width=.1", "batch=2", "precision=float32"]
        assert main.main([*words, "--steps", "1", *small]) == 0
        assert main.main([*words, "--steps", "2", "save_minutes=3"]) == 0
        assert state(tmp_path / "try").step == 2
        assert main.main([*words, "--steps", "3", "--recipe", "quick"]) == 2
        assert "model: lightweight -> quick); go on with the old" in capsys.readouterr().err

    def test_wrong_words(
        self, two_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        words = ["--data", str(two_people), "--runs", str(tmp_path), "--gpu", "cpu"]
        for more, said in (
            (["widht=.5"], "did you mean"),
            (["--recipe", "quik"], "did you mean 'quick'"),
            (["--minutes", "0"], "give more than 0"),
            (["--fork", "nothing"], "nothing"),
        ):
            assert main.main(["train", "--face", "ben", "--onto", "ada", *more, *words]) == 2
            assert said in capsys.readouterr().err
        assert not list(tmp_path.iterdir())
