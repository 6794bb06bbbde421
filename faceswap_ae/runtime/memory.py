"""How much memory is free, how much has the process used, and which batch size fits?"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

USUAL, LEAST = 16, 2  # batch size (faces of each identity in a step) if none is set
SHARE = 0.4  # of the free memory: the most that a step may take
COPIES = 6.0  # of every layer's output in a step: forward, backward, both identities
NUMBER = 4  # bytes per number


def likely_batch(parts: Iterable[Any]) -> int:
    """Return the batch size that likely fits into memory, a power of two.

    On a GPU, or if the free memory is unknown, this is the usual one; training halves it when it
    fails.
    """
    free = available_bytes()
    if free is None or on_gpu():
        return USUAL
    per_face = NUMBER * COPIES * sum(_outputs(part) for part in parts)
    batch = USUAL
    while batch > LEAST and batch * per_face > SHARE * free:
        batch //= 2
    return batch


def available_bytes() -> int | None:
    """Return the bytes that a process can still get; None if the system does not report it."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        told = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(told.split()[1]) * 1024
    return None


def peak_bytes() -> int:
    """Return the most bytes that this process held; 0 if the system does not report it."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)


def on_gpu() -> bool:
    """Return whether Keras's backend computes on a GPU."""
    from faceswap_ae.runtime.precision import gpu_capability

    return gpu_capability() is not None


def _outputs(part: Any) -> float:
    """Return how many numbers the layers of a model put out for one face."""
    shapes = (layer.output.shape[1:] for layer in part.layers if hasattr(layer, "output"))
    return float(sum(prod(side or 1 for side in shape) for shape in shapes))
