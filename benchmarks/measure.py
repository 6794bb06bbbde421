"""How is something timed so that two things can be compared on a noisy machine?

Both are run in turn in one process, several times, and the ratio of the medians is what counts.
"""

import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from faceswap_ae.runtime.hardware import describe_cpu


@dataclass(frozen=True)
class Cost:
    """Median seconds of one run: on the clock, and of all cores together."""

    wall: float
    cpu: float


def compare(ways: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, Cost]:
    """Run each way in turn, `rounds` times after one for warming up."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            wall, processor = time.perf_counter(), time.process_time()
            way()
            took = time.perf_counter() - wall, time.process_time() - processor
            spent[name].append(took)
    return {name: _median(runs[1:]) for name, runs in spent.items()}


def _median(runs: list[tuple[float, float]]) -> Cost:
    walls, processors = zip(*runs, strict=True)
    return Cost(statistics.median(walls), statistics.median(processors))


def report(name: str, costs: dict[str, Cost], **facts: object) -> str:
    """One JSON object: what was measured, on what, at which commit."""
    found = {key: asdict(cost) for key, cost in costs.items()}
    body = {"benchmark": name, "commit": commit(), "machine": machine()}
    return json.dumps({**body, **facts, "seconds": found}, indent=2)


def commit() -> str:
    """What was measured, as Git names it."""
    words = ("git", "rev-parse", "--short", "HEAD")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def machine() -> dict[str, object]:
    """What it was measured on."""
    return {
        "cpu": describe_cpu()["model"],
        "cores": cpu_count(),
        "python": platform.python_version(),
    }


def cpu_count() -> int:
    """Cores that this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
