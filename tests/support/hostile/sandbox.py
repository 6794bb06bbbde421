"""How is one case run in a process of its own, under limits, and is what it did right?

The process is a copy of this one (fork), which has imported everything already: so a case costs
milliseconds. A copy has only the thread that made it, so whoever calls this computes nothing
itself, but `apart`: a pool of threads (OpenCV's) would be waited for in the copy for ever. The
process gets a limit of time and of memory, and no network. It is right if it ends with
status 0, or with one line and status 1 or 2, if it took no more memory than it may, and if nothing
has changed but what its command is there to change.
"""

import hashlib
import multiprocessing
import os
import resource
import signal
import stat
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

SECONDS = 60  # of processor time that a command may take: a busy machine changes nothing in it
PATIENCE = 300  # seconds, after which what waits counts as hanging
MEBIBYTES = 2048  # of memory, the most that a case may take
PNG = b"\x89PNG\r\n\x1a\n"
LIMIT = 4 * 2**30  # bytes that it cannot take: it would be ended
BROKEN = 70  # status where the command did not end by itself
ASKED = "NETWORK: "
HUNG = (signal.SIGALRM, signal.SIGXCPU)
# Keras and matplotlib write settings of their own at import, as they do without us.
PLACES = {
    "XDG_CACHE_HOME": "xdg_cache_home",
    "XDG_CONFIG_HOME": "xdg_config_home",
    "TMPDIR": "tmpdir",
    "HOME": "home",
    "KERAS_HOME": "tmpdir/keras",
    "MPLCONFIGDIR": "tmpdir/matplotlib",
}

Made = TypeVar("Made")
Tree = Mapping[str, str]
Main = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Outcome:
    """What a command made of a case, and what is wrong with that, if anything."""

    kind: str
    seed: int
    command: str
    status: int | None  # None where it did not end by itself
    said: str
    wrong: str
    seconds: float
    mebibytes: int


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it took."""

    status: int | None
    signal: int
    said: str
    mebibytes: int


def apart(make: Callable[[], Made]) -> Made:
    """Compute something in a process of its own. Raises EOFError if that fails."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    process = fork.Process(target=lambda: sender.send(make()))
    process.start()
    sender.close()
    with receiver:
        made: Made = receiver.recv()
    process.join()
    return made


def run(main: Main, words: Sequence[str], place: Path, seconds: int = SECONDS) -> Ended:
    """Run a command in `place/work`, in a process of its own."""
    said, work = place / "said", place / "work"
    said.touch()
    pid = os.fork()
    if pid == 0:
        _be_the_case(partial(main, words), work, said, seconds)
    _, ended, usage = os.wait4(pid, 0)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # what it started and did not end
    peak = usage.ru_maxrss >> (20 if sys.platform == "darwin" else 10)
    text = said.read_text(encoding="utf-8", errors="replace")
    said.unlink()
    if os.WIFSIGNALED(ended):
        return Ended(None, os.WTERMSIG(ended), text, peak)
    status = os.WEXITSTATUS(ended)
    return Ended(None if status == BROKEN else status, 0, text, peak)


def _be_the_case(case: Callable[[], int], work: Path, said: Path, seconds: int) -> None:
    status = BROKEN
    try:
        os.setpgid(0, 0)
        _limit(seconds)
        os.chdir(work)
        os.dup2(os.open(said, os.O_WRONLY | os.O_APPEND), 1)
        os.dup2(1, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name, folder in PLACES.items():
            os.environ[name] = str(work.parent / folder)
        sys.addaudithook(_refuse_network)
        status = case()
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    except BaseException:  # noqa: BLE001 - all of it is what the case is about
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _limit(seconds: int) -> None:
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for hung in HUNG:
        signal.signal(hung, signal.SIG_DFL)
    signal.alarm(max(seconds, PATIENCE))


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"):
        return
    if event != "socket.getaddrinfo" and not isinstance(arguments[1], tuple):
        return  # within this machine
    os.write(2, f"{ASKED}{event}\n".encode())
    raise OSError("there is no network here")


def tree(place: Path) -> Tree:
    """Every file below a folder: what it is, and what is in it."""
    found = {}
    for folder, folders, names in os.walk(place):
        for path in (Path(folder, name) for name in (*folders, *names)):
            found[path.relative_to(place).as_posix()] = _told(path)
    return found


def _told(path: Path) -> str:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return f"a link to {path.readlink()}"
    if not stat.S_ISREG(status.st_mode) or status.st_size > LIMIT:
        return f"{status.st_mode:o} {status.st_size if stat.S_ISREG(status.st_mode) else 0}"
    content = path.read_bytes()
    whole = hashlib.blake2b(content).hexdigest()
    face = f" {_pixels(content)}" if content.startswith(PNG) else ""
    return f"{status.st_mode:o} {whole}{face}"


def _pixels(content: bytes) -> str:
    """The hash of a PNG's pixels alone: its record may change, and the face is still there."""
    found, at = hashlib.blake2b(), len(PNG)
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IDAT":
            found.update(content[at + 8 : at + 8 + length])
        at += 12 + length
    return found.hexdigest()


def _face(told: str) -> str:
    return told.rsplit(" ", 1)[-1]


def judge(ended: Ended, before: Tree, after: Tree, may: Sequence[str], *, asks: bool) -> str:
    """Say what is wrong with a case; nothing if it is right."""
    if ended.status not in (0, 1, 2):
        hung = ended.signal in HUNG
        return "it hung" if hung else f"status {ended.status}, signal {ended.signal}"
    asked = ASKED in ended.said and not asks
    large = f"it took {ended.mebibytes} MiB" if ended.mebibytes > MEBIBYTES else ""
    return (
        _misspoken(ended)
        or ("it asked the network" if asked else "")
        or large
        or _lost(before, after, may)
    )


def _misspoken(ended: Ended) -> str:
    errors = [line for line in ended.said.splitlines() if line.startswith("faceswap-ae: ")]
    if "a fault of ours" in ended.said or "Traceback" in ended.said:
        return "a fault of ours"
    if len(errors) != (ended.status != 0):
        return f"{len(errors)} lines of error with status {ended.status}"
    return "it steers the terminal" if "\x1b" in ended.said else ""


def _lost(before: Tree, after: Tree, may: Sequence[str]) -> str:
    changed = sorted(
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) and not any(fnmatch(name, one) for one in may)
    )
    if changed:
        return f"changed {', '.join(changed[:3])}"
    faces = {_face(what) for name, what in before.items() if fnmatch(name, "work/data/*.png")}
    lost = faces - set(map(_face, after.values()))
    return f"lost {len(lost)} faces" if lost else ""
