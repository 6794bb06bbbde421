"""How are pictures and clips damaged where it hurts: in sizes, rates, lengths and tables?"""

import io
import random
import struct
import zlib

import numpy as np
from PIL import Image as pillow

from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images, png
from tests.support.hostile.damage import (
    EDGES,
    changed_bytes,
    changed_json,
    changed_numbers,
)

Chunk = tuple[bytes, bytes]
SIDES = (0, 1, 2, 16_384, 30_000, 2**16 - 1, 2**31 - 1, 2**32 - 1)
SWOLLEN = 200_000_000  # zeros, of which a chunk holds the compressed
# Boxes whose fields say how long, how large, how many.
TABLES = (b"mvhd", b"tkhd", b"mdhd", b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco")
HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts")


def changed_face(whole: bytes, rng: random.Random) -> bytes:
    """The record beside a face's pixels, or the picture itself."""
    words = png.read_text(io.BytesIO(whole), face_file.KEYWORD)
    if words is None or rng.random() < 0.4:
        return changed_png(whole, rng)
    text = changed_json(words.encode(), rng).decode(errors="replace")
    image = images.read(io.BytesIO(whole), "face")
    return png.encode(image, {face_file.KEYWORD: text})


def changed_png(whole: bytes, rng: random.Random) -> bytes:
    """A field of the header, a chunk too many or too few, a chunk that swells, a wrong length."""
    if rng.random() < 0.25:
        return changed_bytes(whole, rng)
    chunks = _png_chunks(whole)
    way = rng.randrange(6)
    if way == 0:
        chunks[0] = (b"IHDR", _changed_ihdr(chunks[0][1], rng))
    elif way == 1:
        at = rng.randrange(len(chunks))
        del chunks[at]
    elif way == 2:
        chunks.insert(rng.randrange(len(chunks)), rng.choice(chunks))
    elif way == 3:
        zeros = zlib.compress(bytes(SWOLLEN), 1)
        kind, front = rng.choice(
            ((b"IDAT", b""), (b"zTXt", b"faceswap_ae\0\0"), (b"iCCP", b"x\0\0"))
        )
        chunks.insert(1, (kind, front + zeros))
    elif way == 4:
        at = rng.randrange(len(chunks))
        chunks[at] = (chunks[at][0], changed_numbers(chunks[at][1] or b"\0" * 8, rng))
    else:
        return _with_wrong_length(chunks, rng)
    return _png(chunks)


def _changed_ihdr(header: bytes, rng: random.Random) -> bytes:
    fields = list(struct.unpack(">IIBBBBB", header))
    at = rng.randrange(len(fields))
    if at < 2:
        fields[rng.choice((0, 1))] = rng.choice(SIDES)
        fields[at] = rng.choice(SIDES)
    else:
        fields[at] = rng.choice((0, 1, 2, 3, 4, 6, 7, 16, 255))
    return struct.pack(">IIBBBBB", *fields)


def _png_chunks(whole: bytes) -> list[Chunk]:
    chunks, at = [], 8
    while at < len(whole):
        length = int.from_bytes(whole[at : at + 4], "big")
        chunks.append((whole[at + 4 : at + 8], whole[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def _png(chunks: list[Chunk]) -> bytes:
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return png.SIGNATURE + b"".join(parts)


def _with_wrong_length(chunks: list[Chunk], rng: random.Random) -> bytes:
    at = rng.randrange(len(chunks))
    front, rest = _png(chunks[:at]), _png(chunks[at:])[8:]
    return front + struct.pack(">I", rng.choice(EDGES)) + rest[4:]


def photo(suffix: str) -> bytes:
    """A small photo in the format of a suffix."""
    side = np.linspace(0, 255, 96, dtype=np.uint8)
    image = np.stack(
        [np.add.outer(side, side), np.full((96, 96), 90, np.uint8), side + side[:, None]], -1
    )
    packed = io.BytesIO()
    exif = pillow.Exif()
    exif[0x0112] = 6  # orientation
    pillow.fromarray(image.astype(np.uint8)).save(packed, suffix, exif=exif)
    return packed.getvalue()


def changed_jpeg(whole: bytes, rng: random.Random) -> bytes:
    """The size, the tables, the order or the lengths of a JPEG's segments."""
    way = rng.random()
    if way < 0.3:
        return changed_bytes(whole, rng)
    if way < 0.5:
        return changed_numbers(whole, rng)
    segments, scan = _jpeg_segments(whole)
    at = rng.randrange(len(segments))
    if way < 0.7:
        frame = next(place for place, one in enumerate(segments) if one[1:2] in (b"\xc0", b"\xc2"))
        sides = struct.pack(">HH", *(rng.choice(SIDES) % 2**16 for _ in range(2)))
        segments[frame] = segments[frame][:5] + sides + segments[frame][9:]
    elif way < 0.8:
        del segments[at]
    elif way < 0.9:
        segments.insert(rng.randrange(len(segments)), segments[at] * rng.choice((1, 50)))
    else:
        segments[at] = segments[at][:2] + rng.randbytes(2) + segments[at][4:]
    return b"\xff\xd8" + b"".join(segments) + scan


def _jpeg_segments(whole: bytes) -> tuple[list[bytes], bytes]:
    segments, at = [], 2
    while whole[at + 1] != 0xDA:
        length = 2 + int.from_bytes(whole[at + 2 : at + 4], "big")
        segments.append(whole[at : at + length])
        at += length
    return segments, whole[at:]


def changed_mp4(whole: bytes, rng: random.Random) -> bytes:
    """A box's size, its kind, one of its fields, or all of it."""
    way = rng.random()
    if way < 0.25:
        return changed_bytes(whole, rng)
    boxes = list(_boxes(whole, 0, len(whole)))
    begin, end = rng.choice(boxes)
    found = bytearray(whole)
    if way < 0.4:
        found[begin : begin + 4] = struct.pack(">I", rng.choice(EDGES))
    elif way < 0.5:
        found[begin + 4 : begin + 8] = rng.choice((b"free", b"moov", b"mdat", rng.randbytes(4)))
    elif way < 0.6:
        found[begin:end] = found[begin:end] * 2 if rng.random() < 0.5 else b""
    else:
        tables = [one for one in boxes if whole[one[0] + 4 : one[0] + 8] in TABLES]
        begin, end = rng.choice(tables)
        at = begin + 8 + 4 * rng.randrange(max(1, min(24, (end - begin - 8) // 4)))
        found[at : at + 4] = struct.pack(">I", rng.choice(EDGES))
    return bytes(found)


def _boxes(whole: bytes, at: int, end: int) -> "list[tuple[int, int]]":
    found = []
    while at + 8 <= end:
        size = int.from_bytes(whole[at : at + 4], "big")
        if size < 8:
            break
        found.append((at, at + size))
        if whole[at + 4 : at + 8] in HOLDERS:
            found += _boxes(whole, at + 8, at + size)
        at += size
    return found
