"""Which files of run folders (checkpoints, logs) do tests write, read and damage?"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faceswap_ae.training.runs import checkpoint
from faceswap_ae.training.runs.checkpoint import TrainingState
from faceswap_ae.training.runs.metric_log import MetricRow
from faceswap_ae.training.runs.run import Run, RunFacts, begin_run

FACTS = RunFacts("ben", "ada", "df", "plain", "whole")


def state_of(step: int) -> TrainingState:
    arrays = {"kernel": np.full((3, 4), step, np.float32), "steps": np.array(step * 2**40)}
    return TrainingState(
        step, {"weights": arrays, "optimiser": {"m": arrays["kernel"] / 3}}, {"rate": 0.1}
    )


def steps(folder: Path) -> list[int]:
    return [saved.step for saved in checkpoint.listed(folder)]


def spoil(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def arrays(folder: Path) -> list[Path]:
    return [*folder.glob("*.safetensors")]


@dataclass(frozen=True)
class Stage:
    name: str = "warm"
    steps: int = 100


@dataclass(frozen=True)
class Settings:
    size: int = 64
    rate: float = 5e-5
    minutes: float | None = None
    losses: dict[str, float] = field(default_factory=dict)
    stages: tuple[Stage, ...] = (Stage(),)


def trained(folder: Path, step: int = 40) -> Run:
    """A run with one checkpoint."""
    run = begin_run(folder, Settings(), FACTS)
    arrays = {"kernel": np.full((2, 2), step, np.float32)}
    checkpoint.save(
        run.checkpoints, TrainingState(step, {"weights": arrays, "optimiser": arrays}, {"a": 1})
    )
    return run


def row_of(step: int) -> MetricRow:
    return MetricRow(
        step, {"total": 1 / (step + 1), "mask": 2.0}, {"coder": 5e-5}, 10**10, 1.7e9 + step
    )
