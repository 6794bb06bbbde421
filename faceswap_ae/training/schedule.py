"""Which stage is a run in, and when does the next one begin?

A recipe names stages: what each changes of the plan, how much of the budget it may take, and
whether it ends earlier once nothing is gained any more. Time that a stage leaves goes to those
after it. A run only ever goes forward, and the last stage lasts until the budget is over.

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
    """Steps or minutes of training, breaks not counted; whichever ends first."""

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("--steps", self.steps), ("--minutes", self.minutes)):
            if value is not None and value <= 0:
                raise UserError(f"{name} {value}: give more than 0")

    def progress(self, step: int, seconds: float) -> float:
        """How much of it is over, in [0, 1]."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes))
        return min(1.0, max(shares))


def resolve_budget(steps: int | None, minutes: float | None, plan: "Budget") -> Budget:
    """What the user says goes before what the recipe says; something has to end it."""
    if steps is None and minutes is None:
        steps, minutes = plan.steps, plan.minutes
    if steps is None and minutes is None:
        minutes = DEFAULT_MINUTES
    return Budget(steps, minutes)


CHANGED = ("training", "optimiser", "augment")  # groups of a plan that a stage may change
FLAT = 0.1  # of a stage's length without a gain, after which it ends


@dataclass(frozen=True)
class TrainingStage:
    """A part of a training."""

    name: str
    share: float = 1.0  # of the budget at most, beside what the others have
    leave: Literal["plateau", "share"] = "plateau"
    changes: dict[str, str] = field(default_factory=dict)  # key: value, as on the command line
    freeze: tuple[str, ...] = ()  # parts of the model that stand still
    exchange: bool = False  # each identity begins it with the other's own parts
    keep: bool = False  # the weights as they were before it stay for good

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name: a stage needs one")
        if not self.share > 0:
            raise ValueError(f"share: {self.share} is not more than 0")


ONLY = (TrainingStage("train", leave="share"),)  # of recipes that name none


@dataclass(frozen=True)
class StagePosition:
    """Where a run entered the stage that it is in."""

    number: int = 0
    step: int = 0
    seconds: float = 0.0


def stage_end(stages: Sequence[TrainingStage], place: StagePosition, budget: Budget) -> float:
    """The progress of the budget at which a stage ends if nothing ends it before."""
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
    """Should the next stage begin? `now` is where the run is."""
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
    """A stage for a person, if there is more than one."""
    if len(stages) < 2:
        return ""
    return f"{stages[number].name} ({number + 1} of {len(stages)})"
