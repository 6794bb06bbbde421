"""Is a video file truncated, that is, shorter than its container says?

A copy that broke off still opens and plays; only the sizes in its boxes show it. Known: MP4 and MOV
(ISO/IEC 14496-12, top-level boxes), Matroska and WebM (RFC 8794, the segment), AVI (RIFF).
"""

from pathlib import Path
from typing import BinaryIO

EBML = b"\x1a\x45\xdf\xa3"
# The top-level boxes of a movie file; anything else behind them is not part of the movie.
BOXES = (
    *(b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"moof", b"mfra", b"sidx"),
    *(b"styp", b"uuid", b"meta", b"emsg", b"ssix", b"prft", b"pnot", b"udta"),
)
SEGMENT = b"\x18\x53\x80\x67"


def missing_bytes(path: Path) -> int:
    """Return how many bytes the file lacks; 0 if all are there or its kind does not state it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == EBML:
            end = _matroska_end(file)
        elif head[4:8] in BOXES:
            end = _boxes_end(file, size)
        elif head[:4] == b"RIFF" and head[8:] == b"AVI ":
            end = 8 + int.from_bytes(head[4:8], "little")
        else:
            end = 0
    return max(0, end - size)


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Return where the last top-level box ends, as it states."""
    place = 0
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if head[4:8] not in BOXES:
            return place
        if length == 1:  # a length of 64 bits is behind the name
            length = int.from_bytes(head[8:16], "big")
        if length < 8:  # 0: up to the end of the file; other values: not a box
            return 0
        place += length
    return place


def _matroska_end(file: BinaryIO) -> int:
    """Return where the segment states that it ends; 0 if it does not, as in a live recording."""
    file.seek(4)
    header = _length(file)
    if header is None:
        return 0
    file.seek(header, 1)
    if file.read(4) != SEGMENT:
        return 0
    length = _length(file)
    return 0 if length is None else file.tell() + length


def _length(file: BinaryIO) -> int | None:
    """Return an EBML variable-size number; None if it means "unknown".

    The leading zero bits of the first byte say how many bytes follow.
    """
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    more = 8 - first[0].bit_length()
    digits = bytes([first[0] & (0x7F >> more)]) + file.read(more)
    value = int.from_bytes(digits, "big")
    unknown = (1 << 7 * (more + 1)) - 1
    return None if value == unknown else value
