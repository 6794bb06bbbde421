"""How is a file written atomically, so that it appears complete or not at all?

The data go to a hidden file beside the target (a part). The part is flushed to the disk and then
renamed to the target. If a process is killed, its part stays behind. A later write to the same
folder removes that part, once nobody has written to it for an hour.
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

ABANDONED = 3600.0  # seconds without a write, after which a part counts as abandoned
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_numbers = itertools.count()
_looked_into: set[Path] = set()  # folders that this process has searched for abandoned parts


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; it is renamed to `path` if the block ends well, else removed."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file in it")
    with _part(path) as part:
        yield part
        _flush(part)
        part.replace(path)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Do the same as `replacing` for a folder of files; `path` must be new or empty."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path}: is there and not empty; choose a new folder")
    with _part(path) as part:
        part.mkdir()
        yield part
        if path.exists():
            path.rmdir()
        part.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file, or replace it, atomically."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def check_is_no_input(out: Path, inputs: Iterable[Path]) -> None:
    """Raise UserError if `out` is one of the input files, which it would overwrite."""
    if any(out.exists() and path.exists() and out.samefile(path) for path in inputs):
        raise UserError(f"{out}: is a clip that is read; choose another name for the output")


def explain_os_error(error: OSError, path: Path) -> FaceswapError:
    """Turn the error of a failed write into a Fault (disk full) or a UserError (other causes)."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return Fault(f"{path}: could not be written ({why}); free some space, then again")
    return UserError(f"{path}: cannot be written ({why}); choose another place for it")


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Yield a hidden path beside `path` that no other process writes to; remove it at the end."""
    # An absolute path, else FFmpeg takes the `10:` of `10:30.mp4` for a protocol. A name with
    # process id and number, because two runs may write the same file.
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
    """Remove abandoned parts from the folder of `place`.

    A new file in a folder that was already searched skips this: among thousands of files, a search
    takes long.
    """
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
    # Without this, the rename may reach the disk before the bytes do.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
