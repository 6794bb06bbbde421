"""How are bytes, JSON, lines and YAML damaged, by a seed?"""

import itertools
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

Change = Callable[[bytes, random.Random], bytes]
Spoil = Callable[[Path, random.Random], None]  # it damages a folder of files

DEEP = b"[" * 100_000
VALUES: tuple[Any, ...] = (
    *(None, True, "", [], {}, [[]], {"a": 1}, [None] * 3, [1] * 1000),
    *(-1, 0, 1, 2**31, 2**63, 10**400, -5.5, 1e308, float("inf"), float("nan")),
    *("x" * 10_000, "../../x", "/etc/x", "\x1b[2J\n", "1e999", "NaN", "é\ud800", "2020-01-01"),
)
# Numbers at the edges of the fields of binary headers.
EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
LETTERS = "abcdefghi"
LAUGHS = "".join(  # each line has the line before nine times
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in itertools.pairwise(LETTERS)
)
YAML = (
    "a: &a [x, x, x, x, x, x, x, x, x]\n" + LAUGHS,
    "model: !!python/object/apply:os.system ['touch beside']\n",
    "model: quick\nmodel: quick\n",
    "&a [*a]\n",
    "<<: {model: quick}\n",
    "model:\tquick\n",
    "--- \nmodel: quick\n--- \nmodel: sae\n",
    "? [model]\n: quick\n",
    "model: !!binary aGVsbG8=\n",
    "[" * 5000,
    "{a: " * 5000,
)


def in_file(pattern: str, change: Change) -> Spoil:
    """Damage one of the files that match."""

    def spoil(work: Path, rng: random.Random) -> None:
        victim = rng.choice(sorted(work.glob(pattern)))
        victim.write_bytes(change(victim.read_bytes(), rng))

    return spoil


def changed_bytes(whole: bytes, rng: random.Random) -> bytes:
    """Nothing, noise, a part, brackets without end, or some flipped bits."""
    way = rng.random()
    if way < 0.2:
        return rng.choice((b"", rng.randbytes(200), DEEP))
    if way < 0.4 or not whole:
        return whole[: rng.randrange(max(1, len(whole)))]
    bits = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 10))):
        bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
    return bytes(bits)


def changed_numbers(whole: bytes, rng: random.Random) -> bytes:
    """Fields of one, two, four or eight bytes get numbers at their edges, most near the front."""
    found = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 5))):
        width, reach = rng.choice((1, 2, 4, 4, 8)), rng.choice((64, 512, len(found)))
        at = rng.randrange(max(1, min(reach, len(found)) - width))
        number = rng.choice(EDGES) % 256**width
        found[at : at + width] = number.to_bytes(width, rng.choice(("big", "little")))
    return bytes(found[: len(whole)])


def changed_value(told: Any, rng: random.Random) -> Any:
    """One value, at whatever depth, becomes another, is gone, or stands twice."""
    places = [place for place in _places(told) if place]
    if not places:
        return rng.choice(VALUES)
    *way, last = rng.choice(places)
    inner = told
    for key in way:
        inner = inner[key]
    chance = rng.random()
    if chance < 0.15:
        del inner[last]
    elif chance < 0.2 and isinstance(inner, list):
        inner.insert(0, inner[last])
    else:
        inner[last] = rng.choice(VALUES)
    return told


def changed_json(whole: bytes, rng: random.Random) -> bytes:
    """One value changes; at times the bytes are damaged instead."""
    if rng.random() < 0.2:
        return changed_bytes(whole, rng)
    return json.dumps(changed_value(json.loads(whole), rng)).encode()


def changed_lines(whole: bytes, rng: random.Random) -> bytes:
    """One line of JSON lines changes, is gone, comes twice or elsewhere."""
    lines = whole.splitlines()
    at, way = rng.randrange(len(lines)), rng.random()
    if way < 0.1:
        lines.insert(rng.randrange(len(lines)), lines[at])
    elif way < 0.2:
        lines.insert(rng.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] = _changed_line(lines[at], rng)
    return b"\n".join(lines) + b"\n"


def _changed_line(line: bytes, rng: random.Random) -> bytes:
    """Change a row, or a line of a larger JSON: its first one is open, the others have a comma."""
    for before, after in ((b"", b""), (b"", b","), (b"}", b",")):
        with suppress(ValueError):
            whole = line.removesuffix(after) + before
            json.loads(whole)
            return changed_json(whole, rng).removesuffix(before) + after
    return changed_bytes(line, rng)


def changed_yaml(whole: bytes, rng: random.Random) -> bytes:
    """A setting becomes another, or the file is one of YAML's traps."""
    import yaml

    way = rng.random()
    if way < 0.2:
        return changed_bytes(whole, rng)
    if way < 0.4:
        return rng.choice(YAML).encode()
    told = changed_value(yaml.safe_load(whole), rng)
    return yaml.safe_dump(told, allow_unicode=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _places(told: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    inner = told.items() if isinstance(told, dict) else enumerate(told) if _is_list(told) else ()
    for key, value in inner:
        yield from _places(value, (*way, key))


def _is_list(told: Any) -> bool:
    return isinstance(told, list)
