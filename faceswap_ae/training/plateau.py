"""Is training still worth its time? In plain words, from the losses on faces never trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLAT = 0.01  # of the loss: less than this in a tenth of the steps is no improvement
WINDOW = 0.1  # of the steps so far, compared with the same number before
LEAST = 4  # measurements


@dataclass(frozen=True)
class HeldOutLoss:
    """A held-out loss at a step."""

    step: int
    loss: float


def improvement(measured: Sequence[HeldOutLoss]) -> float | None:
    """By how much of itself the loss fell per 1,000 steps of late; None where too few are known."""
    late, early = _parts(measured)
    if not late or not early:
        return None
    before, now = (float(np.mean([one.loss for one in part])) for part in (early, late))
    begin, end = (float(np.mean([one.step for one in part])) for part in (early, late))
    return (before - now) / max(before, 1e-12) * 1000 / max(end - begin, 1.0)


def flat_for(measured: Sequence[HeldOutLoss]) -> int:
    """For how many steps the loss has not fallen below what it was by a hundredth."""
    best: HeldOutLoss | None = None
    for one in measured:
        if best is None or one.loss < (1 - FLAT) * best.loss:
            best = one
    return measured[-1].step - best.step if best else 0


def format_verdict(measured: Sequence[HeldOutLoss], *, is_last: bool = True) -> str:
    """One line for a person who wonders whether to go on; of stages only the last ends it."""
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
    """The measurements of the last steps, and those of as many before."""
    if len(measured) < LEAST:
        return [], []
    last = measured[-1].step
    width = max(WINDOW * last, last - measured[-(LEAST // 2)].step + 1)
    late = [one for one in measured if one.step > last - width]
    early = [one for one in measured if last - 2 * width < one.step <= last - width]
    return late, early
