"""How is the next item made in advance (prefetched) while the current one is used?

A thread runs the generator and makes at most `depth` items in advance. Decoding and scaling release
Python's global lock (GIL), so two cores work at once. The limit keeps the memory use constant.
"""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

# Not queue.Queue: Ctrl-C inside its get leaves its lock taken; the other side then waits for ever.
Places = SimpleQueue[bool]  # True for each item that may be made; False means stop


@dataclass(frozen=True)
class _Ended:
    """The last item in the queue: says why the generator stopped."""

    error: BaseException | None


def prefetch(source: Generator[T], depth: int) -> Iterator[T]:
    """Yield the items of `source`, up to `depth` of them made in advance.

    An error of the source is raised after the items that came before it. Closing this iterator
    closes the source, in the source's own thread, and waits for it.
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
    except BaseException as caught:  # noqa: BLE001 - the consumer raises every error again
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
