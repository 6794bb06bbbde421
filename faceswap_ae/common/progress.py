"""How does long work tell how far it is? The functions that it is given to call.

`Progress` is for what can be counted, `Status` for what tells its share and words of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]  # called with how many are done
Progress = Callable[[str, int], AbstractContextManager[Advance]]  # what is done, how many in all
Say = Callable[[float, str], None]  # called with the share that is done, and words
Status = Callable[[str], AbstractContextManager[Say]]  # what is done


@contextmanager
def no_progress(_what: str, _total: int) -> Iterator[Advance]:
    """No progress shown."""
    yield lambda _count: None


@contextmanager
def no_status(_what: str) -> Iterator[Say]:
    """No status shown."""
    yield lambda _share, _words: None
