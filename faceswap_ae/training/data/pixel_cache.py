"""Where are decoded faces kept, so that the next run need not wait and memory stays free?

A file per set in a local folder, mapped into memory and never written to again. Its name is a hash
of what it was made from, so it is either right or not there. Of all files together only so much is
kept: what was not used for longest goes first.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.atomic import ABANDONED, replacing
from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import Fault, MediaError, UserError

SUFFIX = ".faces"
MOST = 8 * 10**9  # bytes of all files
MEMORY = 4 * 10**9  # bytes of a set that may be held in memory where there is no file

Bytes = NDArray[np.uint8]
Making = Callable[[], Iterable[Bytes]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PixelCache:
    """A folder and how many bytes may lie in it; `memory` is what may be used in its stead."""

    folder: Path = field(default_factory=cache_dir)
    most: int = MOST
    memory: int = MEMORY

    def kept(self, key: str, length: int, make: Making) -> Bytes:
        """The `length` bytes that belong to a key: found, or made once and kept."""
        path = self.folder / f"{key}{SUFFIX}"
        found = _opened(path, length)
        if found is None and length <= self.most:
            found = self._written(path, length, make)
        return self._in_memory(length, make) if found is None else found

    def _written(self, path: Path, length: int, make: Making) -> Bytes | None:
        try:
            self._make_room(self.most - length)
            with replacing(path) as part, part.open("wb") as file:
                # Not through a map: a full disk would end the process instead of raising.
                for piece in make():
                    file.write(piece.data)
        except MediaError:
            raise
        except (UserError, Fault) as error:
            log.warning("%s; training faces are held in memory", error)
            return None
        return _opened(path, length)

    def _make_room(self, room: int) -> None:
        """Remove what was not used for longest until all is within `room` bytes."""
        # Hidden ones are in the making, by another process, or were left behind by a killed one.
        total, now = 0, time.time()
        for facts, path in sorted(self._files(), key=lambda item: -item[0].st_mtime):
            total += facts.st_size
            in_work = path.name.startswith(".") and now - facts.st_mtime < ABANDONED
            if not in_work and (path.name.startswith(".") or total > room):
                with suppress(OSError):  # another process uses it, where that forbids removing
                    path.unlink()

    def _files(self) -> Iterator[tuple[os.stat_result, Path]]:
        for path in self.folder.glob(f"*{SUFFIX}"):
            with suppress(OSError):  # another process removed it
                yield path.stat(), path

    def _in_memory(self, length: int, make: Making) -> Bytes:
        if length > self.memory:
            need = f"{length / 1e9:.1f} GB of training faces"
            raise UserError(
                f"{self.folder}: {need} have no place there; free some space, or train on fewer "
                "faces or at a smaller size"
            )
        held, end = np.empty(length, np.uint8), 0
        for piece in make():
            held[end : end + piece.size] = piece.ravel()
            end += piece.size
        return held


def _opened(path: Path, length: int) -> Bytes | None:
    """The file, if it is all there; from now on it was used last."""
    with suppress(OSError):
        if path.stat().st_size == length:
            os.utime(path)
            return np.memmap(path, np.uint8, "r")
    return None
