"""How much memory is there, how much was taken, and how many faces fit into a step?"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

USUAL, LEAST = 16, 2  # faces of each identity in a step, where nobody says
SHARE = 0.4  # of the free memory that a step may take
COPIES = 6.0  # of every layer's output: forward, backward, and both identities
NUMBER = 4  # bytes


def likely_batch(parts: Iterable[Any]) -> int:
    """So many faces as likely fit, a power of two; on a GPU the usual, halved when it fails."""
    free = available_bytes()
    if free is None or on_gpu():
        return USUAL
    per_face = NUMBER * COPIES * sum(_outputs(part) for part in parts)
    batch = USUAL
    while batch > LEAST and batch * per_face > SHARE * free:
        batch //= 2
    return batch


def available_bytes() -> int | None:
    """Bytes that a process could still have, where the system tells."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        told = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(told.split()[1]) * 1024
    return None


def peak_bytes() -> int:
    """Bytes that this process held at most, 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)


def on_gpu() -> bool:
    """Does Keras's backend compute on a GPU?"""
    from faceswap_ae.runtime.precision import gpu_capability

    return gpu_capability() is not None


def _outputs(part: Any) -> float:
    """Numbers that the layers of a model give out for one face."""
    shapes = (layer.output.shape[1:] for layer in part.layers if hasattr(layer, "output"))
    return float(sum(prod(side or 1 for side in shape) for shape in shapes))
