"""How does a long task report its progress through callbacks?

`Progress` is for a task whose items can be counted. `Status` is for a task that reports a share and
a text of its own; it may name a picture that changes meanwhile, for those who can show it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

Advance = Callable[[int], None]  # called with the number of items done
AdvanceOf = Callable[[int, int], None]  # called with how many are done, and how many in all
Progress = Callable[[str, int], AbstractContextManager[Advance]]  # task, items in all
Say = Callable[[float, str], None]  # called with the share done (0 to 1), and a text


class Status(Protocol):
    """Called with the task, and perhaps with a picture that shows how far it is."""

    def __call__(self, what: str, picture: Path | None = None, /) -> AbstractContextManager[Say]:
        """Begin to show a task."""
        ...


@contextmanager
def no_progress(_what: str, _total: int) -> Iterator[Advance]:
    """Show no progress."""
    yield lambda _count: None


@contextmanager
def no_status(_what: str, _picture: Path | None = None, /) -> Iterator[Say]:
    """Show no status."""
    yield lambda _share, _words: None
