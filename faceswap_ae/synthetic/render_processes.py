"""How are many frames rendered at once, in order, by processes of their own?"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar

from faceswap_ae.common.errors import Fault
from faceswap_ae.common.interrupts import without_interrupts

MOST_WORKERS = 16  # processes; each holds its own models, up to 400 MB
ALONE_BELOW = 24  # frames; for fewer it is not worth starting processes
PATIENCE = 5.0  # seconds to wait for a process that has closed its pipe

T = TypeVar("T")
Make = Callable[[int], T]  # a frame by its number


@dataclass
class _Share:
    """A process that renders, and the pipe through which its frames come; first a True comes."""

    process: SpawnProcess
    pipe: Connection
    begun: bool = False


def in_processes(make: Make[T], count: int) -> Generator[T]:
    """Yield what `make` gives for 0, 1, ... in order. It runs on all cores."""
    if count < ALONE_BELOW:
        yield from map(make, range(count))
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(cores or 1, MOST_WORKERS)
    with ExitStack() as stack:
        shares = [
            stack.enter_context(_share(make, range(first, count, workers)))
            for first in range(workers)
        ]
        for index in range(count):
            yield _received(shares[index % workers])


def _received(share: _Share) -> Any:
    try:
        if not share.begun:
            share.begun = bool(share.pipe.recv())
        return share.pipe.recv()
    except (EOFError, OSError) as error:
        share.process.join(PATIENCE)
        if not share.begun and share.process.exitcode == 1:
            # It raised an error before it began, and has printed it.
            mend = 'in a script of your own, put the call under if __name__ == "__main__":'
            raise Fault(f"a process that renders could not begin; {mend}") from error
        raise Fault("a process that renders came to its end; more memory may help") from error


@contextmanager
def _share(make: Make[T], numbers: range) -> Iterator[_Share]:
    """Start a process that renders some of the frames.

    Each process has its own pipe, so that the end of the pipe shows when a process is killed in
    the middle of a frame.
    """
    # Spawned, not forked: a forked process may inherit a lock that nobody will release.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_render, args=(make, numbers, theirs), daemon=True)
    with without_interrupts():
        process.start()
    theirs.close()
    try:
        yield _Share(process, ours)
    finally:
        ours.close()
        process.terminate()
        process.join()


def _render(make: Make[T], numbers: range, pipe: Connection) -> None:
    import cv2

    # On Windows `without_interrupts` cannot block Ctrl-C for this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)  # the processes share the cores already
    with suppress(BrokenPipeError):  # nobody reads the frames any more
        pipe.send(True)
        for index in numbers:
            pipe.send(make(index))
