"""How is a loop stopped between two steps, never within one?

Ctrl-C and a polite kill are noted, and the loop asks. Whoever is impatient does it twice.
Processes that work for the loop are told by it alone.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class StopRequest:
    """Whether somebody asked."""

    asked: bool = False

    def heed(self) -> None:
        """Stop here, if somebody asked."""
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[StopRequest]:
    """Note signals while the block runs, where signals can be noted."""
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Processes that start here do not hear Ctrl-C, which a terminal sends to all at once.

    One that it ends while it starts, or in the middle of an answer, keeps the others waiting.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where such a process sees to it itself
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # when it starts, it lets signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
