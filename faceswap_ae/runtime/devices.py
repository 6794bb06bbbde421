"""On which device (GPU or CPU) does a network compute, and does the user know it?"""

import logging
import os

from faceswap_ae.common.errors import UserError
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.runtime.precision import gpu_capability

SLOW = (
    "NO GPU: %s computes on the CPU, many times slower than a GPU. The recipe 'quick' is made for "
    "that; for an NVIDIA card: pip install 'tensorflow[and-cuda]', then faceswap-ae doctor"
)

log = logging.getLogger(__name__)


def choose_device(wanted: str | None) -> None:
    """Use one GPU (0, 1, ...) or the CPU, as `wanted` says; else whatever the backend finds.

    Call this before anything else loads Keras: backends look for GPUs only once.
    """
    if wanted is not None:
        if wanted != "cpu" and not wanted.isdigit():
            raise UserError(f"--gpu {wanted}: say 0, 1, ... or cpu")
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1" if wanted == "cpu" else wanted
        if wanted == "cpu":
            os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # else JAX takes all memory
    load_keras()
    import keras

    name = keras.backend.backend()
    if gpu_capability() is not None:
        _grow(name)
    elif wanted not in (None, "cpu"):
        raise UserError(f"--gpu {wanted}: {name} finds no such GPU; see faceswap-ae doctor")


def warn_of_no_gpu() -> None:
    """Say that training will be slow without a GPU, unless the user chose the CPU."""
    load_keras()
    import keras

    if gpu_capability() is None and os.environ.get("CUDA_VISIBLE_DEVICES") != "-1":
        log.warning(SLOW, keras.backend.backend())


def _grow(backend: str) -> None:
    """Let TensorFlow take a GPU's memory as it needs it, not all of it at once."""
    if backend != "tensorflow":  # torch always does so; JAX by a variable read at its start
        return
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
