"""How does the program report to the user: results on stdout, everything else on stderr?

Progress is shown as everywhere (`interface/progress_bars.py`), and not at all with --quiet. The
program never asks a question, because it usually runs unattended.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.progress import Progress, Status
from faceswap_ae.interface.progress_bars import choose_display

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """What the user said for every command."""

    quiet: bool = False
    data: Path = Path("data")
    runs: Path = Path("runs")

    def track(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        """Pass the items through, showing how far they are."""
        with self.progress(what, total) as advance:
            for count, item in enumerate(items, 1):
                yield item
                advance(count)

    @property
    def progress(self) -> Progress:
        """Show how far something is, for what tells it by a call."""
        return choose_display(not self.quiet).progress

    @property
    def status(self) -> Status:
        """Show how far something is in its own words, for what is not counted."""
        return choose_display(not self.quiet).status

    def print(self, *lines: str) -> None:
        """Print what was done, unless the user wants to hear nothing."""
        for line in () if self.quiet else lines:
            sys.stdout.write(f"{line}\n")


def remind_of_consent() -> None:
    """Say once, on each machine, that everybody who is shown must have agreed."""
    if not log.isEnabledFor(logging.INFO):
        return
    with suppress(OSError, RuntimeError):  # no home, or one that is closed: then it is said again
        mark = cache_dir() / "reminded-of-consent"
        if mark.exists():
            return
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    log.info("everybody whose face or performance you use must have agreed (docs/responsible.md)")


def show_log(*, quiet: bool) -> None:
    """Send the core's messages to stderr, a line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    logger = logging.getLogger("faceswap_ae")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        warned = "warning: " if record.levelno >= logging.WARNING else ""
        return printable(warned + record.getMessage())


def printable(text: str) -> str:
    """Return a text without what could steer a terminal, as names in files may."""
    shown = (one if one.isprintable() or one in "\n\t" else f"{one!a}"[1:-1] for one in text)
    return "".join(shown)
