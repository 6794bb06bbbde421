from importlib.resources import files
from pathlib import Path

import pytest

from faceswap_ae.common import config, plugins
from faceswap_ae.common.errors import PluginError, RecipeError
from faceswap_ae.training import recipe


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_is_sound_and_says_its_command(name: str) -> None:
    found = recipe.load(name)
    assert found.model in plugins.names("models")
    text = (files("faceswap_ae") / "recipes" / f"{name}.yaml").read_text()
    assert "#   faceswap-ae train --face ben --onto ada" in text
    again = recipe.parse(config.dump(found), "again")
    assert again == found


def test_a_change_finds_its_group() -> None:
    found = recipe.load("quick", ["width=.5", "rate=1e-3", "flip=.5", "dssim=2", "batch=4"])
    assert found.network.width == 0.5
    assert found.optimiser.rate == 1e-3
    assert found.augment.flip == 0.5
    assert found.training.dssim == 2
    assert found.batch == 4
    assert recipe.load("quick", ["network.width=.5", "width=.5"]).network.width == 0.5


@pytest.mark.parametrize(("said", "share"), [("true", 1), ("false", 0), (".25", 0.25)])
def test_runs_of_before_say_whether_codes_are_aligned(said: str, share: float) -> None:
    assert recipe.parse(f"model: quick\nalign: {said}\nseed: 3\n", "old").align == share
    with pytest.raises(RecipeError, match="align"):
        recipe.parse("model: quick\nalign: 2\n", "old")


def test_a_name_of_two_groups_has_to_say_which() -> None:
    """`mask` is a model's and a trainer's."""
    with pytest.raises(RecipeError, match=r"say network\.mask or training\.mask"):
        recipe.load("quick", ["mask=0"])
    assert recipe.load("quick", ["network.mask=false", "training.mask=0"]).network.mask is False


def test_another_model_by_a_change() -> None:
    found = recipe.load("quick", ["model=original", "size=64"])
    assert found.model == "original"
    assert found.network.latent == 1024


def test_wrong_words_are_told_with_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean 'quick'"):
        recipe.load("quik")
    with pytest.raises(RecipeError, match="did you mean 'batch'"):
        recipe.load("quick", ["bach=4"])
    with pytest.raises(PluginError, match="did you mean 'original'"):
        recipe.load("quick", ["model=orignal"])
    with pytest.raises(RecipeError, match="half"):
        recipe.load("quick", ["crop=hlf"])
    own = tmp_path / "own.yaml"
    own.write_text("trainer: autoencoder\n")
    with pytest.raises(RecipeError, match="names no model"):
        recipe.load(str(own))
    own.write_text("model: quick\ntraining:\n  mae: -1\n  dsim: 2\n")
    with pytest.raises(RecipeError, match=r"dsim.*mae"):
        recipe.load(str(own))
    with pytest.raises(RecipeError, match="cannot be read"):
        recipe.load(str(tmp_path / "gone.yaml"))
