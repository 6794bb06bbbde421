"""How well do a swap's eyes, mouth, brows and gaze follow the performance's over a clip?

What is constant over the clip is another person's shape, so only the motion counts. Two figures for
each part of the face. Does it move at the same time: the correlation with the performance's motion,
1 at best, 0 for a part that stands still. Does it move as far: the slope of that motion, 1 if it
goes as far, less if it is damped.
"""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.synchronised import Role

STILL = 1e-9  # of the performance's spread: below, it is only rounding
LEAST = 20  # frames in which both are known: from fewer nothing follows


@dataclass(frozen=True)
class Part:
    """A part of the face: the column of its motion, and the least spread of a performance's."""

    column: str
    least: float  # in the column's unit: more than detection alone makes of a still face


PARTS = {
    "eyes": Part("eyes_open", 0.015),
    "mouth": Part("mouth_open", 0.03),
    "brows": Part("brows_high", 0.015),
    "gaze": Part("irises", 0.03),
}


def following(columns: FrameColumns, made: Role, wanted: Role = "onto") -> dict[str, float]:
    """Return `eyes_follow`, `eyes_amount` and so on for each part; NaN where it is not known."""
    found = {}
    for name, part in PARTS.items():
        one, other = (_motion(columns[f"{role}.{part.column}"]) for role in (made, wanted))
        found[f"{name}_follow"], found[f"{name}_amount"] = follows(one, other, part.least)
    return found


def follows(made: Doubles, wanted: Doubles, least: float) -> tuple[float, float]:
    """Return the correlation of two motions (n, k), and the slope of the first by the second.

    NaN if fewer than 20 frames have both, or if `wanted` spreads less than `least`.
    """
    known = np.isfinite(made).all(axis=1) & np.isfinite(wanted).all(axis=1)
    if known.sum() < LEAST:
        return np.nan, np.nan
    one, other = (each[known] - each[known].mean(axis=0) for each in (made, wanted))
    spread = float(np.sqrt((other**2).sum(axis=1).mean()))
    if spread < least:
        return np.nan, np.nan
    own = float(np.sqrt((one**2).sum(axis=1).mean()))
    together = float((one * other).sum(axis=1).mean())
    still = own < STILL * spread
    return 0.0 if still else together / (own * spread), together / spread**2


def _motion(values: Doubles) -> Doubles:
    """Return a column as rows (n, k); of two eyes the mean, if both are known."""
    both = values.mean(axis=1) if values.ndim == 3 else values
    return np.asarray(both.reshape(len(values), -1))
