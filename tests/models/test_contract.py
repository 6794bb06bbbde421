"""Does every model work with every trainer? New models and trainers are tested automatically."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import UserError
from faceswap_ae.networks.model_interface import FACE, ONTO, Identity, IdentityStatistics
from faceswap_ae.networks.variables import assign_arrays, named_variables, to_arrays
from faceswap_ae.training.build import TrainingSetup, build_networks, build_setup
from faceswap_ae.training.data.batches import Batch
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.recipe import parse_recipe
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.checkpoint import TrainingState
from faceswap_ae.training.stepper import Stepper
from tests.support.small_models import batches

SLOW = pytest.mark.slow
LARGEST = "dfaker"  # takes as long as the others together
# Tested with all models and all trainers. Other combinations are slow tests.
TRAINER, MODEL = "autoencoder", "quick"


def pairs() -> Iterator[ParameterSet]:
    """Yield all combinations of models and trainers, with the mark `slow` for most."""
    for model, trainer in itertools.product(plugins.names("models"), plugins.names("trainers")):
        often = (trainer == TRAINER or model in (MODEL, trainer)) and model != LARGEST
        yield pytest.param(model, trainer, marks=() if often else pytest.mark.slow)


PAIRS = list(pairs())
OWN = [  # one model for each trainer; other combinations are slow tests
    pytest.param(
        *pair.values, marks=() if pair.values in ((MODEL, TRAINER), ("gan", "gan")) else SLOW
    )
    for pair in PAIRS
]
WIDTH = "network.width=0.1"


SEEING = {"perceptual", "identity"}  # terms that use a network which takes seconds to compile


def begun(
    model: str, trainer: str, every: bool = True, seeing: bool = False
) -> tuple[TrainingSetup, dict[Identity, Batch]]:
    """A small training setup and batches for it.

    With `every`, all loss terms of the trainer are active, otherwise its usual ones.
    """
    text = f"model: {model}\ntrainer: {trainer}\nprecision: float32\n"
    options = plugins.load("trainers", trainer).Options()
    terms = {name for name, value in vars(options).items() if isinstance(value, float)}
    terms -= set() if seeing else SEEING
    given = [f"training.{name}=0.1" for name in terms if every and not getattr(options, name)]
    given += ["training.judge_width=0.1"] if hasattr(options, "judge_width") else []
    given += ["training.ramp=2"] if every and hasattr(options, "ramp") else []
    settings = parse_recipe(text, "contract", [WIDTH, *given])
    own = build_networks(settings)
    pair = batches(own.size_in, own.size_out)
    known = IdentityStatistics(
        {name: one.landmarks[0] for name, one in pair.items()},
        {name: one.target[0] for name, one in pair.items()},
        {name: one.mask[0] for name, one in pair.items()},
    )
    return build_setup(settings, own, known), pair


@pytest.mark.parametrize(("model", "trainer"), PAIRS)
def test_two_steps_move_every_weight(model: str, trainer: str) -> None:
    own, pair = begun(model, trainer)
    before = to_arrays(own.variables)
    stepper = Stepper(own.players, Optimiser(rate=1e-3))
    for _ in range(2):
        terms = stepper.step([pair] * stepper.pairs, 1e-3)
        assert all(np.isfinite(value) for value in terms.values())
    after = to_arrays(own.variables)
    trained = {name for name, variable in own.variables.items() if variable.trainable}
    still = [name for name in trained if np.array_equal(before[name], after[name])]
    assert not still
    assert trained


@pytest.mark.parametrize("trainer", plugins.names("trainers"))
def test_a_player_moves_its_own_weights_and_nobody_elses(trainer: str) -> None:
    own, pair = begun(MODEL, trainer, seeing=True)
    beside = {
        f"beside/{number}": weight
        for player in own.players
        for part in player.beside
        for number, weight in enumerate(part.weights)
    }
    assert beside
    everything = {**own.variables, **beside}
    for player in own.players:
        before = to_arrays(everything)
        stepper = Stepper([replace(player, fresh=False)], Optimiser())
        stepper.step([pair], 1e-3)
        stepper.step([pair], 1e-3)
        after = to_arrays(everything)
        moved = {name for name in everything if not np.array_equal(before[name], after[name])}
        trained = {name for name in named_variables(player.parts) if everything[name].trainable}
        assert {name for name in moved if everything[name].trainable} == trained
        assert {name.rpartition("/")[0] for name in moved} <= set(player.parts)


@pytest.mark.parametrize(("model", "trainer"), OWN)
def test_saved_and_loaded_it_swaps_alike(model: str, trainer: str, tmp_path: Path) -> None:
    own, pair = begun(model, trainer, every=model == MODEL)
    Stepper(own.players, Optimiser()).step([pair] * 2, 1e-3)
    checkpoint.save(tmp_path, TrainingState(1, {"weights": to_arrays(own.variables)}, {}))
    other, _ = begun(model, trainer, every=model == MODEL)
    found = checkpoint.load(tmp_path)
    assert found is not None
    assign_arrays(other.variables, found.arrays["weights"], "run")
    faces = pair[ONTO].warped
    for to in (FACE, ONTO):
        one, two = (each.networks.swap(faces, to) for each in (own, other))
        assert np.array_equal(np.asarray(one.face), np.asarray(two.face))
        assert one.face.shape == pair[ONTO].target.shape


def test_weights_of_another_model_are_refused() -> None:
    one, _ = begun(MODEL, TRAINER)
    arrays = to_arrays(one.variables)
    arrays.pop(next(iter(arrays)))
    with pytest.raises(UserError, match="do not fit this model"):
        assign_arrays(one.variables, arrays, "runs/x")
