"""Does a heavy library load on this machine, and which devices does it find?

Run as `python -m faceswap_ae.runtime.probe NAME`.

This is a separate process: a library built for another processor or another driver ends the process
that imports it, and `doctor` must survive that and report it. Prints one line of JSON.
"""

import json
import os
import sys


def backend() -> dict[str, object]:
    """Return the versions of Keras and its backend, and the devices that the backend finds."""
    import keras

    name = keras.backend.backend()
    version, devices = BACKENDS[name]()
    return {"name": name, "version": version, "keras": keras.__version__, "devices": devices}


def dlib() -> dict[str, object]:
    """Return dlib's version, and whether it has CUDA; its wheels have none."""
    import dlib as library

    return {"version": library.__version__, "cuda": bool(library.DLIB_USE_CUDA)}


def opencv() -> dict[str, object]:
    """Return OpenCV's version; its full build needs the libraries of a graphical system."""
    import cv2

    return {"version": cv2.__version__}


def _tensorflow() -> tuple[str, list[str]]:
    import tensorflow

    devices = tensorflow.config.list_physical_devices()
    return tensorflow.__version__, [f"{device.device_type} {device.name}" for device in devices]


def _jax() -> tuple[str, list[str]]:
    import jax

    devices = jax.devices()
    return jax.__version__, [
        f"{device.platform.upper()} {device.device_kind}" for device in devices
    ]


def _torch() -> tuple[str, list[str]]:
    import torch

    count = torch.cuda.device_count()
    seen = [f"GPU {torch.cuda.get_device_name(number)}" for number in range(count)]
    return torch.__version__, ["CPU", *seen]


BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
PROBES = {"backend": backend, "dlib": dlib, "opencv": opencv}

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stdout.write(json.dumps(PROBES[sys.argv[1]]()) + "\n")
