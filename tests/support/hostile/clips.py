"""Which clips say of themselves what no clip should: sizes, rates, lengths, words, other files?"""

import random
import struct
import tempfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

from tests.support.clips import Recording, record

EIGHT_K = (7680, 4320)
HOURS = 10 * 3600  # seconds
TITLE = b"0123456789abcdef"


def extreme(work: Path, rng: random.Random) -> None:
    """One of the clips below takes the place of the clip."""
    name = rng.choice(sorted(CLIPS))
    (work / "ada.mp4").write_bytes(made(name))


@cache
def made(name: str) -> bytes:
    """The bytes of a clip by its name in CLIPS."""
    return CLIPS[name]()


def _recorded(suffix: str, made: Recording) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return record(Path(folder) / f"clip{suffix}", made).read_bytes()


def _eight_k() -> bytes:
    return _recorded(".mp4", Recording(2, EIGHT_K, "mpeg4"))


def _ten_hours() -> bytes:
    return _recorded(".mp4", Recording(3, tick=Fraction(1), ticks=(1, HOURS, 1)))


def _rate_in_avi(scale: int, rate: int) -> bytes:
    """An AVI whose header states `rate / scale` frames a second."""
    found = bytearray(_recorded(".avi", Recording(8, codec="mpeg4", sounds=())))
    at = found.index(b"strh") + 8 + 20
    found[at : at + 8] = struct.pack("<II", scale, rate)
    at = found.index(b"avih") + 8
    found[at : at + 4] = struct.pack("<I", 0 if not rate else 1_000_000 * scale // rate % 2**32)
    return bytes(found)


def _tick(number: int) -> bytes:
    """An MP4 whose tracks count this number of ticks a second."""
    found = bytearray(_recorded(".mp4", Recording(8, sounds=("aac",))))
    at = -1
    while (at := found.find(b"mdhd", at + 1)) > 0:
        found[at + 16 : at + 20] = struct.pack(">I", number)
    return bytes(found)


def _latin_1_tags() -> bytes:
    """An AVI with a title as old cameras wrote it."""
    found = _recorded(".avi", Recording(8, codec="mpeg4"))
    tag = b"INAM" + struct.pack("<I", len(TITLE)) + b"Caf\xe9 \xfcber \xa9\x1b[2J"
    body = b"INFO" + tag
    return found + b"LIST" + struct.pack("<I", len(body)) + body


def _gif(width: int, height: int, delay: int) -> bytes:
    """A GIF of two pictures of one pixel on a screen of any size."""
    one = b"\x21\xf9\x04\0" + struct.pack("<H", delay) + b"\0\0"
    one += b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + one * 2 + b";"


CLIPS: dict[str, Callable[[], bytes]] = {
    "8K": _eight_k,
    "ten hours": _ten_hours,
    "no rate": lambda: _rate_in_avi(1, 0),
    "rate without scale": lambda: _rate_in_avi(0, 25),
    "a frame in years": lambda: _rate_in_avi(2**31 - 1, 1),
    "endless rate": lambda: _rate_in_avi(1, 2**32 - 1),
    "no ticks": lambda: _tick(0),
    "endless ticks": lambda: _tick(2**32 - 1),
    "one tick": lambda: _tick(1),
    "Latin-1": _latin_1_tags,
    "one frame": lambda: _recorded(".mkv", Recording(1)),
    "two pixels": lambda: _recorded(".mkv", Recording(8, (2, 2), "ffv1")),
    "a line": lambda: _recorded(".mkv", Recording(4, (16_000, 2), "ffv1")),
    "a mark in years": lambda: _recorded(
        ".mkv", Recording(4, tick=Fraction(1), ticks=(1, 10**9, 1))
    ),
    "many tracks": lambda: _recorded(".mkv", Recording(8, sounds=("aac",) * 12)),
    "many chapters": lambda: _recorded(".mkv", Recording(8, chapters=500)),
    "GIF without delays": lambda: _gif(4, 4, 0),
    "GIF of great delays": lambda: _gif(4, 4, 2**16 - 1),
    "GIF of a great screen": lambda: _gif(2**16 - 1, 2**16 - 1, 4),
    "Y4M of a great size": lambda: b"YUV4MPEG2 W99999 H99999 F25:1 C420\nFRAME\n" + bytes(64),
    "Y4M without rate": lambda: b"YUV4MPEG2 W16 H16 F0:0 C420\n" + (b"FRAME\n" + bytes(384)) * 3,
    "a list of another file": lambda: b"ffconcat version 1.0\nfile swap.mp4\n",
    "a list of itself": lambda: b"ffconcat version 1.0\nfile ada.mp4\n",
    "a list from the network": lambda: (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"
    ),
    "subtitles": lambda: b"1\n00:00:00,000 --> 99:59:59,999\nhello\n",
    "text": lambda: b"\xef\xbb\xbfhello\n" * 50,
}
