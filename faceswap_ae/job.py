"""What is to be trained, where, and for how long?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceswap_ae.budget import Budget


@dataclass(frozen=True)
class Job:
    """What to train, where, and for how long."""

    face: Path  # the folder of the face that is wanted
    onto: Path  # the folder of whom it goes onto
    run: Path
    plan: Any  # plan.Plan with the groups of its model and trainer
    budget: Budget
    fork: Path | None = None  # a run whose weights a new one begins with
    fork_step: int | None = None  # a snapshot of it; else its newest checkpoint
    borrowed: tuple[str, ...] = ()  # those parts of it alone; none named is all
