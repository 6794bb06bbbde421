"""Does every model work with every trainer? New models and trainers are tested automatically."""

import itertools
from collections.abc import Iterator

import pytest
from _pytest.mark.structures import ParameterSet

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import UserError
from faceswap_ae.networks.variables import assign_arrays, to_arrays
from faceswap_ae.training.plugin_check import (
    NARROW,
    Trial,
    build_trial,
    check_own_weights,
    check_saved,
    check_steps,
)

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
SEEING = {"perceptual", "identity"}  # terms that use a network which takes seconds to compile


def begun(model: str, trainer: str, every: bool = True, seeing: bool = False) -> Trial:
    """A small training setup and batches for it.

    With `every`, all loss terms of the trainer are active, otherwise its usual ones.
    """
    options = plugins.load("trainers", trainer).Options()
    terms = {name for name, value in vars(options).items() if isinstance(value, float)}
    terms -= set() if seeing else SEEING
    given = [f"training.{name}=0.1" for name in terms if every and not getattr(options, name)]
    given += ["training.judge_width=0.1"] if hasattr(options, "judge_width") else []
    given += ["training.ramp=2"] if every and hasattr(options, "ramp") else []
    return build_trial(model, trainer, [NARROW, *given])


@pytest.mark.parametrize(("model", "trainer"), PAIRS)
def test_two_steps_move_every_weight(model: str, trainer: str) -> None:
    check_steps([begun(model, trainer)])


@pytest.mark.parametrize("trainer", plugins.names("trainers"))
def test_a_player_moves_its_own_weights_and_nobody_elses(trainer: str) -> None:
    trial = begun(MODEL, trainer, seeing=True)
    assert any(player.beside for player in trial.setup.players)
    check_own_weights(trial)


@pytest.mark.parametrize(("model", "trainer"), OWN)
def test_saved_and_loaded_it_swaps_alike(model: str, trainer: str) -> None:
    check_saved(*(begun(model, trainer, every=model == MODEL) for _ in range(2)))


def test_weights_of_another_model_are_refused() -> None:
    one = begun(MODEL, TRAINER).setup
    arrays = to_arrays(one.variables)
    arrays.pop(next(iter(arrays)))
    with pytest.raises(UserError, match="do not fit this model"):
        assign_arrays(one.variables, arrays, "runs/x")
