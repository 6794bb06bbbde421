"""What is set for the whole process before networks compute: which device, how many threads?"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from faceswap_ae.interface.arguments import Device

NEW = "begin a new one (in a notebook: restart the kernel) to choose another"
_CHOSEN: list[str | None] = []  # once one is chosen, that one

log = logging.getLogger(__name__)


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


def choose_device_once(gpu: Device | None) -> None:
    """Choose a GPU or the CPU, before anything loads Keras. A later call can only say the same."""
    from faceswap_ae.runtime.devices import choose_device
    from faceswap_ae.runtime.precision import gpu_capability

    wanted = None if gpu is None else str(gpu)
    if not _CHOSEN:
        choose_device(wanted)
        _CHOSEN.append(wanted)
    elif wanted not in (None, _CHOSEN[0]) and not (wanted == "cpu" and gpu_capability() is None):
        used = "the device that it found" if _CHOSEN[0] is None else f"--gpu {_CHOSEN[0]}"
        since = "this process computes since its first call on"
        log.warning("--gpu %s: %s %s; %s", wanted, since, used, NEW)
