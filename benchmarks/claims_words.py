"""Is a difference of two trainings more than noise, and how is a number written in a table?

The noise is the difference of two trainings that differ only by their seed, or the standard error
of the mean over the frames, whichever is larger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

BEYOND = 2.0  # a difference counts if it is more than this many times the noise
MISSING = "–"

Numbers = Sequence[float]
Verdict = Literal["yes", "no", "contrary"]


@dataclass(frozen=True)
class Gain:
    """How much better one training is than another. A negative size means it is worse."""

    size: float
    noise: float

    @property
    def verdict(self) -> Verdict:
        """Whether the gain shows beyond the noise ("yes", "no"), or its contrary does."""
        far = BEYOND * self.noise
        if self.size > far:
            return "yes"
        return "contrary" if self.size < -far else "no"


def gain(plain: Numbers, again: Numbers, other: Numbers, *, less: bool = False) -> Gain:
    """The gain of `other` over the mean of two trainings with the same settings, frame by frame.

    `plain` and `again` differ only by their seed. With `less`, lower values are better.
    """
    one, two, new = (np.asarray(row, np.float64) for row in (plain, again, other))
    away = new - (one + two) / 2
    away = away[np.isfinite(away)]
    seeds = abs(mean(plain) - mean(again))
    frames = float(away.std() / np.sqrt(len(away))) if len(away) else np.nan
    size = float(away.mean()) if len(away) else np.nan
    return Gain(-size if less else size, max(seeds, frames))


def mean(row: Numbers) -> float:
    """The mean over the frames that have a finite value; NaN if there are none."""
    found = np.asarray(row, np.float64)
    found = found[np.isfinite(found)]
    return float(found.mean()) if len(found) else np.nan


def together(one: Numbers, other: Numbers) -> float:
    """Pearson's correlation of two rows of numbers; NaN if it is not defined."""
    a, b = (np.asarray(row, np.float64) for row in (one, other))
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 2 or a[both].std() == 0 or b[both].std() == 0:
        return np.nan
    return float(np.corrcoef(a[both], b[both])[0, 1])


def format_number(number: float, digits: int = 2) -> str:
    """Format a number as in our pages: no zero before the point, and a true minus sign."""
    if not np.isfinite(number):
        return MISSING
    text = f"{abs(number):,.{digits}f}"
    short = text[1:] if text.startswith("0.") else text
    is_zero = not short.strip("0.,")
    return f"−{short}" if number < 0 and not is_zero else short


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
