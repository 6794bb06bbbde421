"""How are zips and tensor files built so that they lie?"""

import io
import json
import random
import struct
import zipfile
from typing import Any

from tests.support.hostile.damage import EDGES, changed_bytes, changed_numbers, changed_value

NAMES = (
    *("../beside/mine.txt", "/etc/x.png", "C:\\x.png", "ada/../../beside/mine.txt", "..\\x.png"),
    *(
        "a\x1b[2J.png",
        "a\n.png",
        "x" * 300 + ".png",
        "",
        ".",
        "..",
        "ada.png/",
        "a\0b.png",
        "é.png",
    ),
    *("CON.png", ".journal.jsonl", ".journal.jsonl/x", ".dropped/x.png"),
)
LINK = 0o120777 << 16
SWOLLEN = 30_000_000
MANY = 5000
TYPES = ("F32", "F16", "BF16", "I64", "BOOL", "F8_E4M3", "f32", "O", "", 3, None, ["F32"])
SHAPES: tuple[Any, ...] = (
    [],
    [0],
    [-1],
    [2**40, 2**40],
    [1] * 100,
    [1.5],
    ["1"],
    None,
    "4",
    [10**30],
    [True],
)


def changed_zip(whole: bytes, rng: random.Random) -> bytes:
    """A member's name, kind, size, checksum, method or place is another; or it swells."""
    way = rng.random()
    if way < 0.2:
        return changed_bytes(whole, rng)
    if way < 0.5:
        return _changed_headers(whole, rng)
    with zipfile.ZipFile(io.BytesIO(whole)) as zipped:
        members = [(one, zipped.read(one)) for one in zipped.infolist()]
    return _written([*members, *_strange(members, rng)], rng)


def _strange(
    members: list[tuple[zipfile.ZipInfo, bytes]], rng: random.Random
) -> list[tuple[zipfile.ZipInfo, bytes]]:
    """Members that no zip of ours has."""
    way, (first, body) = rng.randrange(6), rng.choice(members)
    if way == 0:
        return [(_info(rng.choice(NAMES)), body)]
    if way == 1:
        link = _info("link.png")
        link.external_attr = LINK
        return [(link, b"../beside/mine.txt"), (_info("link.png/x.png"), body)]
    if way == 2:
        return [(_info(first.filename), body), (_info(first.filename.upper()), body)]
    if way == 3:
        return [(_info("swollen.png"), bytes(SWOLLEN))]
    if way == 4:
        return [(_info(f"{number}.png"), b"") for number in range(MANY)]
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as zipped:
        zipped.writestr("x.png", body)
    return [(_info("inner.zip"), inner.getvalue())]


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
    return info


def _written(members: list[tuple[zipfile.ZipInfo, bytes]], rng: random.Random) -> bytes:
    import warnings

    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as zipped:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for info, body in members:
            zipped.writestr(info, body)
        zipped.comment = rng.choice((b"", b"PK\x05\x06" + bytes(18)))
    return out.getvalue()


def _changed_headers(whole: bytes, rng: random.Random) -> bytes:
    """A field of a local header, of the list at the end, or of the end itself."""
    found = bytearray(whole)
    mark, length = rng.choice(((b"PK\3\4", 30), (b"PK\1\2", 46), (b"PK\5\6", 22)))
    places = [at for at in range(len(whole) - 4) if whole[at : at + 4] == mark]
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.choice(places) + rng.randrange(4, length, 2)
        width = rng.choice((2, 4))
        found[at : at + width] = (rng.choice(EDGES) % 256**width).to_bytes(width, "little")
    return bytes(found)


def changed_tensors(whole: bytes, rng: random.Random) -> bytes:
    """The header's length or what it says of types, shapes and places; or the numbers' end."""
    way = rng.random()
    if way < 0.15:
        return changed_bytes(whole, rng)
    if way < 0.3:
        length = rng.choice((0, 1, 8, 2**31, 2**63, 2**64 - 1, len(whole), len(whole) - 8))
        return struct.pack("<Q", length) + whole[8:]
    size = int.from_bytes(whole[:8], "little")
    told, body = json.loads(whole[8 : 8 + size]), whole[8 + size :]
    name = rng.choice([one for one in told if one != "__metadata__"])
    if way < 0.4:
        told[name]["dtype"] = rng.choice(TYPES)
    elif way < 0.5:
        told[name]["shape"] = rng.choice(SHAPES)
    elif way < 0.65:
        ends = (0, 1, -1, 8, len(body), len(body) + 1, 2**63, 2**64, 1.5, None)
        told[name]["data_offsets"] = [rng.choice(ends), rng.choice(ends)]
    elif way < 0.75:
        told[rng.choice(("../x", "", "a" * 70_000, "\x1b[2J"))] = told.pop(name)
    elif way < 0.9:
        told = changed_value(told, rng)
    else:
        body = changed_numbers(body, rng)[: rng.randrange(len(body))]
    header = json.dumps(told).encode()
    return struct.pack("<Q", len(header)) + header + body
