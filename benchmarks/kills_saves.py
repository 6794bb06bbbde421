"""Is a checkpoint lost when the saving process is killed (part of benchmarks/kills.py)?

A process saves checkpoints without end and continues from the last one, as training does. It is
killed at random moments, and also before each of its calls that read or change a folder. After each
kill the newest state must load, must not be older than the last one that was reported, and must be
the same bit by bit. A loss raises an AssertionError.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

from faceswap_ae.training.runs import tensor_file
from faceswap_ae.training.runs.checkpoint import TrainingState, load, save

READY = b"ready\n"
CALLS = ("open", "os.rename", "os.remove", "os.mkdir", "os.listdir", "os.scandir")
LONGEST = 0.4  # most seconds until a kill; a save takes a twentieth of this
NUMBERS = 500_000  # float32 values in each group, so that many kills meet a half-written file


def kill_saves(kills: int, seed: int) -> dict[str, int]:
    """Kill so many times at random moments, and before every call. Returns the figures."""
    moments = np.random.default_rng(seed).uniform(0, LONGEST, kills)
    with tempfile.TemporaryDirectory() as folder:
        saved = [survived(Path(folder), moment) for moment in moments]
    with tempfile.TemporaryDirectory() as folder:
        calls = at_every_call(Path(folder))
    return {"at_random": len(saved), "saved": saved[-1], "before_calls": calls, "lost": 0}


def at_every_call(folder: Path) -> int:
    """Kill before the first call of two saves, then before the second, and so on to the last.

    Returns the number of calls.
    """
    survived(folder, LONGEST)
    for call in count(1):
        # A complete save in between. Without it, each kill leaves more work, and so more calls, to
        # the next process.
        before = number_of(load(folder)) + 1
        save(folder, state_of(before))
        if survived(folder, None, call) > before + 2:
            return call
    raise AssertionError


def survived(folder: Path, moment: float | None, die: int = 0) -> int:
    """Kill a saving process, then check the newest state. Return the number of its save."""
    told = _killed(folder, moment, die)
    state = load(folder)
    number = number_of(state)
    assert number >= told, f"number {told} was saved, {number} is there"
    if state is not None:
        assert_same(state, state_of(number))
    return number


def keep_saving(folder: Path, die: int) -> None:
    """Save without end. The process kills itself before call number `die`, if that is not 0."""
    first = number_of(load(folder)) + 1
    if die:
        sys.addaudithook(_dying(die))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    for number in count(first):
        save(folder, state_of(number))
        sys.stdout.buffer.write(f"{number}\n".encode())
        sys.stdout.buffer.flush()


def state_of(number: int) -> TrainingState:
    """A state that depends only on `number`, so that it can be made again for the comparison.

    Each step is saved twice, with different values.
    """
    random = np.random.default_rng(number)
    groups: dict[str, tensor_file.Arrays] = {
        group: {
            "dense/kernel": random.standard_normal(NUMBERS, np.float32),
            "dense/bias": np.frombuffer(random.bytes(40), np.float32),  # NaN and the like
            "steps": np.array(number * 2**40, np.int64),
            "empty": np.zeros((0, 3), np.float32),
        }
        for group in ("weights", "optimiser")
    }
    return TrainingState(number // 2, groups, {"number": number, "losses": {"total": 1 / number}})


def number_of(state: TrainingState | None) -> int:
    """The number of the save that a state is from; 0 for no state."""
    return 0 if state is None else int(state.facts["number"])


def assert_same(one: TrainingState, other: TrainingState) -> None:
    """Assert that two states are the same bit by bit."""
    assert (one.step, one.facts) == (other.step, other.facts)
    assert {*one.arrays} == {*other.arrays}
    for group, arrays in one.arrays.items():
        assert {*arrays} == {*other.arrays[group]}
        for name, array in arrays.items():
            same = other.arrays[group][name]
            assert (array.dtype, array.shape) == (same.dtype, same.shape), name
            assert array.tobytes() == same.tobytes(), name


def _killed(folder: Path, moment: float | None, die: int) -> int:
    """Start a saving process and kill it. Return the last number that it reported."""
    command = [sys.executable, "-m", "benchmarks.kills_saves", str(folder), str(die)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        if moment is not None:
            assert process.stdout.readline() == READY
        try:
            told, _ = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            told, _ = process.communicate()
    numbers = [int(line) for line in told.split() if line.isdigit()]
    return numbers[-1] if numbers else 0


def _dying(number: int) -> Callable[[str, object], None]:
    numbers = count(1)

    def hook(event: str, _: object) -> None:
        if event in CALLS and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


if __name__ == "__main__":  # the process that is killed
    keep_saving(Path(sys.argv[1]), int(sys.argv[2]))
