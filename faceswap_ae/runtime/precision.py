"""In which number format (precision) does a network compute?

Sixteen-bit numbers are faster where the processor can multiply them: bfloat16 on newer GPUs and on
CPUs with instructions for it; float16, with a scaled loss, on older GPUs. Weights stay in 32 bits.
"""

from faceswap_ae.common.errors import UserError
from faceswap_ae.runtime.hardware import describe_cpu

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
CPU_FEATURES = ("avx512_bf16", "amx_bf16")
BFLOAT16_SINCE = (8, 0)  # compute capability of NVIDIA's GPUs: Ampere


def dtype_policy(wanted: str) -> str:
    """Return Keras's name for a precision (dtype policy); `auto` chooses for this machine."""
    if wanted != "auto":
        return POLICIES[wanted]
    gpu = gpu_capability()
    if gpu is not None:
        return POLICIES["bfloat16" if gpu >= BFLOAT16_SINCE else "float16"]
    quick = any(feature in describe_cpu()["features"] for feature in CPU_FEATURES)
    return POLICIES["bfloat16" if quick else "float32"]


def gpu_capability() -> tuple[int, int] | None:
    """Return the compute capability of the GPU that Keras's backend uses; None on a CPU."""
    import keras

    ask = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    name = keras.backend.backend()
    if name not in ask:
        raise UserError(f"KERAS_BACKEND={name}: train with tensorflow, jax or torch")
    return ask[name]()


def _tensorflow() -> tuple[int, int] | None:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    told = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
    return int(told[0]), int(told[1])


def _jax() -> tuple[int, int] | None:
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    major, _, minor = str(getattr(device, "compute_capability", "0.0")).partition(".")
    return int(major), int(minor or 0)


def _torch() -> tuple[int, int] | None:
    import torch

    if not torch.cuda.is_available():
        return None
    major, minor = torch.cuda.get_device_capability()
    return int(major), int(minor)
