"""How are a training's metrics (losses, learning rates) logged and read again?

`log.jsonl` is in the run's folder. It has one JSON object in each line, and lines are only ever
appended. If training goes on from an earlier step, a line of its own says so. The reader then drops
the rows after that step, because their training steps are lost too.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faceswap_ae.common.atomic import explain_os_error, open_to_append
from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import lines_of

GROUPS = ("losses", "rates")
ENDLESS = ("nan", "inf", "-inf")


@dataclass(frozen=True)
class MetricRow:
    """The metrics of one step."""

    step: int
    losses: Mapping[str, float]
    rates: Mapping[str, float] = field(default_factory=dict)  # learning rates, by player
    memory: int = 0  # bytes in use, of the accelerator if there is one
    time: float = 0.0  # seconds since 1970
    stage: str = ""  # of the recipe, if it has several


class MetricLog:
    """Writes the log of a training that begins, or goes on, at a step."""

    def __init__(self, path: Path, step: int = 0) -> None:
        self.path = path
        # A kill may leave an incomplete line. A line end closes it, so the next row is not damaged.
        self._append({"resumed": step}, b"\n" if _is_torn(path) else b"")

    def add(self, row: MetricRow) -> None:
        """Append the metrics of a step."""
        losses, rates = _plain(row.losses), _plain(row.rates)
        told = {"step": row.step, "losses": losses, "rates": rates}
        stage = {"stage": row.stage} if row.stage else {}
        self._append({**told, "memory": row.memory, "time": round(row.time, 3), **stage})

    def _append(self, row: dict[str, Any], before: bytes = b"") -> None:
        line = before + json.dumps(row, separators=(",", ":")).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open_to_append(self.path) as file:
                file.write(line)
        except OSError as error:
            raise explain_os_error(error, self.path) from error


def read(path: Path) -> list[MetricRow]:
    """Return the rows of all valid steps in order; of two rows of one step, the later one."""
    rows: list[MetricRow] = []
    if not path.exists():
        return rows
    try:
        for line in lines_of(path):
            _take(rows, line)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from error
    return rows


def _take(rows: list[MetricRow], line: bytes) -> None:
    """Add a line's row and drop the earlier rows that it makes invalid."""
    try:
        told = JsonFields.parse(line)
        row = _row(told) if "step" in told else None
        last = row.step - 1 if row else told.whole("resumed")
    except ValueError:  # damaged
        return
    while rows and rows[-1].step > last:
        rows.pop()
    if row is not None:
        rows.append(row)


def _row(told: JsonFields) -> MetricRow:
    losses, rates = (_numbers(told.inner(name)) for name in GROUPS)
    memory, time, stage = told.whole("memory"), told.number("time"), told.text("stage", "")
    return MetricRow(told.whole("step"), losses, rates, memory, time, stage)


def _numbers(told: JsonFields) -> dict[str, float]:
    """Read what `_plain` gives."""
    return {
        key: float(told.text(key)) if told.any(key) in ENDLESS else told.number(key) for key in told
    }


def _plain(numbers: Mapping[str, float]) -> dict[str, float | str]:
    """Turn numbers that are not finite into text, because JSON has no form for them."""
    plain = {key: float(value) for key, value in numbers.items()}
    return {key: value if math.isfinite(value) else str(value) for key, value in plain.items()}


def _is_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.seek(0, 2) > 0 and file.seek(-1, 2) >= 0 and file.read(1) != b"\n"
    except OSError:  # no log yet, or the next write reports the error
        return False
