from pathlib import Path

import pytest

from faceswap_ae import plan
from faceswap_ae.common import config, plugins
from faceswap_ae.common.errors import PluginError, RecipeError


@pytest.mark.parametrize("name", plan.names())
def test_every_recipe_is_sound_and_says_its_command(name: str) -> None:
    found = plan.load(name)
    assert found.model in plugins.names("models")
    text = (Path(plan.__file__).parent / "recipes" / f"{name}.yaml").read_text()
    assert "#   faceswap-ae train --face ben --onto ada" in text
    again = plan.parse(config.dump(found), "again")
    assert again == found


def test_a_change_finds_its_group() -> None:
    found = plan.load("quick", ["width=.5", "rate=1e-3", "flip=.5", "dssim=2", "batch=4"])
    assert found.network.width == 0.5
    assert found.optimiser.rate == 1e-3
    assert found.augment.flip == 0.5
    assert found.training.dssim == 2
    assert found.batch == 4
    assert plan.load("quick", ["network.width=.5", "width=.5"]).network.width == 0.5


@pytest.mark.parametrize(("said", "share"), [("true", 1), ("false", 0), (".25", 0.25)])
def test_runs_of_before_say_whether_codes_are_aligned(said: str, share: float) -> None:
    assert plan.parse(f"model: quick\nalign: {said}\nseed: 3\n", "old").align == share
    with pytest.raises(RecipeError, match="align"):
        plan.parse("model: quick\nalign: 2\n", "old")


def test_a_name_of_two_groups_has_to_say_which() -> None:
    """`mask` is a model's and a trainer's."""
    with pytest.raises(RecipeError, match=r"say network\.mask or training\.mask"):
        plan.load("quick", ["mask=0"])
    assert plan.load("quick", ["network.mask=false", "training.mask=0"]).network.mask is False


def test_another_model_by_a_change() -> None:
    found = plan.load("quick", ["model=original", "size=64"])
    assert found.model == "original"
    assert found.network.latent == 1024


def test_wrong_words_are_told_with_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean 'quick'"):
        plan.load("quik")
    with pytest.raises(RecipeError, match="did you mean 'batch'"):
        plan.load("quick", ["bach=4"])
    with pytest.raises(PluginError, match="did you mean 'original'"):
        plan.load("quick", ["model=orignal"])
    with pytest.raises(RecipeError, match="half"):
        plan.load("quick", ["crop=hlf"])
    own = tmp_path / "own.yaml"
    own.write_text("trainer: autoencoder\n")
    with pytest.raises(RecipeError, match="names no model"):
        plan.load(str(own))
    own.write_text("model: quick\ntraining:\n  mae: -1\n  dsim: 2\n")
    with pytest.raises(RecipeError, match=r"dsim.*mae"):
        plan.load(str(own))
    with pytest.raises(RecipeError, match="cannot be read"):
        plan.load(str(tmp_path / "gone.yaml"))
