"""Is a difference more than noise, and how is it told in a table?

Noise is what two trainings that differ by their seed alone differ by, or the error of a mean over
the frames, whichever is more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

BEYOND = 2.0  # times the noise, from which on a difference counts
MISSING = "–"

Numbers = Sequence[float]
Verdict = Literal["yes", "no", "contrary"]


@dataclass(frozen=True)
class Gain:
    """How much better one training is than another; below 0 it is worse."""

    size: float
    noise: float

    @property
    def verdict(self) -> Verdict:
        """Does it show, or its contrary?"""
        far = BEYOND * self.noise
        if self.size > far:
            return "yes"
        return "contrary" if self.size < -far else "no"


def gain(plain: Numbers, again: Numbers, other: Numbers, *, less: bool = False) -> Gain:
    """Of `other` over two trainings that are alike, frame by frame; `less`: less is better."""
    one, two, new = (np.asarray(row, np.float64) for row in (plain, again, other))
    away = new - (one + two) / 2
    away = away[np.isfinite(away)]
    seeds = abs(mean(plain) - mean(again))
    frames = float(away.std() / np.sqrt(len(away))) if len(away) else np.nan
    size = float(away.mean()) if len(away) else np.nan
    return Gain(-size if less else size, max(seeds, frames))


def mean(row: Numbers) -> float:
    """Over the frames in which there is something to measure; NaN where there are none."""
    found = np.asarray(row, np.float64)
    found = found[np.isfinite(found)]
    return float(found.mean()) if len(found) else np.nan


def together(one: Numbers, other: Numbers) -> float:
    """How far two numbers go up and down together: Pearson's correlation, NaN where unknown."""
    a, b = (np.asarray(row, np.float64) for row in (one, other))
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 2 or a[both].std() == 0 or b[both].std() == 0:
        return np.nan
    return float(np.corrcoef(a[both], b[both])[0, 1])


def told(number: float, digits: int = 2) -> str:
    """As our pages have it: no zero before the point, a true minus."""
    if not np.isfinite(number):
        return MISSING
    text = f"{abs(number):,.{digits}f}"
    short = text[1:] if text.startswith("0.") else text
    is_zero = not short.strip("0.,")
    return f"−{short}" if number < 0 and not is_zero else short


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
