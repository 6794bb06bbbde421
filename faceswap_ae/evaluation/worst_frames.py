"""Which frames of a swap are the worst, and by which metric?

A frame is rated by its worst metric. The deviation from the clip's own median is counted in steps
that a viewer would notice. The median is used because an error in all frames is visible in the
metrics of the whole clip, and is not the fault of a single frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.scores import middle, missed, series
from faceswap_ae.evaluation.wording import SwapNames

MOST = 8  # frames that are reported
APART = 0.25  # seconds, at least, between two reported frames
NOTED = 1.0  # steps: a frame with fewer is like the others
MISSED, TAKEN = 1000.0, 100.0  # steps of a face not swapped, and of one like the replaced person


@dataclass(frozen=True)
class BadFrame:
    """A bad frame, and what is wrong with it."""

    frame: int  # of the result
    time: float  # seconds
    why: str
    steps: float


@dataclass(frozen=True)
class BadFrameSign:
    """A metric by which frames are rated: `step` is a difference that a viewer would notice."""

    step: float
    why: str  # {0} is the frame's value, {1} the clip's median
    less: bool = False  # whether a smaller value is worse


SIGNS = {
    "pose": BadFrameSign(3.0, "the head is {0:.1f}° off the performer's (usually {1:.1f}°)"),
    "mouth": BadFrameSign(
        2.5, "the mouth is {0:.1f} % of the eyes' distance off the performer's (usually {1:.1f} %)"
    ),
    "eyes": BadFrameSign(
        2.5, "the eyes are {0:.1f} % of their distance off the performer's (usually {1:.1f} %)"
    ),
    "gaze": BadFrameSign(
        8.0, "the gaze is elsewhere: {0:.0f} % of an eye's width off (usually {1:.0f} %)"
    ),
    "id_owner": BadFrameSign(0.08, "not much like {face}: distance {0:.2f} (usually {1:.2f})"),
    "psnr": BadFrameSign(2.0, "unlike the true swap: {0:.1f} dB (usually {1:.1f} dB)", less=True),
    "seam": BadFrameSign(4.0, "the border is visible: {0:.1f} levels (usually {1:.1f})"),
    "sharpness": BadFrameSign(
        0.25, "blurred: {0:.0%} of the natural detail (usually {1:.0%})", less=True
    ),
    "warping": BadFrameSign(2.5, "unsteady: {0:.1f} levels off the frame before (usually {1:.1f})"),
    "jitter": BadFrameSign(3.0, "the face jumps {0:.1f} px more than the performance"),
}
OTHER = "more like {onto} than like {face}: distances {0:.2f} and {1:.2f}"


def find_worst_frames(
    columns: FrameColumns, names: SwapNames, most: int = MOST
) -> tuple[BadFrame, ...]:
    """Return the worst frames, the worst first, without close neighbours of a reported frame."""
    found, times = _measured(columns), columns["time"]
    steps = {name: _steps(found[name], sign) for name, sign in SIGNS.items()}
    worse = np.max(list(steps.values()), axis=0)
    taken = found["id_replaced"] < found["id_owner"]
    worse[taken] = TAKEN + (found["id_owner"] - found["id_replaced"])[taken]
    gone = missed(columns)
    worse[list(gone)] = MISSED
    told: list[BadFrame] = []
    for at in map(int, np.argsort(-worse, kind="stable")):
        if len(told) == most or worse[at] < NOTED:
            break
        if any(abs(times[at] - one.time) < APART for one in told):
            continue
        why = gone.get(at) or (_taken(found, names, at) if taken[at] else "")
        why = why or _why(found, steps, names, at)
        told.append(BadFrame(at, float(times[at]), why, float(worse[at])))
    return tuple(told)


def _measured(columns: FrameColumns) -> dict[str, Doubles]:
    """Return the metrics frame by frame; jitter counts only beyond that of the performer."""
    found, own = series(columns), series(columns, "onto")["jitter"]
    return {**found, "jitter": found["jitter"] - np.nan_to_num(own)}


def _steps(values: Doubles, sign: BadFrameSign) -> Doubles:
    """Return how much worse than the median each frame is, in steps; 0 where it is not known."""
    away = values - middle(values)
    return np.nan_to_num((-away if sign.less else away) / sign.step)


def _taken(found: Mapping[str, Doubles], names: SwapNames, at: int) -> str:
    away = found["id_replaced"][at], found["id_owner"][at]
    return OTHER.format(*away, face=names.face, onto=names.onto)


def _why(
    found: Mapping[str, Doubles], steps: Mapping[str, Doubles], names: SwapNames, at: int
) -> str:
    name = max(steps, key=lambda one: float(steps[one][at]))
    values = found[name]
    return SIGNS[name].why.format(values[at], middle(values), face=names.face, onto=names.onto)
