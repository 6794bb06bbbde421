"""How are the fields of a file in JSON read: each by its type, its range and its length?

Such a file may be damaged, or made by a stranger. Every reader asks here for each field, so that an
error names the field and the value, and no value of another type goes further.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from faceswap_ae.common.limits import fraction, parse_json, read_whole

SHORT = 200  # characters of a text: names, dates, words for a reason
MOST_NUMBER = 2**53  # above it, other programs round a whole number
MOST_ITEMS = 10**7  # of a list: the frames of four days of video
SHOWN = 40  # characters of a wrong value in a message


class JsonFields:
    """One JSON object. Every question raises ValueError if the answer is missing or wrong."""

    def __init__(self, value: object, name: str = "") -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{_before(name)}{_shown(value)} is no object with fields")
        self._values: dict[str, Any] = value
        self._name = name

    @classmethod
    def parse(cls, text: bytes | str) -> "JsonFields":
        """Return the fields of a whole JSON text."""
        return cls(parse_json(text))

    @property
    def values(self) -> dict[str, Any]:
        """All fields, for a reader that knows what they are."""
        return self._values

    @classmethod
    def read(cls, path: Path) -> "JsonFields":
        """Return the fields of a whole file. Raises OSError if it cannot be read."""
        return cls.parse(read_whole(path))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def has(self, name: str) -> bool:
        """Is there a value, and not null?"""
        return self._values.get(name) is not None

    def any(self, name: str) -> Any:
        """Return a field whose reader checks it."""
        if name not in self._values:
            raise ValueError(f"{self._place(name)}: is missing")
        return self._values[name]

    def text(self, name: str, default: str | None = None, longest: int = SHORT) -> str:
        """Return a text that can stand in one line."""
        if default is not None and name not in self:
            return default
        value = self.any(name)
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise self._wrong(name, "no text of one line")
        return value

    def whole(
        self, name: str, default: int | None = None, least: int = 0, most: int = MOST_NUMBER
    ) -> int:
        """Return a whole number from `least` to `most`."""
        if default is not None and name not in self:
            return default
        value = self.any(name)
        # 3.0 is whole too: some programs write every number with a point.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._wrong(name, f"no whole number from {least} to {most}")
        return value

    def number(self, name: str, default: float | None = None, least: float = -math.inf) -> float:
        """Return a finite number of at least `least`."""
        if default is not None and name not in self:
            return default
        value = self.any(name)
        if not is_finite(value) or value < least:
            above = "" if least == -math.inf else f" of at least {least:g}"
            raise self._wrong(name, f"no number{above}")
        return float(value)

    def fraction(self, name: str) -> Fraction:
        """Return an exact number, such as a frame rate."""
        try:
            return fraction(self.any(name))
        except ZeroDivisionError as error:
            raise self._wrong(name, "no number") from error

    def numbers(self, name: str, count: int) -> list[float]:
        """Return a list of exactly `count` finite numbers."""
        values = self.items(name)
        if len(values) != count or not all(map(is_finite, values)):
            raise self._wrong(name, f"no {count} numbers")
        return list(map(float, values))

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return true or false."""
        if default is not None and name not in self:
            return default
        value = self.any(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "neither true nor false")
        return value

    def inner(self, name: str) -> "JsonFields":
        """Return an object inside this one; one that is missing has no fields."""
        return JsonFields(self._values.get(name, {}), self._place(name))

    def items(self, name: str, most: int = MOST_ITEMS) -> list[Any]:
        """Return a list of at most `most` items, which its reader checks."""
        value = self.any(name)
        if not isinstance(value, list):
            raise self._wrong(name, "no list")
        if len(value) > most:
            raise ValueError(f"{self._place(name)}: has {len(value)} items, more than {most}")
        return value

    def objects(self, name: str, most: int = MOST_ITEMS) -> list["JsonFields"]:
        """Return a list of objects."""
        return [
            JsonFields(one, f"{self._place(name)}[{number}]")
            for number, one in enumerate(self.items(name, most))
        ]

    def _place(self, name: str) -> str:
        return f"{self._name}.{name}" if self._name else name

    def _wrong(self, name: str, why: str) -> ValueError:
        return ValueError(f"{self._place(name)}: {_shown(self._values[name])} is {why}")


def is_finite(value: object) -> bool:
    """Is it a number, not endless and not NaN? A whole number of any length is none of JSON's."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= MOST_NUMBER if isinstance(value, int) else math.isfinite(value)


def _before(name: str) -> str:
    return f"{name}: " if name else ""


def _shown(value: object) -> str:
    """A value as a message shows it: short, and without what could steer a terminal."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return ascii(value[:SHOWN]) if isinstance(value, str) else str(value)[:SHOWN]
