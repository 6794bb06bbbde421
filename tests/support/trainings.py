"""Which small training jobs do several test files run, and how are checkpoints compared?"""

from pathlib import Path

import numpy as np

from faceswap_ae.training.recipe import load_recipe, parse_recipe
from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.stages import Budget
from faceswap_ae.training.train import Job

SMALL = ("width=.25", "size=32", "latent=32", "batch=4", "precision=float32", "preview_seconds=600")

FOUR_STAGES = """
model: quick
batch: 2
network: {size: 32, width: .25}
stages:
  - {name: one, leave: share}
  - {name: two, leave: share, changes: {rate: 1e-4}, freeze: [encoder]}
  - {name: three, leave: share, changes: {edge: 1}, exchange: true, keep: true}
  - {name: four, share: 3}
"""


def job(data: Path, run: Path, steps: int, *changes: str) -> Job:
    """A job that trains ben onto ada with a small `quick`."""
    settings = load_recipe("quick", [*SMALL, *changes])
    return Job(data / "ben", data / "ada", run, settings, Budget(steps))


def state(run: Path) -> checkpoint.TrainingState:
    """The checkpoint from which a run continues."""
    found = checkpoint.load(run / "checkpoints")
    assert found is not None
    return found


def equal(one: checkpoint.TrainingState, other: checkpoint.TrainingState) -> bool:
    """Whether the weights and the optimiser's moments of two states are the same bit by bit."""
    return all(
        np.array_equal(array, other.arrays[group][name])
        for group in ("weights", "optimiser")
        for name, array in one.arrays[group].items()
    )


def staged(recipe: str, data: Path, run: Path, *changes: str) -> Job:
    """A small job in stages: `four` has four in 300 steps, other recipes their own in 24 steps."""
    more = ("precision=float32", "preview_seconds=600", *changes)
    if recipe == "four":
        settings, steps = parse_recipe(FOUR_STAGES, "four", more), 300
    else:
        small = ("width=.1", "judge_width=.1", "batch=2")
        settings, steps = load_recipe(recipe, [*small, *more]), 24
    return Job(data / "ben", data / "ada", run, settings, Budget(steps))
