"""Which segments of an output are complete, and what do they contain?

A hidden folder beside the output keeps what a stopped conversion has completed (a work folder):

    .out.mp4.parts/job.json         what is converted, and with which encoder
                   files            the name of every file made here; nothing else is ever deleted
                   000000.packets   the packets of the first segment, end to end
                   000000.json      times and notes of its frames, lengths and digest of its
                                    packets: written last
                   pictures/        if the output is pictures; instead of packets

A segment without its JSON does not exist, nor does one whose packets or pictures are damaged. The
packets are not in a container: each container rounds times or changes bytes in its own way. The
exact times are in the JSON.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Literal

import av

from faceswap_ae.common.atomic import explain_os_error, is_part, write_text
from faceswap_ae.common.beside import beside
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.limits import parse_json, read_whole
from faceswap_ae.media.segments import OutputSpec, Segment, segment_from_json, segment_to_json

VERSION, WITHOUT_LIST = 2, 1
JOB, FILES, LOCK = "job.json", "files", "lock"
OWN = re.compile(r"(\d{6,}\.(packets|json)|unfinished|frames\.mkv|pictures/\d{6,}\.png)")
BLOCK = 1 << 20  # bytes read at a time

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkFolder:
    """The folder that keeps the parts of one output."""

    path: Path

    @property
    def pictures(self) -> Path:
        return self.path / "pictures"

    def packets(self, number: int) -> Path:
        """Return the file with the packets of a segment."""
        return self.path / f"{number:06}.packets"

    def claim(self, path: Path) -> None:
        """Note, before a file is made, that it is ours."""
        name = path.relative_to(self.path).as_posix()
        with open_own(self.path / FILES, "ab") as file:
            file.write(f"{name}\n".encode())

    def add(self, number: int, segment: Segment) -> None:
        """Write the JSON of a segment: this makes it complete."""
        self.claim(self._facts(number))
        write_text(
            self._facts(number), json.dumps(segment_to_json(segment), separators=(",", ":")) + "\n"
        )

    def segment(self, number: int) -> Segment | None:
        """Read a complete segment, or return None if there is no such segment."""
        try:
            segment = segment_from_json(parse_json(read_whole(self._facts(number))))
            size = sum(piece.size for piece in segment.pieces)
            whole = not size or self.packets(number).stat().st_size == size
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return segment if whole else None

    def is_sound(self, number: int, segment: Segment, first: int) -> bool:
        """Are a segment's bytes as they were written? `first` is its first picture's number."""
        places = [self.packets(number)]
        if not segment.pieces:
            numbers = range(first, first + len(segment.frames))
            places = [self.pictures / f"{one:06}.png" for one in numbers]
        try:
            return digest_of(places) == segment.digest
        except FileNotFoundError:
            return False

    def tidy_pictures(self, done: int) -> None:
        """Delete what a killed process left of pictures after the first `done`.

        A file that was not made here goes out of the way, into the work folder, and stays there.
        """
        made = set(self.listed())
        for item in self.pictures.iterdir() if self.pictures.is_dir() else ():
            ours = f"{self.pictures.name}/{item.name}" in made
            if is_part(item) or (ours and int(item.stem) > done):
                _unlink(item)
            elif not ours:
                item.replace(self.path / item.name)
                log.warning("%s: is not ours; it is now in %s", item, self.path)

    def listed(self) -> list[str]:
        """Return the names in the list of files made here."""
        try:
            names = read_whole(self.path / FILES).decode().splitlines()
        except FileNotFoundError:
            names = self._listed_before()
        except (OSError, UnicodeDecodeError):
            return []
        return [name for name in dict.fromkeys(names) if OWN.fullmatch(name)]

    def _listed_before(self) -> list[str]:
        """Return what a version made that kept no list, by the names that it gave."""
        job = _read(self.path / JOB)
        if not isinstance(job, dict) or job.get("version") != WITHOUT_LIST:
            return []
        return [path.relative_to(self.path).as_posix() for path in self.path.rglob("*")]

    def segments(self) -> Iterator[Segment]:
        """Yield the complete segments, from the first one to the last before a gap."""
        number = 0
        while (segment := self.segment(number)) is not None:
            yield segment
            number += 1

    def _facts(self, number: int) -> Path:
        return self.path / f"{number:06}.json"


@contextmanager
def open_work_folder(output: OutputSpec, job: Mapping[str, Any]) -> Iterator[WorkFolder]:
    """Yield the work folder of an output, which no other process can use meanwhile.

    It is emptied if it belongs to another job. It stays if at least one segment is complete, and
    `remove_work_folder` deletes it.
    """
    path = output.path.absolute()
    folder = WorkFolder(beside(path, before=".", after=".parts"))
    try:
        if not folder.path.is_symlink():
            folder.path.mkdir(parents=True, exist_ok=True)
        _check_own(folder)
        with _alone(folder.path / LOCK, output.path):
            try:
                _begin(folder, _made(output, job))
                yield folder
            finally:
                if folder.segment(0) is None:
                    remove_work_folder(folder)
        # A network drive keeps what is open and was deleted, under another name, until now.
        with suppress(OSError):
            folder.path.rmdir()
    except OSError as error:
        raise explain_os_error(error, output.path) from error


def open_own(path: Path, mode: Literal["ab", "wb"]) -> IO[bytes]:
    """Open a file of ours for writing; raises OSError if a link stands in its place."""
    flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    flags |= os.O_TRUNC if mode == "wb" else os.O_APPEND
    return os.fdopen(os.open(path, flags, 0o666), mode)


def digest_of(places: Iterable[Path]) -> str:
    """Return one digest of some files' bytes."""
    found = blake2b(digest_size=16)
    for path in places:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                found.update(block)
    return found.hexdigest()


def remove_work_folder(folder: WorkFolder) -> None:
    """Delete the files that were made in a work folder, and the folder if nothing else is in it."""
    _clear(folder)
    with suppress(OSError):
        (folder.path / LOCK).unlink(missing_ok=True)
        folder.path.rmdir()


def _clear(folder: WorkFolder) -> None:
    """Delete every file that the folder's list names, and the list."""
    with suppress(OSError):
        for name in folder.listed():
            _unlink(folder.path / name)
        if folder.pictures.is_dir() and not folder.pictures.is_symlink():
            for item in folder.pictures.iterdir():
                if is_part(item):
                    _unlink(item)
            folder.pictures.rmdir()
    for name in (JOB, FILES):
        _unlink(folder.path / name)


def _unlink(path: Path) -> None:
    with suppress(OSError):
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink()


def _check_own(folder: WorkFolder) -> None:
    """Raise UserError where the folder, or something in it, is a link or no folder of ours."""
    for path in (folder.path, folder.pictures):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            why = "is a link" if path.is_symlink() else "is no folder"
            raise UserError(f"{path}: {why}; remove it, or choose another name for the output")
    if not (folder.path / JOB).is_file() and any(folder.path.iterdir()):
        # A kill may have left a part of job.json, before anything else was there.
        inside = {item.name for item in folder.path.iterdir() if not is_part(item)} - {LOCK, FILES}
        if inside:
            other = f"holds what is not ours, such as {min(inside)}"
            raise UserError(f"{folder.path}: {other}; move it, or choose another name")


def _begin(folder: WorkFolder, made: dict[str, Any]) -> None:
    """Keep the parts of this very job; delete those of any other."""
    made = json.loads(json.dumps(made))  # as it will be read
    if _read(folder.path / JOB) == made:
        return
    if (folder.path / JOB).exists():
        log.info("%s: holds parts of another conversion, which are thrown away", folder.path)
        _clear(folder)
    write_text(folder.path / JOB, json.dumps(made, indent=1) + "\n")


def _made(output: OutputSpec, job: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that the bytes of a segment depend on."""
    like = replace(output.like, path=Path(), pictures=())  # `job` names a clip by its content
    return {
        "version": VERSION,
        "job": job,
        "like": {key: str(value) for key, value in asdict(like).items() if key != "stamp"},
        "encoding": asdict(output.encoding),
        "span": {key: str(value) for key, value in asdict(output.span).items()},
        "segment": output.segment,
        "av": [av.__version__, av.library_versions],
    }


def _read(path: Path) -> Any:
    try:
        return parse_json(read_whole(path))
    except (FileNotFoundError, ValueError):
        return None


@contextmanager
def _alone(lock: Path, output: Path) -> Iterator[None]:
    """Allow one process at a time; the kernel releases the lock however the process ends."""
    if sys.platform == "win32":  # there, another process cannot delete an open file
        yield
        return
    import fcntl

    with open_own(lock, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{output}: is being made by another process; wait for it, or choose another name"
            ) from error
        except OSError:
            log.info("%s: this drive knows no locks; make it by one process at a time", output)
        yield
