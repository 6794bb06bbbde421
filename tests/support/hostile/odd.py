"""What if a file is a pipe, a link, a folder; if its name steers; if a word is none of ours?"""

import os
import random
import shutil
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.support.hostile.kinds import Kind

OUTSIDE = "mine.txt"  # in a folder beside that of a case
SPARSE = 5 * 2**30  # bytes
NAMES = (
    *(b"a\x1b[2J\x1b[31m", b"a\nb", b"a\rb", b"Caf\xe9", b"-rf", b"a b", b"a'b\"c"),
    *(b"x" * 240, "\u202egpm.4".encode(), b"a\x07", b"*", b"[a]", b"10:30", b"a?b#c%20", b"~"),
)
WORDS = (
    *("", "nan", "inf", "-1", "0", "1e999", "-0", "1/0", "1:2:3:4", "99999999999999999999"),
    *("x" * 5000, "\x1b[2J", "\udce9", "ada\x00", "--", "-", "None", "[", "{a: ", "../beside"),
    *("é", "1e-400", "0x10", "1_000", " ", "a\nb", "=", "a=b=c", "*", "?", "~", "."),
)
FLAGS = (
    *("--end", "--start", "--frames", "--fps", "--crf", "--preset", "--codec", "--by", "--worst"),
    *("--best", "--where", "--like", "--most", "--out", "--seed", "--size", "--every", "--max"),
    *("--colour", "--mask", "--erode", "--feather", "--scale", "--smooth", "--only", "--still"),
    *("--recipe", "--minutes", "--steps", "--fork", "--part", "--device", "--who", "--seconds"),
)
OPTIONS_OF_A_MODEL = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Options:
    size: int = 64
"""
PLUG_INS = (
    *("", "def", "import nothing_of_this_name\n", "raise SystemExit(0)\n", "1 / 0\n", "\x00"),
    *("raise KeyboardInterrupt\n", "Options = 3\n", "# coding: nothing\n", "x" * 100_000),
    f"{OPTIONS_OF_A_MODEL}\ndef build(options):\n    return None\n",
    f"{OPTIONS_OF_A_MODEL}\ndef build(*_):\n    raise ValueError('no')\n",
)

Odd = Callable[[Path], None]


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(here)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, SPARSE)


def _locked(path: Path) -> None:
    path.write_text("locked")
    path.chmod(0)  # for root it is an ordinary file of the wrong content


def _full(path: Path) -> None:
    path.mkdir()
    (path / OUTSIDE).write_text("mine")


def _link(to: str) -> Odd:
    return lambda path: path.symlink_to(to)


def _outside(path: Path) -> Path:
    work = next(folder for folder in path.parents if folder.name == "work")
    return work.parent / "beside" / OUTSIDE


# A face folder may be one of these: people keep their faces on another disk.
LINKED_FOLDERS: tuple[Odd, ...] = (
    *(_link("."), _link("..")),
    lambda path: path.symlink_to(_outside(path).parent),
)
OTHERS: tuple[Odd, ...] = (
    *(_pipe, _socket, _sparse, _locked, _full, Path.mkdir, Path.touch),
    *(_link("nowhere"), _link("/dev/zero"), _link("/dev/null")),
    lambda path: path.symlink_to(path.name),
    lambda path: path.symlink_to(_outside(path)),
    lambda _: None,  # it is gone
)
ODD = (*LINKED_FOLDERS, *OTHERS)


def in_place_of(kinds: Iterable[Kind]) -> Kind:
    """Something else stands where a file or its folder was."""
    each = tuple(kinds)

    def make(work: Path, rng: random.Random) -> list[str]:
        one = rng.choice(each)
        victim = rng.choice(sorted(work.glob(one.pattern)))
        if rng.random() < 0.2 and victim.parent.resolve() != work.resolve():
            victim = victim.parent
        _put(rng.choice(ODD), victim)
        return rng.choice(one.commands).split()

    return Kind(tuple(command for one in each for command in one.commands), make)


def at_output(*commands: Sequence[str]) -> Kind:
    """Something else stands where the output will be, or its hidden neighbours."""
    each = tuple(command for some in commands for command in some if " -o " in command)

    def make(work: Path, rng: random.Random) -> list[str]:
        words = rng.choice(each).split()
        out = work / words[words.index("-o") + 1]
        faces = words[:2] == ["faces", "merge"]
        if faces:
            out = work / "data" / out.name
        place = rng.choice((out, out.with_name(f".{out.name}.parts"), Path(f"{out}.json")))
        _put(rng.choice(OTHERS if faces else ODD), place)
        return words if faces or rng.random() < 0.5 else [*words, "--overwrite"]

    return Kind(each, make)


def named(*commands: str) -> Kind:
    """A clip, a face, a folder or a run has a name that steers, or that hides."""

    def make(work: Path, rng: random.Random) -> list[str]:
        words = rng.choice(commands).split()
        named = rng.choice(NAMES)
        victim = rng.choice([word for word in words if _place(work, word).exists()])
        place = _place(work, victim)
        new = place.with_name(os.fsdecode(named + os.fsencode(place.suffix)))
        place.rename(new)
        shown = os.path.relpath(new, work) if place.parent == work else new.name
        return [shown if word == victim else word for word in words]

    return Kind(commands, make)


def _place(work: Path, word: str) -> Path:
    places = (work / word, work / "data" / word, work / "runs" / word)
    return next((place for place in places if place.exists()), places[0])


def words(commands: Sequence[str]) -> Kind:
    """A value of an option, a name or a number is none; or an option stands where it does not."""

    def make(_: Path, rng: random.Random) -> list[str]:
        command = rng.choice(commands)
        chosen = command.split()
        free = [
            at
            for at, word in enumerate(chosen)
            if at > (chosen[0] in ("faces", "runs"))
            and chosen[at - 1] not in ("-o", "--as")
            and word not in ("-o", "--as")
        ]
        if free and rng.random() < 0.6:
            chosen[rng.choice(free)] = rng.choice(WORDS)
        else:
            option = rng.choice(FLAGS)
            chosen += [option, "made.x" if option == "--out" else rng.choice(WORDS)]
        return chosen

    return Kind(tuple(commands), make)


def plug_in(work: Path, rng: random.Random) -> None:
    """A file of a model of one's own is none."""
    folder = work / "mine" / rng.choice(("models", "trainers"))
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(rng.choice(PLUG_INS), encoding="utf-8")


def folders(work: Path, rng: random.Random) -> None:
    """Something else stands where face folders or runs are."""
    _put(rng.choice(ODD), work / rng.choice(("data", "runs")))


def _put(odd: Odd, place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    odd(place)
