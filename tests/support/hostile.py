"""Damaged and hostile versions of our own files, and what commands make of them.

Each case begins with the small files in tests/written_before. One of them is changed: a value of
its JSON becomes a hostile one, or its bytes are flipped, cut off or replaced. Then a command reads
it, in this process. A case is right if the command ends with status 0, or with one line and status
1 or 2, and if nothing outside its folder has changed.
"""

import contextlib
import io
import json
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from faceswap_ae.cli.main import main
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images, png
from tests.conftest import ROOT

WRITTEN = ROOT / "tests" / "written_before"
RUN, SWAP = "ben-onto-ada", "swap.mp4"
SECONDS = 60  # of a command, after which it counts as hanging
DEEP = b"[" * 100_000
VALUES: tuple[Any, ...] = (
    *(None, True, "", [], {}, [[]], {"a": 1}, [None] * 3, [1] * 1000),
    *(-1, 0, 1, 10**400, -5.5, 1e308, float("inf"), float("nan")),
    *("x" * 10_000, "../../x", "/etc/x", "\x1b[2J\n", "1e999", "NaN", "é\ud800", "2020-01-01"),
)

Change = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """A file that is changed, and the commands that read it."""

    pattern: str
    change: Change
    commands: tuple[str, ...]


def changed_bytes(whole: bytes, rng: random.Random) -> bytes:
    """Nothing, noise, a part, brackets without end, or some flipped bits."""
    way = rng.random()
    if way < 0.2:
        return rng.choice((b"", rng.randbytes(200), DEEP))
    if way < 0.4:
        return whole[: rng.randrange(len(whole))]
    bits = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 10))):
        bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
    return bytes(bits)


def changed_json(whole: bytes, rng: random.Random) -> bytes:
    """One value becomes another, or is gone; at times the bytes are damaged instead."""
    if rng.random() < 0.2:
        return changed_bytes(whole, rng)
    told = json.loads(whole)
    *way, last = rng.choice([place for place in _places(told) if place])
    inner = told
    for key in way:
        inner = inner[key]
    if rng.random() < 0.15 and isinstance(inner, dict):
        del inner[last]
    else:
        inner[last] = rng.choice(VALUES)
    return json.dumps(told).encode()


def changed_lines(whole: bytes, rng: random.Random) -> bytes:
    """One line of JSON lines."""
    lines = whole.splitlines()
    at = rng.randrange(len(lines))
    lines[at] = changed_json(lines[at], rng)
    return b"\n".join(lines) + b"\n"


def changed_face(whole: bytes, rng: random.Random) -> bytes:
    """The words beside a face's pixels."""
    words = png.read_text(io.BytesIO(whole), face_file.KEYWORD)
    if words is None or rng.random() < 0.2:
        return changed_bytes(whole, rng)
    text = changed_json(words.encode(), rng).decode(errors="replace")
    image = images.read(io.BytesIO(whole), "face")
    return png.encode(image, {face_file.KEYWORD: text})


def _places(told: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    inner = told.items() if isinstance(told, dict) else enumerate(told) if _is_list(told) else ()
    for key, value in inner:
        yield from _places(value, (*way, key))


def _is_list(told: Any) -> bool:
    return isinstance(told, list)


CONVERT = f"convert ada.mp4 -o out.mp4 --end .3s --run {RUN}"
EVALUATE = f"evaluate {SWAP} --face ben.mp4 --onto ada.mp4 -o page.html"
TRAIN = "train --face ben --onto ada --steps 13"
EXTRACT = "extract ada.mp4 --as ada --size 64"
FACES = tuple(
    f"faces {words}"
    for words in (
        *("show ada", "show ada -o page.html", "show ada -o page.png", "sort ada --by sharpness"),
        *("drop ada --worst 2 --by sharpness", "keep ada --best 2 --by sharpness", "restore ada"),
        *("merge ada -o both", "split ada", "pack ada"),
    )
)
# What is quick: in make test.
QUICK = {
    "face": Target("data/ada/*.png", changed_face, FACES),
    "journal": Target("data/ada/.journal.jsonl", changed_lines, FACES),
    "packed": Target("data/ada.zip", changed_bytes, ("faces show ada", "faces unpack ada.zip")),
    "card": Target(
        f"runs/{RUN}/run.json",
        changed_json,
        (f"runs show {RUN}", "runs list", "runs list --json", f"runs pack {RUN}"),
    ),
    "log": Target(
        f"runs/{RUN}/log.jsonl",
        changed_lines,
        ("runs list", f"runs show {RUN}", f"runs show {RUN} --json"),
    ),
    "recipe": Target(f"runs/{RUN}/recipe.yaml", changed_bytes, (f"runs show {RUN}",)),
    "manifest": Target(
        f"runs/{RUN}/checkpoints/*.json",
        changed_json,
        ("runs list", f"runs show {RUN}", f"runs pack {RUN} --light"),
    ),
    "tensors": Target(
        f"runs/{RUN}/checkpoints/*.safetensors", changed_bytes, ("runs list", f"runs pack {RUN}")
    ),
    "clip": Target(
        "ada.mp4",
        changed_bytes,
        ("info ada.mp4", "info ada.mp4 --json", "cut ada.mp4 -o part.mkv --end .4s"),
    ),
    "swap": Target(SWAP, changed_bytes, (f"info {SWAP}",)),
}
# What computes with networks: in benchmarks/hostile.py.
LONG = {
    "people": Target(f"runs/{RUN}/people.json", changed_json, (CONVERT,)),
    "report": Target(f"{SWAP}.json", changed_json, (EVALUATE,)),
    "used manifest": Target(
        f"runs/{RUN}/checkpoints/*.json", changed_json, (CONVERT, f"preview {RUN}", TRAIN)
    ),
    "used tensors": Target(
        f"runs/{RUN}/checkpoints/*.safetensors", changed_bytes, (CONVERT, f"preview {RUN}", TRAIN)
    ),
    "used recipe": Target(
        f"runs/{RUN}/recipe.yaml", changed_bytes, (CONVERT, f"preview {RUN}", TRAIN)
    ),
    "used card": Target(f"runs/{RUN}/run.json", changed_json, (CONVERT, f"preview {RUN}")),
    "used clip": Target("ada.mp4", changed_bytes, (CONVERT, EVALUATE, EXTRACT)),
    "measured swap": Target(SWAP, changed_bytes, (EVALUATE,)),
    "used face": Target("data/ada/*.png", changed_face, (TRAIN, EXTRACT, CONVERT)),
    "used journal": Target("data/ada/.journal.jsonl", changed_lines, (CONVERT, EXTRACT)),
    "tuned clip": Target("ada.mp4", changed_bytes, (f"tune ada.mp4 --run {RUN}",)),
}
# Commands that read no file of a stranger, or only what another one here reads.
WITHOUT = {"demo", "doctor", "swap", "models", "fetch", "side", "synth"}


@dataclass(frozen=True)
class Outcome:
    """What a command made of a case, and what is wrong with that, if anything."""

    command: str
    status: int | None  # None where it hung
    said: str
    wrong: str


class _Hanging(BaseException):
    pass


def outcome(target: Target, seed: int, place: Path) -> Outcome:
    """Make a case in a new folder `place`, and run one command on it."""
    rng = random.Random(seed)
    work, beside = place / "work", place / "beside.txt"
    shutil.copytree(WRITTEN, work)
    beside.write_text("mine")
    command = rng.choice(target.commands)
    with contextlib.chdir(work):
        if target.pattern.endswith(".zip"):
            _run("faces pack ada")
            shutil.rmtree("data/ada")
        victim = rng.choice(sorted(Path().glob(target.pattern)))
        victim.write_bytes(target.change(victim.read_bytes(), rng))
        status, said = _run(command)
    changed = [path.name for path in sorted(place.iterdir())] != ["beside.txt", "work"]
    if changed or beside.read_text() != "mine":
        return Outcome(command, status, said, "something outside its folder has changed")
    return Outcome(command, status, said, _wrong(status, said))


def _wrong(status: int | None, said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("faceswap-ae: ")]
    if status not in (0, 1, 2):
        return "it hung" if status is None else f"status {status}"
    if "a fault of ours" in said or "Traceback" in said:
        return "a fault of ours"
    if len(errors) != (status != 0):
        return f"{len(errors)} lines of error with status {status}"
    steers = "\x1b" in said
    return "it steers the terminal" if steers else ""


def _run(command: str) -> tuple[int | None, str]:
    def alarm(_number: int, _frame: FrameType | None) -> None:
        raise _Hanging

    out = io.StringIO()
    before = signal.signal(signal.SIGALRM, alarm)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return main(["--quiet", *command.split()]), out.getvalue()
    except _Hanging:
        return None, out.getvalue()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
