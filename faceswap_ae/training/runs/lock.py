"""Which process trains a run, so that a second one is refused (a lock with a heartbeat)?

The lock is a file beside the run's folder: who trains, where, since when. Its process touches it
every few seconds. A process of this machine is dead when the system does not know it, or knows
another one by its number. A process elsewhere (a network drive, a Colab machine that is gone) is
dead when its heartbeat stops: network drives may have no locks of their own, and clocks differ, so
the drive's own clock is asked. A heartbeat ahead of that clock (it was set back) is set to now; a
living process soon gives another one.
"""

import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Self

from faceswap_ae.common.atomic import explain_os_error, is_running, machine, started
from faceswap_ae.common.beside import beside
from faceswap_ae.common.errors import Fault, UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import read_whole

BEAT = 5.0  # seconds between two signs of life
SILENCE = 60.0  # seconds without one, after which a process elsewhere counts as dead
TRIES = 5  # a lock may be taken over by others meanwhile


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    token: str
    machine: str
    host: str
    pid: int
    since: str
    started: str = ""  # when its process began, as the system counts; earlier versions did not say

    @classmethod
    def this_process(cls) -> Self:
        """This process, from now on."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        host = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
        pid = os.getpid()
        return cls(secrets.token_hex(8), machine(), host, pid, since, started(pid))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The holder that a lock names; None where there is none, or none that can be read."""
        try:
            told = JsonFields.read(path)
            words = (told.text(name) for name in ("token", "machine", "host", "since"))
            token, where, host, since = words
            return cls(token, where, host, told.whole("pid"), since, told.text("started", ""))
        except (OSError, ValueError):
            return None

    @property
    def words(self) -> str:
        """For the user."""
        return f"process {self.pid} on {self.host} since {self.since}"


class RunLock:
    """A lock that this process holds, and its heartbeat."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.path, self.holder = path, holder
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="run lock", daemon=True)
        self._heart.start()

    def check(self) -> None:
        """Raise Fault if another process has taken the run over, as after a long sleep."""
        now = Holder.read(self.path)
        if now is not None and now.token != self.holder.token:
            raise Fault(f"{self.path}: {now.words} trains this run now; this one stops")

    def release(self) -> None:
        """Let others train the run."""
        self._over.set()
        self._heart.join()
        now = Holder.read(self.path)
        if now is not None and now.token == self.holder.token:
            with suppress(OSError):
                self.path.unlink()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with suppress(OSError, Fault):  # the drive may be away for a moment
                self.check()
                os.utime(self.path)


def lock_path(folder: Path) -> Path:
    """The lock of a run, beside its folder, which need not exist yet."""
    place = folder.absolute()
    return beside(place, before=".", after=".training")


@contextmanager
def only_trainer(folder: Path) -> Iterator[RunLock]:
    """Hold a run's lock. Raises UserError if another process trains it."""
    path = lock_path(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _taken(path, folder)
    except OSError as error:
        raise explain_os_error(error, path) from error
    try:
        yield lock
    finally:
        lock.release()


def _taken(path: Path, folder: Path) -> RunLock:
    own = Holder.this_process()
    for _ in range(TRIES):
        if _created(path, own) or _followed(path, own):
            return RunLock(path, own)
        other = Holder.read(path)
        quiet = _silence(path)
        if other is not None and _is_alive(other, quiet):
            ending = "; stop it, or wait for its end"
            if _is_running(other) is None:
                left = max(1, round(SILENCE - quiet))
                ending += f"; if it is gone, the same command works in {left} s"
            raise UserError(f"{folder}: is trained by {other.words}{ending}")
    raise UserError(f"{folder}: several processes want to train it; try again, one at a time")


def _followed(path: Path, own: Holder) -> bool:
    """Put our lock in the place of a dead process's.

    Several may see that it is dead. A claim, named by what the dead lock holds, lets one of them
    go on; it is renamed over the dead lock, so that whoever claims later sees another lock there.
    """
    dead = _dead(path)
    if dead is None:
        return False
    claim = path.with_name(f"{path.name}-{blake2b(dead, digest_size=8).hexdigest()}")
    if not _created(claim, own):
        if _dead(claim) is not None:  # killed between the two lines below
            claim.unlink(missing_ok=True)
        return False
    with suppress(FileNotFoundError):
        if read_whole(path) == dead:
            claim.replace(path)
    claim.unlink(missing_ok=True)
    return Holder.read(path) == own


def _dead(path: Path) -> bytes | None:
    """What the lock of a dead process holds; None where there is no lock, or one that is alive."""
    try:
        content = read_whole(path)
    except OSError:  # there is none, or it is a pipe, which would be read for ever
        return None
    other, quiet = Holder.read(path), _silence(path)
    alive = quiet <= SILENCE if other is None else _is_alive(other, quiet)
    return None if alive else content


def _created(path: Path, own: Holder) -> bool:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        number = os.open(path, flags, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(asdict(own), file)
    return True


def _is_alive(other: Holder, quiet: float) -> bool:
    running = _is_running(other)
    return quiet <= SILENCE if running is None else running


def _is_running(other: Holder) -> bool | None:
    """Is this very process at work? None where the system cannot be asked."""
    if other.machine != machine():
        return None
    running = is_running(other.pid)
    return running and started(other.pid) == other.started if other.started else running


def _silence(path: Path) -> float:
    """Seconds since the last heartbeat, by the clock of the drive; 0 where there is no lock."""
    probe = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
    try:
        probe.touch(exist_ok=False)
        quiet = probe.lstat().st_mtime - path.lstat().st_mtime
        if quiet < -SILENCE:
            with suppress(OSError, NotImplementedError):  # Windows cannot touch a link alone
                os.utime(path, follow_symlinks=False)
        return max(0.0, quiet)
    except FileNotFoundError:
        return 0.0
    finally:
        probe.unlink(missing_ok=True)
