"""How are the latent codes of two identities aligned before decoding?

A shared encoder maps the faces of two people to two clouds of codes. The alignment moves and
stretches one cloud so that its mean and spread become those of the other. Then a code means the
same expression to the decoder that receives it, as far as both people did and saw the same in their
clips. The clouds also lie apart because they did not do the same. So it is safest to go half of the
way (docs/quality.md).
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

LEAST = 1e-3  # up to this spread, a number of the code counts as constant and is only shifted

PARTS = ("mean", "spread")  # statistics of a cloud


@dataclass(frozen=True, eq=False)
class CodeStatistics:
    """Mean and spread (standard deviation) of codes, both (k,) along the codes' last axis."""

    mean: Floats
    spread: Floats


def code_statistics(codes: Iterable[Floats]) -> CodeStatistics:
    """Measure the statistics of codes that come in batches (n, ..., k)."""
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
    """Maps codes of one identity's faces, encoded to be shown as another, to that other's own."""

    theirs: CodeStatistics
    own: CodeStatistics

    def __call__(self, code: Tensor) -> Tensor:
        """Return the code, scaled and shifted."""
        moves = self.theirs.spread > LEAST
        times = np.where(moves, self.own.spread / np.maximum(self.theirs.spread, LEAST), 1.0)
        shift = self.own.mean - self.theirs.mean * times
        scaled = ops.cast(code, "float32") * ops.convert_to_tensor(times.astype("float32"))
        return ops.cast(scaled + ops.convert_to_tensor(shift.astype("float32")), code.dtype)

    def part(self, share: float) -> "Alignment | None":
        """Return the alignment that goes this share of the way; None for a share of 0."""
        pairs = ((getattr(self.theirs, name), getattr(self.own, name)) for name in PARTS)
        between = (theirs + np.float32(share) * (own - theirs) for theirs, own in pairs)
        return Alignment(self.theirs, CodeStatistics(*between)) if share else None


def alignment(
    networks: Networks, faces: Mapping[Identity, Iterable[Floats]], to: Identity = FACE
) -> Alignment:
    """Measure the alignment on faces without augmentation, in batches of the networks' input."""
    of = ONTO if to == FACE else FACE
    return Alignment(
        code_statistics(_numbers(networks.encode(batch, of, to)) for batch in faces[of]),
        code_statistics(_numbers(networks.encode(batch, to, to)) for batch in faces[to]),
    )


def _numbers(code: Tensor) -> Floats:
    # Cast to 32 bits first, because NumPy has no bfloat16.
    return np.asarray(ops.convert_to_numpy(ops.cast(code, "float32")), np.float32)


def alignments_to_arrays(alignments: Mapping[Identity, Alignment]) -> dict[str, Floats]:
    """Convert alignments to arrays, whose names begin with the identity that they lead to."""
    return {
        f"{to}/{whose}/{what}": getattr(getattr(align, whose), what)
        for to, align in alignments.items()
        for whose in ("theirs", "own")
        for what in PARTS
    }


def alignments_from_arrays(arrays: Mapping[str, Floats]) -> dict[Identity, Alignment]:
    """Rebuild the alignments from the arrays that `alignments_to_arrays` made."""
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
    """Show the other identity's faces as `to`, with their codes aligned if `align` is given."""
    of = ONTO if to == FACE else FACE
    code: Any = networks.encode(x, of, to)
    return networks.decode(align(code) if align else code, to)
