"""How is the next item made while this one is being used?

A thread runs the generator into a bounded queue: decoding and scaling leave Python's lock, so
two cores work at once, and the bound keeps memory flat.
"""

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Ended:
    """The last thing in the queue: why the generator stopped."""

    error: BaseException | None


def ahead(source: Generator[T], depth: int) -> Iterator[T]:
    """The items of `source`, up to `depth` of them made in advance. Errors arrive in their place.

    Closing this iterator closes the source, in its own thread, and waits for it.
    """
    items: queue.Queue[T | _Ended] = queue.Queue(depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(source, items, stopped), daemon=True)
    thread.start()
    try:
        while True:
            item = items.get()
            if isinstance(item, _Ended):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
        while thread.is_alive():  # it may be waiting for a place in the queue
            _drain(items)
            thread.join(timeout=0.05)


def _fill(source: Generator[T], items: "queue.Queue[T | _Ended]", stopped: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for item in source:
            items.put(item)
            if stopped.is_set():
                break
    except BaseException as caught:  # noqa: BLE001 - carried to the consumer, whatever it is
        error = caught
    finally:
        source.close()
    items.put(_Ended(error))


def _drain(items: "queue.Queue[T | _Ended]") -> None:
    while True:
        try:
            items.get_nowait()
        except queue.Empty:
            return
