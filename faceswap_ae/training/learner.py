"""What learns in a stage of a run, and what sleeps until another one?

The networks stay the same from stage to stage; players, their own parts and optimisers are those
of the stage. Whatever a stage has no use for is kept as it was: a discriminator that comes back
goes on with its weights and moments.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.networks.model_interface import FACE, ONTO, Identity, IdentityStatistics, Networks
from faceswap_ae.networks.variables import Arrays, assign_arrays, to_arrays
from faceswap_ae.training.build import TrainingSetup, build_setup, warm_start
from faceswap_ae.training.losses import perception
from faceswap_ae.training.losses.reconstruction import LossWeights
from faceswap_ae.training.recipe import FullRecipe, recipe_at, stages_of
from faceswap_ae.training.runs.checkpoint import WEIGHTS
from faceswap_ae.training.stages import TrainingStage
from faceswap_ae.training.stepper import Stepper

OPTIMISER = "optimiser"
Groups = Mapping[str, Mapping[str, NDArray[Any]]]


class Learner:
    """A run's networks, and who moves them now."""

    def __init__(self, recipe: FullRecipe, networks: Networks, known: IdentityStatistics) -> None:
        self.recipe, self.networks, self.known = recipe, networks, known
        self._asleep: dict[str, Arrays] = {WEIGHTS: {}, OPTIMISER: {}}
        for stage in stages_of(recipe):
            _check(recipe, stage, networks)  # told now, not when the stage begins
        warm_start(recipe, networks, known)
        self.enter(0)

    @property
    def stage(self) -> TrainingStage:
        """The stage that it is in."""
        return self._stage

    def enter(self, number: int) -> None:
        """Be in a stage. Who plays there begins as built; `restore` gives what was learnt."""
        self._stage = stages_of(self.recipe)[number]
        self.stage_recipe = recipe_at(self.recipe, self._stage)
        frozen = {*self.recipe.freeze, *self._stage.freeze}
        # What is new in a stage begins alike in whichever session that is.
        keras.utils.set_random_seed(self.recipe.seed + number)
        self.setup: TrainingSetup = build_setup(self.stage_recipe, self.networks, self.known)
        self.stepper = Stepper(self.setup.players, self.stage_recipe.optimiser, frozen)

    def change(self, number: int) -> None:
        """Go from the stage that it is in to another, with all that was learnt."""
        learnt = self.arrays()
        self.enter(number)
        if self._stage.exchange:
            learnt = exchange_own_parts(learnt, self.networks.own)
        self.restore(learnt, "the stage before")

    def arrays(self) -> dict[str, Arrays]:
        """Everything that was learnt, asleep or not."""
        awake = {WEIGHTS: self.setup.variables, OPTIMISER: self.stepper.variables}
        return {
            group: {**self._asleep[group], **to_arrays(variables)}
            for group, variables in awake.items()
        }

    def restore(self, arrays: Groups, whose: str) -> None:
        """What was learnt comes back. A light pack has no moments."""
        awake = {WEIGHTS: self.setup.variables, OPTIMISER: self.stepper.variables}
        for group, variables in awake.items():
            if group in arrays:
                self._asleep[group] = _wake(variables, arrays[group], whose)


def exchange_own_parts(arrays: Groups, own: Mapping[Identity, Sequence[str]]) -> dict[str, Arrays]:
    """Each identity's own parts as the other's, moments too."""
    pairs = list(zip(own.get(FACE, ()), own.get(ONTO, ()), strict=True))
    other = {one: two for pair in pairs for one, two in (pair, pair[::-1])}
    return {
        group: {_renamed(name, other): array for name, array in found.items()}
        for group, found in arrays.items()
    }


def _renamed(name: str, other: Mapping[str, str]) -> str:
    return "/".join(other.get(word, word) for word in name.split("/"))


def _wake(variables: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], whose: str) -> Arrays:
    """Give variables what they had; what is of parts that are not there is given back.

    A part of which nothing is known stays as it is, and any other must be known wholly.
    """
    here, there = ({_part(name) for name in names} for names in (variables, arrays))
    assign_arrays(
        {name: variable for name, variable in variables.items() if _part(name) in there},
        {name: array for name, array in arrays.items() if _part(name) in here},
        whose,
    )
    return {name: array for name, array in arrays.items() if _part(name) not in here}


def _part(name: str) -> str:
    return name.rpartition("/")[0]


def _check(recipe: FullRecipe, stage: TrainingStage, networks: Networks) -> None:
    """Can these networks do what a stage asks for?"""
    frozen, own = {*recipe.freeze, *stage.freeze}, networks.own
    for name in sorted(frozen - networks.parts.keys()):
        told = unknown("part to freeze", name, networks.parts)
        raise UserError(f"stage {stage.name}: {told}")
    if not networks.parts.keys() - frozen:
        raise UserError(f"stage {stage.name}: everything is frozen, so there is nothing to learn")
    if stage.exchange and not (own.get(FACE) and len(own[FACE]) == len(own.get(ONTO, ()))):
        told = "this model has no parts of each identity's own"
        raise UserError(f"stage {stage.name}: exchange: {told}")
    options = recipe_at(recipe, stage).training
    if isinstance(options, LossWeights):
        perception.check(options)
