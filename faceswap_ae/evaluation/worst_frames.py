"""Which frames of a swap are the worst, and why?

A frame is as bad as its worst figure is, counted in steps that somebody would notice: away from the
clip's own median, because what is wrong everywhere is in the figures, not in a frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.scores import middle, missed, series
from faceswap_ae.evaluation.wording import SwapNames

MOST = 8  # that are told
APART = 0.25  # seconds at least, between two that are told
NOTED = 1.0  # steps, below which a frame is like the others
MISSED, TAKEN = 1000.0, 100.0  # steps of a face that was not swapped, that is another's


@dataclass(frozen=True)
class BadFrame:
    """A frame, and what is wrong with it."""

    frame: int  # of the result
    time: float  # seconds
    why: str
    steps: float


@dataclass(frozen=True)
class BadFrameSign:
    """By what a frame is seen to be bad: so much worse than usual is a step."""

    step: float
    why: str  # {0} is the frame's figure, {1} the clip's median
    less: bool = False  # is less worse?


SIGNS = {
    "pose": BadFrameSign(3.0, "the head is {0:.1f}° off the performance, {1:.1f}° mostly"),
    "mouth": BadFrameSign(2.5, "the mouth is {0:.1f} % off the performance, {1:.1f} % mostly"),
    "eyes": BadFrameSign(2.5, "the eyes are {0:.1f} % off the performance, {1:.1f} % mostly"),
    "gaze": BadFrameSign(
        8.0, "it looks elsewhere: irises {0:.0f} % of an eye off, {1:.0f} % mostly"
    ),
    "id_owner": BadFrameSign(0.08, "little like {face}: {0:.2f} away, {1:.2f} mostly"),
    "psnr": BadFrameSign(2.0, "far from the true swap: {0:.1f} dB, {1:.1f} dB mostly", less=True),
    "seam": BadFrameSign(4.0, "its border shows: {0:.1f} levels, {1:.1f} mostly"),
    "sharpness": BadFrameSign(0.25, "blurred: {0:.2f} of the detail, {1:.2f} mostly", less=True),
    "warping": BadFrameSign(2.5, "unsteady: {0:.1f} levels off the frame before, {1:.1f} mostly"),
    "jitter": BadFrameSign(3.0, "it jumps by {0:.1f} px more than the performance"),
}
OTHER = "more like {onto} than like {face}: {0:.2f} and {1:.2f} away"


def find_worst_frames(
    columns: FrameColumns, names: SwapNames, most: int = MOST
) -> tuple[BadFrame, ...]:
    """The worst frames first; neighbours of one that is told are left out."""
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
    """The figures frame by frame; where the performer jumps too, nothing is wrong."""
    found, own = series(columns), series(columns, "onto")["jitter"]
    return {**found, "jitter": found["jitter"] - np.nan_to_num(own)}


def _steps(values: Doubles, sign: BadFrameSign) -> Doubles:
    """How much worse than usual each frame is; 0 where it is not known."""
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
