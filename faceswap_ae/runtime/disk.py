"""How much disk space is free, how much do files use, and when did they last change?"""

import shutil
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path


def free_bytes(place: Path) -> int:
    """Return the free bytes on the disk of a folder; the folder need not exist yet."""
    near = place.absolute()
    usage = shutil.disk_usage(next(one for one in (near, *near.parents) if one.exists()))
    # Some network drives do not know their size, and report 0 of 0.
    return usage.free if usage.total else sys.maxsize


def used_bytes(paths: Iterable[Path]) -> int:
    """Return the bytes in these files and folders; a file that vanishes meanwhile counts 0."""
    return sum(_length(path) for path in _files(paths))


def last_change(folder: Path) -> float:
    """Return when a file in the folder was last written, in seconds since 1970."""
    return max((_time(path) for path in _files([folder])), default=0.0)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    inside = (path.rglob("*") if path.is_dir() else [path] for path in paths)
    return (path for path in chain.from_iterable(inside) if path.is_file())


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
