"""How is a file written atomically, so that it appears complete or not at all?

The data go to a hidden file beside the target (a part). The part is flushed to the disk and then
renamed to the target. If a process is killed, its part stays behind. A later write to the same
folder removes that part: if the process was one of this machine, when it is gone, whatever the
clocks say; if it cannot be asked for, when nobody has written to the part for an hour.

Nothing else is ever removed: the name of a part ends with a checksum of itself, which no other
program's file has by chance, and a link is left alone whatever it is called.
"""

import errno
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from faceswap_ae.common.errors import FaceswapError, Fault, UserError

ABANDONED = 3600.0  # seconds without a write, after which a part counts as abandoned
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

NAME_BYTES = 255  # of a file's name, the most that common file systems take
PART = re.compile(
    r"(?P<head>\..+\.part-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{12})"
    r"-(?P<checksum>[0-9a-f]{8})(?P<suffix>\..+)?",
    re.DOTALL,
)

_looked_into: set[Path] = set()  # folders that this process has searched for abandoned parts


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; it is renamed to `path` if the block ends well, else removed."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file in it")
    with _part(path, folder=False) as part:
        yield part
        _flush(part)
        part.replace(path)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Do the same as `replacing` for a folder of files; `path` must be new or empty."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path}: is there and not empty; choose a new folder")
    with _part(path, folder=True) as part:
        yield part
        if path.exists():
            path.rmdir()
        part.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file, or replace it, atomically."""
    with replacing(path) as part:
        # A file's name in it may hold bytes that are no text.
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def check_is_no_input(out: Path, inputs: Iterable[Path]) -> None:
    """Raise UserError if `out` is one of the input files, which it would overwrite."""
    if any(out.exists() and path.exists() and out.samefile(path) for path in inputs):
        raise UserError(f"{out}: is a clip that is read; choose another name for the output")


def open_to_append(path: Path) -> BinaryIO:
    """Open a file of ours, new or not, to add to its end.

    Raises UserError if it is a link: what it leads to may be a file of the user's own.
    """
    if path.is_symlink():
        what = "is a link to another file, which would be changed"
        raise UserError(f"{path}: {what}; put the file itself here, or remove the link")
    flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o666), "ab")


def explain_os_error(error: OSError, path: Path) -> FaceswapError:
    """Turn the error of a failed write into a Fault (disk full) or a UserError (other causes)."""
    why = error.strerror or str(error)
    if error.errno in FULL:
        return Fault(f"{path}: could not be written ({why}); free some space, then again")
    return UserError(f"{path}: cannot be written ({why}); choose another place for it")


def part_name(place: Path) -> str:
    """Return a new hidden name for a part of `place`: whose it is, and a checksum of the name."""
    end = f".part-{machine()}-{os.getpid()}-{secrets.token_hex(6)}"
    room = NAME_BYTES - len(os.fsencode(f".{end}-{'0' * 8}{place.suffix}"))
    stem = os.fsencode(place.stem)[:room].decode(errors="ignore")
    head = f".{stem}{end}"
    return f"{head}-{_checksum(head, place.suffix)}{place.suffix}"


def is_part(path: Path) -> bool:
    """Is it named as only we name parts?"""
    return _parsed(path) is not None


def is_abandoned(path: Path) -> bool:
    """Is it a part of ours, a plain file or folder, on which no process works any more?"""
    found = _parsed(path)
    if found is None:
        return False
    try:
        status = path.lstat()
    except OSError:  # another process removed it, or the network fails for a moment
        return False
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return False
    running = is_running(int(found["pid"])) if found["machine"] == machine() else None
    return is_old(status.st_mtime) if running is None else not running


def is_old(changed: float) -> bool:
    """Has nobody written to a file for so long that nobody will?

    A time that lies as far ahead is from a clock that was wrong: nobody writes to that file either.
    """
    return abs(time.time() - changed) > ABANDONED


def is_running(pid: int) -> bool | None:
    """Is there a process of this number here? None where it cannot be asked."""
    if sys.platform == "win32":  # there the question would end the process
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    with suppress(OSError, IndexError):  # no Linux
        # A process that was killed keeps its number until its parent has asked how it ended.
        return _facts_of(pid)[0] not in "ZX"
    return True


def started(pid: int) -> str:
    """When a process began, in ticks since the machine was started; empty where nobody says so.

    Numbers of processes are given again: by this, two of one number are told apart.
    """
    with suppress(OSError, IndexError):
        return _facts_of(pid)[19]
    return ""


@contextmanager
def _part(path: Path, *, folder: bool) -> Iterator[Path]:
    """Make a part of `path` that no other process writes to; remove it at the end."""
    # An absolute path, else FFmpeg takes the `10:` of `10:30.mp4` for a protocol.
    place = path.absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _clear_remains(place)
        part = place.with_name(part_name(place))
        try:  # around the making too: a signal may come right after it
            if folder:
                part.mkdir()
            else:
                # Made here and now, so that no link of this name is written through.
                os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            yield part
        finally:
            remove_part(part)
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
    for left in place.parent.glob(".*.part-*"):
        if is_abandoned(left):
            with suppress(OSError):  # another process removes it too
                remove_part(left)


def remove_part(part: Path) -> None:
    """Remove a part; a link of its name, and what it leads to, stay."""
    if part.is_symlink():
        return
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)


def _facts_of(pid: int) -> list[str]:
    """Linux's facts of a process, from its state on; its name, before that, may hold anything."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return told.rpartition(")")[2].split()


def _parsed(path: Path) -> re.Match[str] | None:
    found = PART.fullmatch(path.name)
    if found is None or found["checksum"] != _checksum(found["head"], found["suffix"] or ""):
        return None
    return found


def _checksum(head: str, suffix: str) -> str:
    name = os.fsencode(f"{head}/{suffix}")
    return blake2b(name, digest_size=4, person=b"faceswap_ae").hexdigest()


@cache
def machine() -> str:
    """A name for this machine since it was started, in which process numbers are known."""
    facts = [platform.node()]
    with suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    return blake2b("/".join(facts).encode(), digest_size=4).hexdigest()


def _flush(path: Path) -> None:
    # Without this, the rename may reach the disk before the bytes do.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
