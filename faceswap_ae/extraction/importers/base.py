"""How is a face of another program's face set represented, once its format is read?

One file per program reads its formats (`deepfacelab`, `faceswap`), `unpickle` reads their pickles,
and `import_faces` writes the faces to a face folder of ours. Nothing in a foreign file is trusted:
its numbers are counted before they become arrays, and its texts never become paths.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as pillow

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image, Matrix, Points
from faceswap_ae.common.limits import check_is_file
from faceswap_ae.faces.record import LANDMARKS
from faceswap_ae.media import images

WIDEST = 8192  # pixels a side
LONGEST = 255  # characters of a file's name
FAR = 1e6  # pixels from a picture's corner; no face is so far away

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, eq=False, kw_only=True)
class ForeignFace:
    """One face, in the pixels of the picture that it came in: its crop, or its whole frame."""

    image: Image
    landmarks: Points  # (68, 2)
    source: str  # the name of the file that it was found in
    clip: str = ""  # that file's fingerprint, if the file is available
    frame: int = 0
    time: float = 0.0
    matrix: Matrix | None = None  # frame pixels to picture pixels; None: unknown
    box: Box | None = None  # in the frame's pixels
    mask: Image | None = None  # (h, w) of any size; it covers the whole picture
    is_frame: bool = False  # the picture is the whole frame


@dataclass(frozen=True)
class Candidate:
    """A face that may be imported; its contents identify it before its pixels are decoded."""

    name: str  # its name in messages
    stem: str  # the stem of the file that it is written to
    id: str
    made_by: str
    load: Callable[[], ForeignFace]


def content_id(*parts: bytes) -> str:
    """Return the id of a face: a hash of its contents, as 16 hex digits."""
    found = hashlib.blake2b(digest_size=8)
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()


def contents(path: Path, most: int) -> bytes:
    """Read a whole file. Raises MediaError if it has more than `most` bytes."""
    check_is_file(path)
    try:
        with path.open("rb") as file:
            read = file.read(most + 1)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from error
    if len(read) > most:
        raise MediaError(f"{path}: more than {most >> 20} MiB; no file of a face set is so large")
    return read


def picture(packed: bytes, name: str) -> Image:
    """Decode a picture. Raises MediaError if it is larger than any face of a set."""
    with warnings.catch_warnings(), suppress(OSError, SyntaxError, ValueError, EOFError):
        warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
        with pillow.open(io.BytesIO(packed)) as opened:
            if max(opened.size) > WIDEST:
                size = "x".join(map(str, opened.size))
                raise MediaError(f"{name}: {size} pixels; no face of a set is so large")
    return images.read(io.BytesIO(packed), name)


@contextmanager
def explaining_damage(name: str) -> Iterator[None]:
    """Turn a reader's errors into a MediaError that names the file with the damaged face data."""
    try:
        yield
    except KeyError as error:
        raise MediaError(f"{name}: its face data has no {error}; export the set again") from error
    except (ValueError, TypeError, OverflowError) as error:
        what = f"its face data is damaged ({error})"
        raise MediaError(f"{name}: {what}; export the set again") from error


def a_dict(told: Any) -> dict[str, Any]:
    """Return `told` if it is a dict. Raises ValueError if it is not."""
    if type(told) is not dict:
        raise ValueError(f"a {type(told).__name__} where names and values belong")
    return told


def text(told: Any) -> str:
    """Return a text in a form that is safe to store and show; "" if `told` is not a text."""
    words = told[:LONGEST] if isinstance(told, str) else ""
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def file_name(told: Any) -> str:
    """Return the name, without folders, of a file that a set mentions; any system's paths work."""
    return re.split(r"[/\\]", text(told))[-1]


def numbers(told: Any, shape: tuple[int, ...]) -> Points:
    """Convert lists or arrays to float64 of this shape; all must be positions in a picture."""
    _count(told, shape)
    array = np.asarray(told, np.float64).reshape(shape)
    if not (np.abs(array) < FAR).all():
        raise ValueError("numbers that lie in no picture")
    return array


def landmarks_of(told: Any) -> Points:
    """Return the 68 landmarks of a face. Raises ValueError if `told` cannot be landmarks."""
    points = numbers(told, LANDMARKS)
    if np.ptp(points, axis=0).min() < 1:
        raise ValueError("all landmarks on one line")
    return points


def frame_number(source: str) -> int:
    """Return the number that ends a frame file's name, 0 without one: 42 of `clip_000042.png`."""
    digits = re.search(r"(\d{1,9})$", Path(source).stem)
    return int(digits[1]) if digits else 0


def _count(told: Any, shape: tuple[int, ...]) -> None:
    # Before numpy: a list that holds the same list many times fits in a file but not in memory.
    if isinstance(told, np.ndarray):
        right = told.shape == shape
    elif not shape:
        right = isinstance(told, int | float)
    else:
        right = isinstance(told, list | tuple) and len(told) == shape[0]
        for item in told if right else ():
            _count(item, shape[1:])
    if not right:
        raise ValueError(f"no {'x'.join(map(str, shape)) or 'number'} where numbers belong")
