"""What is a kind of hostile input: how is a case of it made, and for which commands?"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.hostile.damage import Change, Spoil, in_file

Make = Callable[[Path, random.Random], list[str]]


@dataclass(frozen=True)
class Kind:
    """Makes a case in a folder of files, and gives the words of a command that reads it."""

    commands: tuple[str, ...]
    make: Make
    pattern: str = ""  # of the files that are changed, where it is a file
    asks: bool = False  # may its commands ask the network? It is refused in any case.


def spoilt(spoil: Spoil, *commands: str, pattern: str = "", asks: bool = False) -> Kind:
    """A kind that damages a folder, and then runs one of the commands as it stands."""

    def make(work: Path, rng: random.Random) -> list[str]:
        spoil(work, rng)
        return rng.choice(commands).split()

    return Kind(commands, make, pattern, asks)


def of_file(pattern: str, change: Change, *commands: str) -> Kind:
    """A kind of file, of which one is changed."""
    return spoilt(in_file(pattern, change), *commands, pattern=pattern)


def name_of(command: str) -> str:
    """`faces show ada` is of the command `faces show`."""
    words = command.split()
    two = words[0] in ("faces", "runs") or words[:2] == ["models", "check"]
    return " ".join(words[: 1 + two])
