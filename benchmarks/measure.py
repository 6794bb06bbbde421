"""How are two ways timed fairly on a noisy machine (benchmark in turns, medians)?

Both ways run in turn in one process, several times. The result is the ratio of the medians.
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
    """The median seconds of one run: wall-clock time, and CPU time of all cores together."""

    wall: float
    cpu: float


def compare(ways: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, Cost]:
    """Run all ways in turn, `rounds` times after one round for warming up."""
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
    """One JSON object: the figures, the machine and the commit."""
    found = {key: asdict(cost) for key, cost in costs.items()}
    body = {"benchmark": name, "commit": commit(), "machine": machine()}
    return json.dumps({**body, **facts, "seconds": found}, indent=2)


def commit() -> str:
    """The Git commit of the measured code (short hash)."""
    words = ("git", "rev-parse", "--short", "HEAD")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def machine() -> dict[str, object]:
    """The machine of the measurement: CPU model, cores, Python version."""
    return {
        "cpu": describe_cpu()["model"],
        "cores": cpu_count(),
        "python": platform.python_version(),
    }


def cpu_count() -> int:
    """The number of cores that this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
