"""Is a swap ready to be shown, and if it is not, what is wrong with it?

Each figure of LIMITS has two limits. Beyond the first one the swap is not ready any more, only
nearly; beyond the second one it is not ready. The worst figure decides, so a blur is never ready,
however similar to the owner it is. docs/evaluate.md has the same table and says where the limits
come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from faceswap_ae.evaluation.scores import Score
from faceswap_ae.evaluation.wording import SwapNames

Level = Literal["ready", "nearly ready", "not ready", "no verdict"]

PERCENT = 100.0


@dataclass(frozen=True)
class Limit:
    """The limits of one figure, and what is said of a swap that is beyond them."""

    ready: float
    not_ready: float
    words: str  # {value} is the figure, {percent} the same in per cent, {ready} the first limit
    trained: bool = False  # more training makes it better


SHARES = ("missed", "nearer_to_owner", "sharpness")  # limits in per cent
LIMITS = {
    "missed": Limit(0.0, 0.1, "{percent} % of the frames not swapped ({ready})"),  # of those seen
    "nearer_to_owner": Limit(
        0.95, 0.75, "nearer to {face} in only {percent} % of the frames ({ready})", trained=True
    ),
    "id_owner": Limit(0.45, 0.6, "unlike {face} (distance {value:.2f}; {ready})", trained=True),
    "sharpness": Limit(0.6, 0.45, "soft ({percent} % of the detail; {ready})", trained=True),
    "pose": Limit(6.0, 10.0, "head {value:.1f} degrees off ({ready})", trained=True),
    "eyes": Limit(9.0, 13.0, "eyes {value:.1f} % of their distance off ({ready})", trained=True),
    "mouth": Limit(
        11.0, 15.0, "mouth {value:.1f} % of the eyes' distance off ({ready})", trained=True
    ),
    "jitter_ratio": Limit(2.0, 3.0, "trembles {value:.1f} times as much as it should ({ready})"),
    "warping": Limit(4.0, 8.0, "unsteady ({value:.1f} levels from frame to frame; {ready})"),
    "seam": Limit(8.0, 16.0, "border visible ({value:.1f} levels; {ready})"),
}
TRAIN = "train longer: the same train or swap command with more --minutes"


@dataclass(frozen=True)
class Verdict:
    """The verdict on a swap, what decides it, what is nearly right, and what to do next."""

    level: Level
    reasons: tuple[str, ...]
    nearly: tuple[str, ...] = ()
    next_step: str = ""

    @property
    def words(self) -> str:
        """One line, as `not ready: soft (...); nearly: head 7.0 degrees off (...). Next: ...`."""
        told = f"{self.level}: {', '.join(self.reasons)}" if self.reasons else self.level
        beside = f"; nearly: {', '.join(self.nearly)}" if self.nearly else ""
        return told + beside + (f". Next: {self.next_step}" if self.next_step else "")


def judge(figures: Mapping[str, Score], names: SwapNames, seen: int) -> Verdict:
    """Return the verdict on a swap. `seen` counts the frames that show the replaced person.

    Where a figure could not be measured there is no verdict, unless another one is bad enough.
    """
    found = {name: one for name in LIMITS if (one := _level_of(name, figures, seen)) is not None}
    bad, weak = (
        [name for name, one in found.items() if one == level]
        for level in ("not ready", "nearly ready")
    )
    told = {name: _reason(name, figures, names, seen) for name in (*bad, *weak)}
    reasons, nearly = (tuple(told[name] for name in group) for group in (bad, weak))
    # What is worst comes first: nothing is gained by mending a small fault beside a large one.
    step = TRAIN if any(LIMITS[name].trained for name in bad or weak) else ""
    if bad:
        return Verdict("not ready", reasons, nearly, step)
    if unknown := [names.title(name) for name in LIMITS if name not in found]:
        return Verdict("no verdict", (f"not measured: {', '.join(unknown)}",), nearly)
    return Verdict("nearly ready", nearly, (), step) if weak else Verdict("ready", ())


def describe_limit(name: str) -> str:
    """Return up to where a figure is ready, as `ready: 60 % or more`; empty if it has no limit."""
    if name not in LIMITS:
        return ""
    limit = LIMITS[name]
    value = f"{PERCENT * limit.ready:g} %" if name in SHARES else f"{limit.ready:g}"
    if not limit.ready:
        return f"ready: {value}"
    return f"ready: {value} or {'less' if limit.ready < limit.not_ready else 'more'}"


def figure_level(name: str, figures: Mapping[str, Score], seen: int) -> Level:
    """Return the verdict on one figure alone: none if it has no limits or was not measured."""
    return (_level_of(name, figures, seen) if name in LIMITS else None) or "no verdict"


def _level_of(name: str, figures: Mapping[str, Score], seen: int) -> Level | None:
    value, limit = _value(name, figures, seen), LIMITS[name]
    if value is None:
        return None
    sign = 1 if limit.ready < limit.not_ready else -1
    if sign * value > sign * limit.not_ready:
        return "not ready"
    return "nearly ready" if sign * value > sign * limit.ready else "ready"


def _reason(name: str, figures: Mapping[str, Score], names: SwapNames, seen: int) -> str:
    value = _value(name, figures, seen) or 0.0
    told = {"value": value, "percent": _percent(value), "ready": describe_limit(name)}
    return LIMITS[name].words.format(**told, face=names.face)


def _percent(share: float) -> str:
    """Format a share; of a small one a digit more, so that something is never called 0."""
    return f"{PERCENT * share:.0f}" if share >= 0.01 else f"{PERCENT * share:.1g}"


def _value(name: str, figures: Mapping[str, Score], seen: int) -> float | None:
    value = figures[name].value
    return value / max(seen, 1) if name == "missed" and value is not None else value
