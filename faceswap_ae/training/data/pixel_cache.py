"""How are decoded training faces cached on disk, so that the next run starts at once?

Each face set is one file in a local folder. It is mapped into memory, which keeps memory free, and
it is never written to again. Its name is a hash of everything that it was made from. So the file
is either right or not there. The files together have a size limit: the least recently used go
first.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.atomic import is_abandoned, replacing
from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import Fault, MediaError, UserError

SUFFIX = ".faces"
MOST = 8 * 10**9  # bytes of all files
MEMORY = 4 * 10**9  # bytes of a set that may be held in memory if no file can be used

Bytes = NDArray[np.uint8]
Making = Callable[[], Iterable[Bytes]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PixelCache:
    """A folder of at most `most` bytes; if it cannot be used, a set may take `memory` bytes."""

    folder: Path = field(default_factory=cache_dir)
    most: int = MOST
    memory: int = MEMORY

    def kept(self, key: str, length: int, make: Making) -> Bytes:
        """Return the `length` bytes of a key from the cache; if they are missing, make them."""
        path = self.folder / f"{key}{SUFFIX}"
        found = _opened(path, length)
        if found is None and length <= self.most:
            found = self._written(path, length, make)
        return self._in_memory(length, make) if found is None else found

    def _written(self, path: Path, length: int, make: Making) -> Bytes | None:
        try:
            self._make_room(self.most - length)
            with replacing(path) as part, part.open("wb") as file:
                # Not through a memory map: there, a full disk ends the process and raises no error.
                for piece in make():
                    file.write(piece.data)
        except MediaError:
            raise
        except (UserError, Fault) as error:
            log.warning("%s; training faces are held in memory", error)
            return None
        return _opened(path, length)

    def _make_room(self, room: int) -> None:
        """Remove the least recently used files until all files fit into `room` bytes."""
        # Other hidden files are parts in work, or none of ours.
        total = 0
        for facts, path in sorted(self._files(), key=lambda item: -item[0].st_mtime):
            total += facts.st_size
            if is_abandoned(path) or (total > room and not path.name.startswith(".")):
                with suppress(OSError):  # another process uses it, and the system forbids it
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
    """Map the file if it is complete, and mark it as used now; else return None."""
    with suppress(OSError):
        if path.stat().st_size == length:
            os.utime(path)
            return np.memmap(path, np.uint8, "r")
    return None
