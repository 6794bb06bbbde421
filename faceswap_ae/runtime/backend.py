"""How is Keras loaded without the log lines of its backend?

TensorFlow writes log lines to the process's error output (stderr) before any of its settings takes
effect. These lines are filtered out while it loads. Everything else that is written meanwhile is
passed on.
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
DRAWS_PLOTS = "matplotlib"


@cache
def load_keras() -> None:
    """Load Keras and its backend; call this before importing modules that import keras."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what matters is raised as an error too
    with quiet_stderr(), unseen(DRAWS_PLOTS):
        import keras  # noqa: F401 - imported only to load it
    # TensorFlow warns about every new picture size, and there are many sizes.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def unseen(module: str) -> Iterator[None]:
    """Let what the block imports do without an optional module.

    Keras loads it for galleries that nobody here draws: .7 of 3.3 seconds at the start of
    each command, and a list of fonts in the user's cache.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # importing it is an ImportError now
    try:
        yield
    finally:
        sys.modules.pop(module, None)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Filter a backend's log lines out of what the block writes to stderr."""
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
            with suppress(OSError):  # the reader of stderr may be gone
                os.write(STDERR, TALK.sub(b"", kept.read()))


@contextmanager
def without_remapping() -> Iterator[None]:
    """Keep TensorFlow from merging operations in what the block computes.

    It merges a convolution with the sum that follows, although the gradient needs that sum. Up to
    TensorFlow 2.19 such a training crashes; later versions notice it and merge nothing.
    """
    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options().get("remapping", True)
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"remapping": before})
