"""What is set for the whole process before networks compute: which device, how many threads?"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from faceswap_ae.interface.arguments import Device


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """OpenCV without threads of its own: stages run in parallel, and they would get in the way."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@cache
def choose_device_once(gpu: Device | None) -> None:
    """Choose a GPU or the CPU, before anything loads Keras; a second call has nothing to say."""
    from faceswap_ae.runtime.devices import choose_device

    choose_device(None if gpu is None else str(gpu))
