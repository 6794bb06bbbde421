"""What did a conversion say of its output? Its report lies beside it, as `swap.mp4.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.boxes import Box
from faceswap_ae.runs import Run

BROKEN = (OSError, ValueError, KeyError, IndexError, TypeError, RecursionError)


@dataclass(frozen=True)
class Note:
    """What a conversion says of one frame: its number in the performance, and its faces."""

    frame: int
    swapped: Mapping[str, Sequence[Box]]  # by whose face they got
    left: Mapping[str, Sequence[Box]]  # by why they were left alone


def noted(result: Path) -> list[Note]:
    """What is told of each frame; nothing without a report."""
    try:
        return [_note(told) for told in _read(result)["every"]]
    except BROKEN:
        return []


def made_by(result: Path, runs: Path) -> Run | None:
    """The run that made an output, if it is there still and was not begun anew."""
    try:
        name, created, *_ = _read(result)["job"]["runs"][0]
        run = Run(runs / str(name))
        return run if run.card.is_file() and run.facts.created == created else None
    except BROKEN:
        return None


def _read(result: Path) -> Any:
    return json.loads(result.with_name(f"{result.name}.json").read_bytes())


def _note(told: Mapping[str, Any]) -> Note:
    found: dict[str, dict[str, list[Box]]] = {"swapped": {}, "left": {}}
    for face in told["faces"]:
        for what, by in found.items():
            if what in face:
                left, top, right, bottom = map(float, face.get("box", [np.nan] * 4))
                by.setdefault(str(face[what]), []).append((left, top, right, bottom))
    return Note(int(told["frame"]), found["swapped"], found["left"])
