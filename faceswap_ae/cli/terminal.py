"""How does the program report to the user: results on stdout, everything else on stderr?

Progress is a bar with rate and time left on a terminal, a line from time to time in a log, and
nothing with --quiet. The program never asks a question, because it usually runs unattended.
"""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from faceswap_ae.common.progress import Advance, Say

T = TypeVar("T")
LOG_EVERY = 30.0  # seconds between progress lines where there is no terminal


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

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Advance]:
        """Show how far something is, for what tells it by a call."""
        if self.quiet:
            yield lambda _: None
        elif sys.stderr.isatty():
            with _bar(what, total) as advance:
                yield advance
        else:
            yield _lines(what, total)

    @contextmanager
    def status(self, what: str) -> Iterator[Say]:
        """Show how far something is in its own words, for what is not counted."""
        if self.quiet:
            yield lambda _share, _words: None
        elif sys.stderr.isatty():
            with _status_bar(what) as say:
                yield say
        else:
            yield _status_lines(what)


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


@contextmanager
def _bar(what: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    rate = TextColumn("{task.fields[rate]:.1f}/s")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        rate,
        TimeLeft(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total or None, rate=0.0)
        begin = time.monotonic()

        def advance(count: int) -> None:
            rate = count / max(time.monotonic() - begin, 1e-6)
            progress.update(task, completed=count, rate=rate)

        yield advance


def _lines(what: str, total: int) -> Advance:
    begin = told = time.monotonic()

    def advance(count: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < LOG_EVERY:
            return
        told = now
        rate = count / (now - begin)
        left = f", {(total - count) / rate:.0f} s left" if total >= count else ""
        sys.stderr.write(f"{what}: {count}/{total or '?'}, {rate:.1f}/s{left}\n")
        sys.stderr.flush()

    return advance


@contextmanager
def _status_bar(what: str) -> Iterator[Say]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=1.0, words="")
        yield lambda share, words: progress.update(task, completed=share, words=words)


def _status_lines(what: str) -> Say:
    told = time.monotonic() - LOG_EVERY

    def say(share: float, words: str) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < LOG_EVERY and share < 1:
            return
        told = now
        sys.stderr.write(f"{what}: {share:.0%}, {words}\n")
        sys.stderr.flush()

    return say
