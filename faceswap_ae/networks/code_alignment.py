"""How are the codes of two identities brought to the same place?

A shared encoder puts the faces of two people into two clouds. Moved and stretched so that the one
cloud's mean and spread become the other's, a code means the same expression to the decoder that
meets it, as far as both people did and saw the same in their clips. Clouds also lie apart because
they did not; so going half of the way is safest (docs/quality.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from faceswap_ae.common.geometry import Floats
from faceswap_ae.networks.model_interface import (
    FACE,
    IDENTITIES,
    ONTO,
    Identity,
    Networks,
    Output,
    Tensor,
)

LEAST = 1e-3  # of a spread; a number of the code that never moves stays as it is

PARTS = ("mean", "spread")  # of a cloud


@dataclass(frozen=True, eq=False)
class CodeStatistics:
    """Where codes lie: along the last axis, mean and spread."""

    mean: Floats
    spread: Floats


def code_statistics(codes: Iterable[Floats]) -> CodeStatistics:
    """The cloud of codes that pass by in batches (n, ..., k)."""
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for batch in codes:
        flat = np.asarray(batch, np.float64).reshape(-1, batch.shape[-1])
        count, total = count + len(flat), total + flat.sum(axis=0)
        squares = squares + (flat**2).sum(axis=0)
    mean = total / max(count, 1)
    spread = np.sqrt(np.maximum(squares / max(count, 1) - mean**2, 0))
    return CodeStatistics(mean.astype(np.float32), spread.astype(np.float32))


@dataclass(frozen=True, eq=False)
class Alignment:
    """From the faces of one identity, coded to be shown as another, to that one's own."""

    theirs: CodeStatistics
    own: CodeStatistics

    def __call__(self, code: Tensor) -> Tensor:
        """The code, moved."""
        moves = self.theirs.spread > LEAST
        times = np.where(moves, self.own.spread / np.maximum(self.theirs.spread, LEAST), 1.0)
        shift = self.own.mean - self.theirs.mean * times
        scaled = ops.cast(code, "float32") * ops.convert_to_tensor(times.astype("float32"))
        return ops.cast(scaled + ops.convert_to_tensor(shift.astype("float32")), code.dtype)

    def part(self, share: float) -> "Alignment | None":
        """So far of the way; None for nothing of it."""
        pairs = ((getattr(self.theirs, name), getattr(self.own, name)) for name in PARTS)
        between = (theirs + np.float32(share) * (own - theirs) for theirs, own in pairs)
        return Alignment(self.theirs, CodeStatistics(*between)) if share else None


def alignment(
    networks: Networks, faces: Mapping[Identity, Iterable[Floats]], to: Identity = FACE
) -> Alignment:
    """Measured on faces as they are, in batches of the networks' size."""
    of = ONTO if to == FACE else FACE
    return Alignment(
        code_statistics(_numbers(networks.encode(batch, of, to)) for batch in faces[of]),
        code_statistics(_numbers(networks.encode(batch, to, to)) for batch in faces[to]),
    )


def _numbers(code: Tensor) -> Floats:
    # In 32 bits first: NumPy knows no bfloat16.
    return np.asarray(ops.convert_to_numpy(ops.cast(code, "float32")), np.float32)


def alignments_to_arrays(alignments: Mapping[Identity, Alignment]) -> dict[str, Floats]:
    """Alignments as named arrays, by whom they lead to."""
    return {
        f"{to}/{whose}/{what}": getattr(getattr(align, whose), what)
        for to, align in alignments.items()
        for whose in ("theirs", "own")
        for what in PARTS
    }


def alignments_from_arrays(arrays: Mapping[str, Floats]) -> dict[Identity, Alignment]:
    """The alignments that `told` told."""
    return {
        to: Alignment(
            *(
                CodeStatistics(arrays[f"{to}/{whose}/mean"], arrays[f"{to}/{whose}/spread"])
                for whose in ("theirs", "own")
            )
        )
        for to in IDENTITIES
    }


def aligned_swap(
    networks: Networks, x: Tensor, align: Alignment | None, to: Identity = FACE
) -> Output:
    """The other identity's faces as `to`, by way of the alignment if there is one."""
    of = ONTO if to == FACE else FACE
    code: Any = networks.encode(x, of, to)
    return networks.decode(align(code) if align else code, to)
