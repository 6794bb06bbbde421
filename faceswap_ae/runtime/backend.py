"""How is Keras woken without its backend's talk?

TensorFlow writes lines about itself to the process's error output before any setting of it counts.
They are taken out while it loads; everything else that is written meanwhile is passed on.
"""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

TALK = re.compile(rb"^([IW]\d{4} .*|WARNING: All log messages before absl.*)\n?", re.MULTILINE)
STDERR = 2


@cache
def load_keras() -> None:
    """Load Keras and its backend. Call it before importing what imports keras."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what matters is raised too
    with quiet_stderr():
        import keras  # noqa: F401 - loading it is what is wanted
    # It warns of every size of picture that it meets, and pictures have many.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Take a backend's talk out of what is written to the error output."""
    sys.stderr.flush()
    own = os.dup(STDERR)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(own, STDERR)
            os.close(own)
            kept.seek(0)
            with suppress(OSError):  # nobody may be there to read it
                os.write(STDERR, TALK.sub(b"", kept.read()))
