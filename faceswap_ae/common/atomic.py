"""How does a file appear whole or not at all?

Write to a hidden neighbour of its own name, flush it to the disk, rename it. What a kill leaves
behind is removed by a later write to the same folder, once nobody has touched it for an hour.
"""

import errno
import itertools
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap_ae.common.errors import FaceswapError, Fault, UserError

ABANDONED = 3600.0  # seconds without a write, after which a part is nobody's
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_numbers = itertools.count()
_looked_into: set[Path] = set()  # folders, by this process


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` if the block ends well, else it is removed."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file in it")
    with _part(path) as part:
        yield part
        _flush(part)
        part.replace(path)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """The same for a folder of files, which must be new or empty."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path}: is there and not empty; choose a new folder")
    with _part(path) as part:
        part.mkdir()
        yield part
        if path.exists():
            path.rmdir()
        part.replace(path)


def write_text(path: Path, text: str) -> None:
    """Replace a text file in one go."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def check_is_no_input(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse to write over what is being read."""
    if any(out.exists() and path.exists() and out.samefile(path) for path in inputs):
        raise UserError(f"{out}: is a clip that is read; choose another name for the output")


def explain_os_error(error: OSError, path: Path) -> FaceswapError:
    """Say what a failed write means: the machine's to mend (a full disk) or the user's."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return Fault(f"{path}: could not be written ({why}); free some space, then again")
    return UserError(f"{path}: cannot be written ({why}); choose another place for it")


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A hidden neighbour that nobody else writes to, gone at the end."""
    # Absolute: FFmpeg reads a protocol out of `10:30.mp4`. Of its own: two runs may write one name.
    place = path.absolute()
    name = f".{place.stem}.part-{os.getpid()}-{next(_numbers)}{place.suffix}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _clear_remains(place)
        part = place.with_name(name)
        try:
            yield part
        finally:
            _remove(part)
    except OSError as error:
        raise explain_os_error(error, path) from error


def _clear_remains(place: Path) -> None:
    """Whatever was left in the folder. Not at each new file: among thousands a look takes long."""
    if place.parent in _looked_into and not place.exists():
        return
    _looked_into.add(place.parent)
    for left in place.parent.glob(".*.part-*-*"):
        if time.time() - left.stat().st_mtime > ABANDONED:
            _remove(left)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    # The rename may reach the disk before the bytes do, unless they are sent first.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
