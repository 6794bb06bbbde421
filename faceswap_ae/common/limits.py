"""Which bounds hold for what is read from files: how long, how large, how many?

The bounds of readers are here, in one place. Above a bound a reader refuses the input and says the
number: a file from a stranger may be built to take hours or all memory.
"""

import errno
import json
import re
import stat
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import MediaError

MOST_PIXELS = 100_000_000  # of a picture: with all copies of it about a gigabyte
# Without exponents: 1e999999999 would be computed for ever.
NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18}|/\d{1,18})?")
POLYGON_REACH = 4  # times the picture's side, that a corner of a mask may be away
MOST_WHOLE = 100_000_000  # bytes of a file that is read in one go: a card, a recipe, a report
LONGEST_LINE = 16_000_000  # bytes of a row of a log or a journal
MOST_SHOWN = 1_000_000  # frames of clips side by side: eleven hours at 25 a second
MOST_IN_GIF = 50_000  # frames: at 25 a second half an hour
MOST_GIF_PIXELS = 16_000_000  # of each: FFmpeg takes a hundred bytes for one
MOST_DIGITS = 40  # of a whole number: more than anything counts
MOST_CORNERS = 20_000  # of all polygons of one face
MOST_DOWNLOAD = 4 * 10**9  # bytes of a published file whose size nobody says
LEAST_FACE = 136 * 2  # bytes that a face with its landmarks takes at least in a pickle
FEW_FACES = 1000  # so many need no proof of their bytes


def fraction(told: Any) -> Fraction:
    """Return an exact number as a file has it. Raises ValueError if it is none, or too long."""
    text = str(told).strip()
    if not isinstance(told, (str, int, float)) or not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!a} is no number like 25, 29.97 or 30000/1001")
    return Fraction(text)


def check_is_file(path: Path) -> None:
    """Raise MediaError if a path is a pipe, a socket or a device: reading it might never end."""
    try:
        mode = path.stat().st_mode
    except OSError:  # whoever opens it says why
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise MediaError(f"{path}: is a pipe or a device, not a file; copy what it gives to a file")


def read_whole(path: Path) -> bytes:
    """Return what is in a file. Raises OSError, also if it is a pipe, a device, or too large."""
    size = file_size(path)
    if size > MOST_WHOLE:
        what = f"has {size} bytes, more than {MOST_WHOLE // 10**6} million"
        raise OSError(errno.EFBIG, what, str(path))
    return path.read_bytes()


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file of any length; one that is longer than any of ours, in pieces.

    Raises OSError, also if it is a pipe or a device.
    """
    file_size(path)  # it is a file
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            yield line


def file_size(path: Path) -> int:
    """Return the length of a file. Raises OSError if it is a pipe, which may open never."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a file", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is a pipe or a device, not a file", str(path))
    return status.st_size


def check_pixels(path: object, width: int, height: int) -> None:
    """Raise MediaError if a picture has more pixels than are read."""
    if width * height > MOST_PIXELS:
        size = f"{width} x {height} pixels, more than {MOST_PIXELS // 10**6} million"
        raise MediaError(f"{path}: {size}; make it smaller first")


def parse_json(text: bytes | str) -> Any:
    """Return what JSON says. Raises ValueError for all that is wrong with it, depth too."""
    try:
        return json.loads(text, parse_int=_integer)
    except RecursionError as error:
        raise ValueError("brackets in brackets, deeper than any file of ours") from error


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
