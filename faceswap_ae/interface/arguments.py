"""Which types of arguments do the public functions take, and what does the core get of them?"""

import json
import os
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

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


def as_path(given: AnyPath | None) -> Path | None:
    """A path that may be left out."""
    return None if given is None else Path(given)


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


PLAIN: Mapping[Any, tuple[tuple[type, ...], str]] = {  # what is taken for a type, and its name
    bool: ((bool,), "True or False"),
    int: ((Integral,), "a whole number"),
    float: ((Real,), "a number"),
    str: ((str,), "a text"),
    os.PathLike: ((os.PathLike,), "a path"),
    type(None): ((type(None),), "None"),
}


def check_types(hints: Mapping[str, Any], given: Mapping[str, object]) -> None:
    """Raise UserError if an argument is of another type than its hint says.

    Hints of many things, and of functions, are left to those who take them apart.
    """
    for name, value in given.items():
        kinds = [get_origin(one) or one for one in _members(hints[name])]
        if not all(kind in PLAIN for kind in kinds) or any(_fits(value, kind) for kind in kinds):
            continue
        words = " or ".join(PLAIN[kind][1] for kind in kinds)
        raise UserError(f"{name}={value!r}: give {words}")


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _fits(value: object, kind: Any) -> bool:
    # True is a whole number for Python, but nobody means it so.
    return isinstance(value, PLAIN[kind][0]) and isinstance(value, bool) <= (kind is bool)


def _yaml(value: object) -> str:
    if isinstance(value, str):  # as typed after `key=` on the command line
        return value
    return json.dumps(value, default=str)
