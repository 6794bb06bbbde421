"""Does training still improve the loss on the hold-out set, or has it reached a plateau?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLAT = 0.01  # of the best loss: a smaller fall below it is no improvement
WINDOW = 0.1  # of the steps so far: the last ones, compared with as many before them
LEAST = 4  # measurements


@dataclass(frozen=True)
class HeldOutLoss:
    """The loss on the hold-out set at a step."""

    step: int
    loss: float


def improvement(measured: Sequence[HeldOutLoss]) -> float | None:
    """Return by which share the loss fell per 1,000 recent steps; None if too little is known."""
    late, early = _parts(measured)
    if not late or not early:
        return None
    before, now = (float(np.mean([one.loss for one in part])) for part in (early, late))
    begin, end = (float(np.mean([one.step for one in part])) for part in (early, late))
    return (before - now) / max(before, 1e-12) * 1000 / max(end - begin, 1.0)


def flat_for(measured: Sequence[HeldOutLoss]) -> int:
    """Return for how many steps the loss has not fallen by a hundredth below the best loss."""
    best: HeldOutLoss | None = None
    for one in measured:
        if best is None or one.loss < (1 - FLAT) * best.loss:
            best = one
    return measured[-1].step - best.step if best else 0


def format_verdict(measured: Sequence[HeldOutLoss], *, is_last: bool = True) -> str:
    """Return one line that tells the user whether more training helps.

    Only in the last stage does it say that the user can stop.
    """
    if len(measured) < LEAST:
        return "too early to tell"
    flat = flat_for(measured)
    if flat > 2 * WINDOW * measured[-1].step:
        end = "you can stop" if is_last else "the next stage comes by itself"
        return f"flat for {flat:,} steps, {end}"
    gain = improvement(measured)
    if gain is None or gain <= 0:
        return "hardly improving"
    return f"still improving: {100 * gain:.1f} % per 1,000 steps"


def _parts(measured: Sequence[HeldOutLoss]) -> tuple[list[HeldOutLoss], list[HeldOutLoss]]:
    """Return the measurements of the last steps, and those of as many steps before."""
    if len(measured) < LEAST:
        return [], []
    last = measured[-1].step
    width = max(WINDOW * last, last - measured[-(LEAST // 2)].step + 1)
    late = [one for one in measured if one.step > last - width]
    early = [one for one in measured if last - 2 * width < one.step <= last - width]
    return late, early
