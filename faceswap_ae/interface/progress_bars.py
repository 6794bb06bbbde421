"""How is progress shown: in a notebook, on a terminal, in a log, or by a function of the user's?

A notebook and a terminal show a bar. A log gets a line from time to time. How long it still takes
is reckoned from the first step on, so that the loading of networks does not count.
"""

import base64
import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from faceswap_ae.common.progress import (
    Advance,
    Progress,
    Say,
    Status,
    no_progress,
    no_status,
)
from faceswap_ae.common.quantities import format_duration

LOG_EVERY = 30.0  # seconds between lines in a log
DRAW_EVERY = 0.2  # seconds between two pictures of a bar in a notebook
KINDS = {".png": "png", ".jpg": "jpeg"}

# Called with the task, the share that is done (0 to 1), and words about it.
ProgressFunction = Callable[[str, float, str], None]


@dataclass(frozen=True)
class ProgressDisplay:
    """The two ways in which the core reports progress."""

    progress: Progress
    status: Status


def choose_display(wanted: bool | ProgressFunction) -> ProgressDisplay:
    """What fits the place where the program runs; nothing, or a function of the user's."""
    if wanted is False:
        return ProgressDisplay(no_progress, no_status)
    if wanted is not True:
        return _told_to(wanted)
    if in_notebook():
        return ProgressDisplay(_notebook_bar, _notebook_status)
    if sys.stderr.isatty():
        return ProgressDisplay(_bar, _status_bar)
    return ProgressDisplay(_lines, _status_lines)


def in_notebook() -> bool:
    """Does this run in a notebook, which shows HTML?"""
    shell = sys.modules.get("IPython")
    own: Any = shell.get_ipython() if shell is not None else None
    return own is not None and getattr(own, "kernel", None) is not None


@dataclass
class Pace:
    """How fast something goes, and how long it still takes."""

    total: int
    _first: tuple[int, float] | None = field(default=None, init=False)
    rate: float = field(default=0.0, init=False)  # a second
    count: int = field(default=0, init=False)

    def advance(self, count: int) -> None:
        """So many are done by now. The first ones are not timed: they waited for the networks."""
        now = time.monotonic()
        self.count = count
        if self._first is None:
            self._first = count, now
            return
        before, begin = self._first
        self.rate = (count - before) / max(now - begin, 1e-6)

    @property
    def words(self) -> str:
        """As `30 of 100, 1.0/s, 70 s left`."""
        if not self.rate:
            return f"{self.count} of {self.total or '?'}"
        left = self.total - self.count
        rest = f", {format_duration(left / self.rate)} left" if left > 0 else ""
        return f"{self.count} of {self.total or '?'}, {self.rate:.1f}/s{rest}"


@contextmanager
def _counted(say: Say, total: int) -> Iterator[Advance]:
    """Progress by counting, shown by what shows a share and words."""
    pace = Pace(total)

    def advance(count: int) -> None:
        pace.advance(count)
        say(min(1.0, count / total) if total else 0.0, pace.words)

    yield advance


def _counting(status: Status) -> Progress:
    @contextmanager
    def progress(what: str, total: int) -> Iterator[Advance]:
        with status(what) as say, _counted(say, total) as advance:
            yield advance

    return progress


def _told_to(own: ProgressFunction) -> ProgressDisplay:
    @contextmanager
    def status(what: str, _picture: Path | None = None, /) -> Iterator[Say]:
        yield lambda share, words: own(what, share, words)

    return ProgressDisplay(_counting(status), status)


@contextmanager
def _status_bar(what: str, _picture: Path | None = None, /) -> Iterator[Say]:
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


@contextmanager
def _status_lines(what: str, _picture: Path | None = None, /) -> Iterator[Say]:
    told = time.monotonic() - LOG_EVERY

    def say(share: float, words: str) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < LOG_EVERY and share < 1:
            return
        told = now
        sys.stderr.write(f"{what}: {share:.0%}, {words}\n")
        sys.stderr.flush()

    yield say


@contextmanager
def _lines(what: str, total: int) -> Iterator[Advance]:
    """Lines about what is counted; what is soon done needs none."""
    pace, told = Pace(total), time.monotonic()

    def advance(count: int) -> None:
        nonlocal told
        pace.advance(count)
        now = time.monotonic()
        if now - told >= LOG_EVERY:
            told = now
            sys.stderr.write(f"{what}: {pace.words}\n")
            sys.stderr.flush()

    yield advance


@contextmanager
def _notebook_status(what: str, picture: Path | None = None, /) -> Iterator[Say]:
    """A bar with words, and the picture below it, drawn again when its file changes."""
    ipython: Any = import_module("IPython.display")
    html_of = ipython.HTML
    bar = ipython.display(html_of(""), display_id=True)
    shown = None if picture is None else ipython.display(html_of(""), display_id=True)
    drawn, at = 0, -DRAW_EVERY
    last: tuple[float, str] | None = None

    def draw() -> None:
        nonlocal drawn
        if last is not None:  # of what there is nothing to do, there is no bar
            bar.update(html_of(_bar_html(what, *last)))
        changed = picture.stat().st_mtime_ns if picture is not None and picture.exists() else 0
        if shown is not None and picture is not None and changed != drawn:
            drawn = changed
            shown.update(html_of(picture_html(picture)))

    def say(share: float, words: str) -> None:
        nonlocal at, last
        last, now = (share, words), time.monotonic()
        if now - at >= DRAW_EVERY:
            at = now
            draw()

    try:
        yield say
    finally:
        draw()


def _bar_html(what: str, share: float, words: str) -> str:
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.2em .6em;align-items:center">'
        f'<span>{html.escape(what)}</span><progress value="{share:.4f}" max="1"></progress>'
        f"<span>{html.escape(words)}</span></div>"
    )


def picture_html(picture: Path) -> str:
    """A picture that a notebook keeps, as wide as there is room for."""
    data = base64.b64encode(picture.read_bytes()).decode()
    kind = KINDS[picture.suffix.lower()]
    said = html.escape(picture.name)
    return f'<img alt="{said}" style="max-width:100%" src="data:image/{kind};base64,{data}">'


_bar = _counting(_status_bar)
_notebook_bar = _counting(_notebook_status)
