import subprocess
import sys
import threading
from collections.abc import Generator

import pytest

from faceswap_ae.common.prefetch import prefetch


def counting(closed: threading.Event, until: int = 10**9) -> Generator[int]:
    try:
        yield from range(until)
    finally:
        closed.set()


def test_items_arrive_in_order() -> None:
    assert list(prefetch(counting(threading.Event(), 1000), 4)) == list(range(1000))


def test_stopping_early_closes_the_source_and_ends_the_thread() -> None:
    closed, before = threading.Event(), threading.active_count()
    items = prefetch(counting(closed), 2)
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

    for taken, _ in enumerate(prefetch(source(), 3), 1):
        most = max(most, made - taken)
    assert 1 <= most <= 4  # three items in the queue, one held by the thread


def test_an_error_comes_after_the_good_items() -> None:
    def source() -> Generator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    found: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        found.extend(iter(prefetch(source(), 8)))
    items = prefetch(source(), 8)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(items)


INTERRUPTED = """
import itertools, signal, sys
from faceswap_ae.common.prefetch import prefetch

def source():
    yield from itertools.count()

signal.signal(signal.SIGALRM, signal.default_int_handler)
caught = 0
for number in range(int(sys.argv[1])):
    items = prefetch(source(), 4)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005 + number % 7 * 0.0003)
        for item in items:
            pass
    except KeyboardInterrupt:
        caught += 1
    items.close()
print(caught)
"""


def test_ctrl_c_at_any_moment_ends_it() -> None:
    """An alarm signal replaces the key. It comes at a different moment each time."""
    command = [sys.executable, "-c", INTERRUPTED, "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "300\n", done.stderr
