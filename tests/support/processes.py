"""Programs that tests start, prepared in the new process itself.

What `preexec_fn` runs, it runs in a copy of this process whose other threads are gone with the
locks they held: it may never come to an end.
"""

import sys

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
    """The command where no file gets larger: what a full disk is like, and can be had anywhere."""
    return [sys.executable, "-c", _LIMITED, str(bytes_of_a_file), *command]


def listening(command: list[str]) -> list[str]:
    """The command, heeding Ctrl-C even where this process, as a shell's background job, is not."""
    return [sys.executable, "-c", _LISTENING, *command]


HEAVY = ("tensorflow", "keras", "jax", "torch", "dlib", "cv2", "av", "numpy", "moviepy", "PIL")
