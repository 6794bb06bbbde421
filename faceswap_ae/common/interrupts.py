"""How does a loop stop between two steps, and never inside one, on Ctrl-C or SIGTERM?

The signal is only noted, and the loop checks for it. A second signal stops the program at once.
Child processes that work for the loop do not get Ctrl-C: only the loop stops them.
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
    """Says whether somebody asked the loop to stop."""

    asked: bool = False

    def heed(self) -> None:
        """Raise KeyboardInterrupt if somebody asked to stop."""
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[StopRequest]:
    """Note stop signals while the block runs; only the main thread can do so."""
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
    """Start child processes in this block that do not get Ctrl-C.

    A terminal sends Ctrl-C to all processes at once. A child that it ends while the child starts,
    or in the middle of an answer, keeps the others waiting.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows: the child ignores the signal itself
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # first, because its start unblocks the signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
