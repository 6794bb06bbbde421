"""Does the model or the trainer in a file keep its contract, also when it is trained?

`check_plugin` runs all checks on a file. Those of a model's faces are `networks.model_check`; here
are the steps: small networks, random faces, two steps, and a checkpoint that comes back.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from faceswap_ae.common import config, plugins
from faceswap_ae.common.errors import ContractError, PluginError
from faceswap_ae.networks import model_check
from faceswap_ae.networks.model_check import same
from faceswap_ae.networks.model_interface import FACE, ONTO, Identity
from faceswap_ae.networks.variables import assign_arrays, named_variables, to_arrays
from faceswap_ae.training.build import (
    TrainingSetup,
    batch_statistics,
    build_networks,
    build_setup,
    warm_start,
)
from faceswap_ae.training.data.batches import Batch
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.recipe import FullRecipe, parse_recipe
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.checkpoint import WEIGHTS, TrainingState
from faceswap_ae.training.stepper import Stepper

MODEL = "quick"  # which trainers are tried with
NARROW, WIDER = "network.width=0.1", "network.width=0.5"
STARTS = 4  # random ones: a narrow layer may begin with all its ReLUs dead
RATE = 1e-3
STEPS = 2  # a second one, since a part that begins at zero moves others only then

Pair = dict[Identity, Batch]

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Trial:
    """Networks with their players, and a pair of random batches for them."""

    recipe: FullRecipe
    setup: TrainingSetup
    pair: Pair


def check_plugin(file: Path) -> Iterator[str]:
    """Run all checks on a model's or trainer's file; yield what each found to be true."""
    kind, name = _found(file)
    module = plugins.load(kind, name)
    for truth, check in (_model_checks if kind == "models" else _trainer_checks)(name).items():
        with plugins.blaming(module):
            check(module)
        yield truth
    if kind == "models":
        yield _look_at(module, file)


def _look_at(module: ModuleType, file: Path) -> str:
    """Say what a model makes, and warn of layers that do nothing here."""
    with plugins.blaming(module):
        networks = model_check.build_small(module)
        silent = model_check.find_training_layers(networks)
    if silent:
        told = "no layer is told that it is training, so it never does what it does only then"
        log.warning("%s: %s: %s (docs/plugins.md says what to take)", file, ", ".join(silent), told)
    mask = "with a mask" if networks.has_mask else "without a mask"
    return f"{networks.size_in} pixels a side go in, {networks.size_out} come out, {mask}"


def random_batches(size: int, out: int) -> Pair:
    """Return a batch of two random faces for each identity."""
    rng = np.random.default_rng(0)

    def planes(side: int, channels: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        return rng.uniform(size=(2, side, side, channels)).astype(np.float32)

    return {
        name: Batch(
            planes(size, 3),
            planes(out, 3),
            planes(out, 1),
            planes(out, 1),
            planes(out, 1),
            rng.uniform(size=(2, 68, 2)).astype(np.float32),
        )
        for name in (FACE, ONTO)
    }


def build_trial(model: str, trainer: str, settings: Sequence[str] = ()) -> Trial:
    """Build a model with a trainer, by their names, and batches for them."""
    text = f"model: {model}\ntrainer: {trainer}\nprecision: float32\n"
    recipe = parse_recipe(text, "check", settings)
    own = build_networks(recipe)
    pair = random_batches(own.size_in, own.size_out)
    known = batch_statistics(pair)
    warm_start(recipe, own, known)
    return Trial(recipe, build_setup(recipe, own, known), pair)


def check_steps(starts: Iterable[Trial]) -> None:
    """Do two steps give finite losses, and move every weight that a player trains?

    `starts` differ in their random weights. The next one is tried only for weights that did not
    move in any start before it.
    """
    still: set[str] | None = None
    for trial in starts:
        found = _unmoved_weights(trial)
        still = found if still is None else still & found
        if not still:
            return
    assert still is not None
    part, _, number = min(still).rpartition("/")
    weight = _describe(trial.setup.parts[part], int(number))
    options = trial.recipe.network
    width = f" at width {options.width:g}" if hasattr(options, "width") else ""
    where = f"with the trainer {trial.recipe.trainer}{width}"
    raise ContractError(
        f"{len(still)} weights do not move in training {where}, as {part}: {weight}"
    )


def _unmoved_weights(trial: Trial) -> set[str]:
    """Take the steps; return the names of the weights to train that are what they were."""
    variables = trial.setup.variables
    before = to_arrays(variables)
    take_steps(trial, STEPS)
    after = to_arrays(variables)
    return {
        name
        for name, variable in variables.items()
        if variable.trainable and np.array_equal(before[name], after[name])
    }


def _describe(part: Any, number: int) -> str:
    """Say which weight of a part this is: its name, its shape, its layer."""
    weight, layer = part.variables[number], part
    while inner := [
        one for one in getattr(layer, "layers", ()) if any(own is weight for own in one.variables)
    ]:
        layer = inner[0]
    name = weight.path.rpartition("/")[2]
    return f"{name} {tuple(weight.shape)} of the {type(layer).__name__} '{layer.name}'"


def take_steps(trial: Trial, count: int) -> None:
    """Make some steps of training."""
    stepper = Stepper(trial.setup.players, Optimiser(rate=RATE))
    for _ in range(count):
        terms = stepper.step([trial.pair] * stepper.pairs, RATE)
        wrong = [name for name, value in terms.items() if not np.isfinite(value)]
        if wrong:
            raise ContractError(f"the loss {wrong[0]} is {terms[wrong[0]]}")


def check_saved(trial: Trial, other: Trial) -> None:
    """Does `other`, which is built alike, swap alike with what a checkpoint kept of `trial`?"""
    take_steps(trial, 1)
    with TemporaryDirectory() as folder:
        arrays = {WEIGHTS: to_arrays(trial.setup.variables)}
        checkpoint.save(Path(folder), TrainingState(1, arrays, {}))
        found = checkpoint.load(Path(folder))
    assert found is not None
    assign_arrays(other.setup.variables, found.arrays[WEIGHTS], "the checkpoint")
    faces = trial.pair[ONTO].warped
    for to in (FACE, ONTO):
        if not same(*(one.setup.networks.swap(faces, to) for one in (trial, other))):
            raise ContractError("saved and loaded again, it swaps differently")


def check_own_weights(trial: Trial) -> None:
    """Does each player move its own parts' weights and no others?"""
    players = trial.setup.players
    beside = {
        f"beside/{number}": weight
        for player in players
        for part in player.beside
        for number, weight in enumerate(part.weights)
    }
    everything = {**trial.setup.variables, **beside}
    for player in players:
        before = to_arrays(everything)
        stepper = Stepper([player], Optimiser())
        for _ in range(STEPS):
            stepper.step([trial.pair] * stepper.pairs, RATE)
        after = to_arrays(everything)
        moved = {name for name in everything if not np.array_equal(before[name], after[name])}
        own = named_variables(player.parts)
        if strange := sorted(moved - own.keys()):
            raise ContractError(f"player '{player.name}' moves {strange[0]}, which is not its own")
        trained = {name for name, variable in own.items() if variable.trainable}
        if still := sorted(trained - moved):
            raise ContractError(f"player '{player.name}' has {still[0]}, but does not move it")


def _found(file: Path) -> tuple[plugins.Kind, str]:
    """Return the kind and the name of a plug-in's file, in a folder that counts from now on."""
    if not file.is_file():
        raise PluginError(f"{file}: no such file")
    folder = file.resolve().parent
    kind: plugins.Kind | None = next((one for one in plugins.KINDS if one == folder.name), None)
    if kind is None or file.suffix != ".py":
        raise PluginError(f"{file}: put it into a folder models/ or trainers/, as NAME.py")
    plugins.add_folder(folder.parent)
    return kind, file.stem


def _model_checks(name: str) -> Mapping[str, Callable[[ModuleType], None]]:
    def steps(trainer: str, module: ModuleType) -> None:
        check_steps(_starts(name, trainer, module))

    def saved(module: ModuleType) -> None:
        check_saved(*(build_trial(name, "autoencoder", _narrow(module)) for _ in range(2)))

    trainers = {
        f"the trainer {trainer} moves every weight": partial(steps, trainer)
        for trainer in plugins.names("trainers")
    }
    return {**model_check.CHECKS, **trainers, "it swaps alike when saved and loaded": saved}


def _trainer_checks(name: str) -> Mapping[str, Callable[[ModuleType], None]]:
    def options(module: ModuleType) -> None:
        kind = plugins.options_type(module)
        if config.parse(kind, config.dump(kind()), "Options") != kind():
            raise ContractError("Options: written to a recipe and read again, they are others")

    def steps(_: ModuleType) -> None:
        check_steps([build_trial(MODEL, name, [NARROW])])

    def own(_: ModuleType) -> None:
        check_own_weights(build_trial(MODEL, name, [NARROW]))

    def saved(_: ModuleType) -> None:
        check_saved(*(build_trial(MODEL, name, [NARROW]) for _ in range(2)))

    return {
        "a recipe can hold its settings": options,
        f"it moves every weight of the model {MODEL}": steps,
        "each player moves its own weights alone": own,
        "the networks swap alike when saved and loaded": saved,
    }


def _starts(name: str, trainer: str, module: ModuleType) -> Iterator[Trial]:
    """Build a model small, then less small: there, fewer layers are dead by chance."""
    narrow = _narrow(module)
    for seed in range(STARTS):
        width = [WIDER] if narrow and seed else narrow
        yield build_trial(name, trainer, [*width, f"seed={seed}"])


def _narrow(module: ModuleType) -> list[str]:
    return [NARROW] if hasattr(plugins.options_type(module)(), "width") else []
