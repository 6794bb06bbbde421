import threading
from collections.abc import Generator

import pytest

from faceswap_ae.ahead import ahead


def counting(closed: threading.Event, until: int = 10**9) -> Generator[int]:
    try:
        yield from range(until)
    finally:
        closed.set()


def test_items_arrive_in_order() -> None:
    assert list(ahead(counting(threading.Event(), 1000), 4)) == list(range(1000))


def test_stopping_early_closes_the_source_and_ends_the_thread() -> None:
    closed, before = threading.Event(), threading.active_count()
    items = ahead(counting(closed), 2)
    assert [next(items) for _ in range(5)] == list(range(5))
    items.close()  # type: ignore[attr-defined] # a generator
    assert closed.is_set()
    assert threading.active_count() == before


def test_no_more_than_the_depth_is_made_in_advance() -> None:
    made = 0
    most = 0

    def source() -> Generator[int]:
        nonlocal made
        for number in range(200):
            made += 1
            yield number

    for taken, _ in enumerate(ahead(source(), 3), 1):
        most = max(most, made - taken)
    assert 1 <= most <= 4  # three in the queue, one in the thread's hand


def test_an_error_comes_after_the_good_items() -> None:
    def source() -> Generator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    found: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        found.extend(iter(ahead(source(), 8)))
    items = ahead(source(), 8)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(items)
