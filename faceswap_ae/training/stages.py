"""How long does a run train (its budget), and when does each stage of training begin?

A recipe lists stages. A stage says what it changes in the recipe, how much of the budget it may
take, and whether it ends early when the loss no longer falls. Time that a stage does not use goes
to the stages after it. A run never goes back to an earlier stage. The last stage lasts until the
budget is over.

    generalise 40 %, settle 10 %, detail 25 %, settle 5 %, GAN the rest: what users of
    DeepFaceLab do by hand
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from faceswap_ae.common.errors import UserError
from faceswap_ae.training import plateau
from faceswap_ae.training.plateau import HeldOutLoss

DEFAULT_MINUTES = 30.0


@dataclass(frozen=True)
class Budget:
    """Steps or minutes of training, without breaks. If both are given, the first to end counts."""

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("--steps", self.steps), ("--minutes", self.minutes)):
            if value is not None and value <= 0:
                raise UserError(f"{name} {value}: give more than 0")

    def progress(self, step: int, seconds: float) -> float:
        """Return how much of the budget is over, in [0, 1]."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes))
        return min(1.0, max(shares))


def resolve_budget(steps: int | None, minutes: float | None, recipe: Budget) -> Budget:
    """Return the user's budget, or else the recipe's (`plan`), or else DEFAULT_MINUTES."""
    if steps is None and minutes is None:
        steps, minutes = recipe.steps, recipe.minutes
    if steps is None and minutes is None:
        minutes = DEFAULT_MINUTES
    return Budget(steps, minutes)


CHANGED = ("training", "optimiser", "augment")  # groups of a recipe that a stage may change
FLAT = 0.1  # of a stage's length: after so long without a lower loss, the stage ends


@dataclass(frozen=True)
class TrainingStage:
    """One stage of a training."""

    name: str  # shown in messages and previews
    share: float = 1.0  # of the budget at most, relative to the shares of the other stages
    leave: Literal["plateau", "share"] = "plateau"  # when it ends: no gain any more, or share over
    changes: dict[str, str] = field(default_factory=dict)  # key: value, as on the command line
    freeze: tuple[str, ...] = ()  # parts of the model that are not trained
    exchange: bool = False  # each identity begins the stage with the other identity's own parts
    keep: bool = False  # a snapshot of the weights before the stage is kept for good

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name: a stage needs one")
        if not self.share > 0:
            raise ValueError(f"share: {self.share} is not more than 0")


ONLY = (TrainingStage("train", leave="share"),)  # for recipes without stages


@dataclass(frozen=True)
class StagePosition:
    """A stage by its number, with the step and the seconds of training at which it began."""

    number: int = 0
    step: int = 0
    seconds: float = 0.0


def stage_end(stages: Sequence[TrainingStage], place: StagePosition, budget: Budget) -> float:
    """Return the progress of the budget at which a stage ends, if it does not end earlier."""
    if place.number >= len(stages) - 1:
        return 1.0
    begun = budget.progress(place.step, place.seconds)
    left = sum(stage.share for stage in stages[place.number :])
    return begun + (1 - begun) * stages[place.number].share / left


def is_stage_over(
    stages: Sequence[TrainingStage],
    place: StagePosition,
    budget: Budget,
    now: StagePosition,
    measured: Sequence[HeldOutLoss],
) -> bool:
    """Check whether the next stage should begin; `now` is the run's present position."""
    if place.number >= len(stages) - 1:
        return False
    progress, end = budget.progress(now.step, now.seconds), stage_end(stages, place, budget)
    if progress >= end:
        return True
    if stages[place.number].leave == "share":
        return False
    begun = budget.progress(place.step, place.seconds)
    length = (now.step - place.step) * (end - begun) / max(progress - begun, 1e-9)
    own = [one for one in measured if one.step > place.step]
    return len(own) >= plateau.LEAST and plateau.flat_for(own) >= FLAT * length


def format_stage(stages: Sequence[TrainingStage], number: int) -> str:
    """Return a stage's name and number for the user; nothing if there is only one stage."""
    if len(stages) < 2:
        return ""
    return f"{stages[number].name} ({number + 1} of {len(stages)})"
