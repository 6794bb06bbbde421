"""How does a file appear whole or not at all?

Write to a hidden neighbour, flush it to the disk, rename it. The neighbour's name is fixed, so
what a kill leaves behind is overwritten by the next run instead of piling up.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap_ae.errors import FaceswapError, Fault, UserError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` if the block ends well, else it is removed."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            _flush(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise explained(error, path) from error


def write_text(path: Path, text: str) -> None:
    """Replace a text file in one go."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def explained(error: OSError, path: Path) -> FaceswapError:
    """Say what a failed write means: the user's to mend (a folder) or the machine's (the disk)."""
    why = error.strerror or str(error)
    if isinstance(error, (PermissionError, FileExistsError, NotADirectoryError)):
        return UserError(f"{path}: cannot be written ({why}); choose another place for it")
    return Fault(f"{path}: could not be written ({why}); free some space, then again")


def _flush(path: Path) -> None:
    # The rename may reach the disk before the bytes do, unless they are sent first.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
