"""How is the next item made while this one is being used?

A thread runs the generator, at most so many items in advance: decoding and scaling leave Python's
lock, so two cores work at once, and the bound keeps memory flat.
"""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

# Not queue.Queue: Ctrl-C inside its get leaves its lock taken, and the other side waits for ever.
Places = SimpleQueue[bool]  # a True for each item that may be made; False is the end


@dataclass(frozen=True)
class _Ended:
    """The last thing to arrive: why the generator stopped."""

    error: BaseException | None


def prefetch(source: Generator[T], depth: int) -> Iterator[T]:
    """The items of `source`, up to `depth` of them made in advance. Errors arrive in their place.

    Closing this iterator closes the source, in its own thread, and waits for it.
    """
    items: SimpleQueue[T | _Ended] = SimpleQueue()
    places: Places = SimpleQueue()
    for _ in range(depth):
        places.put(True)
    thread = threading.Thread(target=_fill, args=(source, items, places), daemon=True)
    thread.start()
    try:
        while True:
            item = items.get()
            if isinstance(item, _Ended):
                if item.error is not None:
                    raise item.error
                return
            places.put(True)
            yield item
    finally:
        _take_back(places)
        places.put(False)
        thread.join()


def _fill(source: Generator[T], items: "SimpleQueue[T | _Ended]", places: Places) -> None:
    error: BaseException | None = None
    try:
        while places.get():
            items.put(next(source))
    except StopIteration:
        pass
    except BaseException as caught:  # noqa: BLE001 - carried to the consumer, whatever it is
        error = caught
    finally:
        source.close()
    items.put(_Ended(error))


def _take_back(places: Places) -> None:
    while True:
        try:
            places.get_nowait()
        except Empty:
            return
