"""How do tests start a process with a limit for files, or with Ctrl-C, and close a file to all?

The preparation runs in the new process itself. `preexec_fn` is not used: it runs in a copy of this
process without its other threads, whose locks stay locked, so it may never end.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIMITED = """
import os, resource, sys
most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
os.execv(sys.argv[2], sys.argv[2:])
"""
_LISTENING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def limited(bytes_of_a_file: int, command: list[str]) -> list[str]:
    """The command with a limit for the size of files. It simulates a full disk on any machine."""
    return [sys.executable, "-c", _LIMITED, str(bytes_of_a_file), *command]


def listening(command: list[str]) -> list[str]:
    """The command with Ctrl-C enabled, even if this process ignores it (as background jobs do)."""
    return [sys.executable, "-c", _LISTENING, *command]


@contextmanager
def closed(path: Path) -> Iterator[None]:
    """While this lasts, nobody may read a file or a folder, not even root."""
    before, root = path.stat().st_mode, os.geteuid() == 0
    path.chmod(0)
    if root:  # root can read every file
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(before)


HEAVY = ("tensorflow", "keras", "jax", "torch", "dlib", "cv2", "av", "numpy", "moviepy", "PIL")
