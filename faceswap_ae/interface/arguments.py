"""Which types of arguments do the public functions take, and what does the core get of them?"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from faceswap_ae.common.errors import UserError

AnyPath = str | os.PathLike[str]
Paths = AnyPath | Iterable[AnyPath]  # one or many
Texts = str | Iterable[str]
Numbers = int | Iterable[int]
Time = str | float  # 4.2, "4.2s", "1:02.5"
Device = str | int  # a GPU's number, or "cpu"
Changes = Mapping[str, object] | Iterable[str]  # {"batch": 8}, or ["batch=8"]


def as_paths(given: Paths) -> tuple[Path, ...]:
    """One path or many."""
    if isinstance(given, str | os.PathLike):
        return (Path(given),)
    return tuple(Path(one) for one in given)


def as_texts(given: Paths) -> tuple[str, ...]:
    """One name or many; what has a path is named by it."""
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    return tuple(os.fspath(one) for one in given)


def as_numbers(given: Numbers) -> tuple[int, ...]:
    """One number or many."""
    return (given,) if isinstance(given, int) else tuple(given)


def as_text(given: float | str | None) -> str | None:
    """A time or a rate as the core reads it; `1e-05` is no time, so the digits are written out."""
    if given is None or isinstance(given, str):
        return given
    return f"{given:.9f}".rstrip("0").rstrip(".")


def as_changes(given: Changes) -> list[str]:
    """Settings as `key=value`; values are written as JSON, which is YAML too."""
    if isinstance(given, Mapping):
        return [f"{key}={_yaml(value)}" for key, value in given.items()]
    return [given] if isinstance(given, str) else list(given)


def check_range(least: float, most: float | None = None, /, **given: float | None) -> None:
    """Raise UserError if a number is not within these bounds."""
    for name, value in given.items():
        if value is not None and not (least <= value and (most is None or value <= most)):
            wanted = f"{least:g} or more" if most is None else f"{least:g} to {most:g}"
            raise UserError(f"--{name} {value:g}: give a number, {wanted}")


def _yaml(value: object) -> str:
    if isinstance(value, str):  # as typed after `key=` on the command line
        return value
    return json.dumps(value, default=str)
