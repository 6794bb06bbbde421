"""Small trainings that several test files look at."""

from pathlib import Path

import numpy as np

from faceswap_ae import checkpoint, plan
from faceswap_ae.schedule import Budget
from faceswap_ae.training import Job

SMALL = ("width=.25", "size=32", "latent=32", "batch=4", "precision=float32", "preview_seconds=600")


def job(data: Path, run: Path, steps: int, *changes: str) -> Job:
    """Ben onto ada by `quick`, made small."""
    settings = plan.load("quick", [*SMALL, *changes])
    return Job(data / "ben", data / "ada", run, settings, Budget(steps))


def state(run: Path) -> checkpoint.State:
    """What a run goes on from."""
    found = checkpoint.load(run / "checkpoints")
    assert found is not None
    return found


def equal(one: checkpoint.State, other: checkpoint.State) -> bool:
    """Are weights and moments the same bit for bit?"""
    return all(
        np.array_equal(array, other.arrays[group][name])
        for group in ("weights", "optimiser")
        for name, array in one.arrays[group].items()
    )
