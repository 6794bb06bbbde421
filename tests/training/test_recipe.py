from importlib.resources import files
from pathlib import Path

import pytest

from faceswap_ae.common import config, plugins
from faceswap_ae.common.errors import PluginError, RecipeError
from faceswap_ae.training.recipe import (
    choose_recipe,
    list_recipes,
    load_recipe,
    parse_recipe,
    recipe_type,
)
from faceswap_ae.training.runs.run import Run, RunFacts, begin_run
from tests.support.own_plugins import MODEL, TRAINER, changed, forgotten, write_plugin


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_is_sound_and_says_its_command(name: str) -> None:
    found = load_recipe(name)
    assert found.model in plugins.names("models")
    text = (files("faceswap_ae") / "recipes" / f"{name}.yaml").read_text()
    assert "#   faceswap-ae train --face ben --onto ada" in text
    again = parse_recipe(config.dump(found), "again")
    assert again == found


def test_a_change_finds_its_group() -> None:
    found = load_recipe("quick", ["width=.5", "rate=1e-3", "flip=.5", "dssim=2", "batch=4"])
    assert found.network.width == 0.5
    assert found.optimiser.rate == 1e-3
    assert found.augment.flip == 0.5
    assert found.training.dssim == 2
    assert found.batch == 4
    assert load_recipe("quick", ["network.width=.5", "width=.5"]).network.width == 0.5


@pytest.mark.parametrize(("said", "share"), [("true", 1), ("false", 0), (".25", 0.25)])
def test_runs_of_before_say_whether_codes_are_aligned(said: str, share: float) -> None:
    assert parse_recipe(f"model: quick\nalign: {said}\nseed: 3\n", "old").align == share
    with pytest.raises(RecipeError, match="align"):
        parse_recipe("model: quick\nalign: 2\n", "old")


def test_a_name_of_two_groups_has_to_say_which() -> None:
    """`mask` is an option of a model and of a trainer."""
    with pytest.raises(RecipeError, match=r"say network\.mask or training\.mask"):
        load_recipe("quick", ["mask=0"])
    assert load_recipe("quick", ["network.mask=false", "training.mask=0"]).network.mask is False


def test_another_model_starts_from_its_own_settings(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "faceswap_ae"):
        found = load_recipe("quick", ["model=original"])
    assert found.network == plugins.load("models", "original").Options()
    (line,) = caplog.messages
    assert "left behind: network.size" in line
    assert load_recipe("quick", ["model=original", "size=128"]).network.size == 128
    with caplog.at_level("INFO", "faceswap_ae"):
        load_recipe("quick", ["model=original", "network.size=128"])
    assert len(caplog.messages) == 1  # what was given anew is not left behind


def test_another_trainer_keeps_what_it_shares(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "faceswap_ae"):
        assert load_recipe("quick", ["trainer=gan"]).training.dssim == 1.0
        assert load_recipe("quick", ["model=quick", "trainer=autoencoder"]).network.size == 96
    assert not caplog.messages
    with forgotten(), caplog.at_level("INFO", "faceswap_ae"):
        code = changed(TRAINER, "weight: float = 1.0", "mae: float = 3.0")
        write_plugin(tmp_path, "trainers", "lone", code)
        assert load_recipe("quick", ["trainer=lone"]).training.mae == 3.0
    assert "training.dssim" in caplog.messages[0] and "training.mae" in caplog.messages[0]


def begun(folder: Path, *changes: str) -> Run:
    """A run that was begun with a change of the recipe `quick`."""
    recipe = load_recipe("quick", changes)
    return begin_run(folder, recipe, RunFacts("ben", "ada", recipe.model, recipe.trainer, "inner"))


def test_a_run_goes_on_by_its_own_recipe(tmp_path: Path) -> None:
    run = begun(tmp_path / "sae", "model=sae", "trainer=gan", "network.size=128", "judge_width=.5")
    own = choose_recipe(None, run, ["judge_width=.25", "minutes=3"])
    assert (own.model, own.trainer, own.network.size) == ("sae", "gan", 128)
    assert (own.training.judge_width, own.minutes) == (0.25, 3)
    assert choose_recipe(None, Run(tmp_path / "new")) == load_recipe("quick")
    assert choose_recipe("original", run) == load_recipe("original")


def test_a_run_of_a_model_that_is_not_here_says_so(tmp_path: Path) -> None:
    with forgotten():
        write_plugin(tmp_path, "models", "seres", MODEL)
        run = begun(tmp_path / "run", "model=seres")
    assert not recipe_type.cache_info().currsize
    with pytest.raises(PluginError, match=r"unknown model 'seres'.*--plugins DIR adds"):
        choose_recipe(None, run)


def test_wrong_words_are_told_with_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean 'quick'"):
        load_recipe("quik")
    with pytest.raises(RecipeError, match="did you mean 'batch'"):
        load_recipe("quick", ["bach=4"])
    with pytest.raises(RecipeError, match=r"^'network.latnt=3': unknown .*mean 'network.latent'"):
        load_recipe("quick", ["network.latnt=3"])
    with pytest.raises(RecipeError, match=r"'network.heads' \(known: "):
        load_recipe("quick", ["network.heads=3"])
    with pytest.raises(PluginError, match="did you mean 'original'"):
        load_recipe("quick", ["model=orignal"])
    with pytest.raises(RecipeError, match="half"):
        load_recipe("quick", ["crop=hlf"])
    own = tmp_path / "own.yaml"
    own.write_text("trainer: autoencoder\n")
    with pytest.raises(RecipeError, match="names no model"):
        load_recipe(str(own))
    own.write_text("model: quick\ntraining:\n  mae: -1\n  dsim: 2\n")
    with pytest.raises(RecipeError, match=r"dsim.*mae"):
        load_recipe(str(own))
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(str(tmp_path / "gone.yaml"))
