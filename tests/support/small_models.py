"""How are small networks of every model built for tests, and batches of random faces?"""

from functools import cache
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common import plugins
from faceswap_ae.networks.model_interface import IDENTITIES, Identity, Networks
from faceswap_ae.training.data.batches import Batch

Floats = NDArray[np.float32]
NAMES = plugins.names("models")
SMALL = 1 / 16  # the share of every layer's width


def batches(size: int, out: int) -> dict[Identity, Batch]:
    """A batch of two random faces for each identity."""
    rng = np.random.default_rng(0)

    def planes(side: int, channels: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        return rng.uniform(size=(2, side, side, channels)).astype(np.float32)

    return {
        name: Batch(
            planes(size, 3),
            planes(out, 3),
            planes(out, 1),
            planes(out, 1),
            planes(out, 1),
            rng.uniform(size=(2, 68, 2)).astype(np.float32),
        )
        for name in IDENTITIES
    }


def options(name: str, **changes: Any) -> Any:
    return plugins.load("models", name).Options(**{"width": SMALL, **changes})


def build(name: str, seed: int = 0, **changes: Any) -> Networks:
    keras.utils.set_random_seed(seed)
    built: Networks = plugins.load("models", name).build(options(name, **changes))
    return built


@cache
def small(name: str) -> Networks:
    """Small networks that no test changes, always with 32-bit floats (cached)."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    built = build(name)
    keras.config.set_dtype_policy(before)
    return built


def faces(networks: Networks, count: int = 2, seed: int = 0) -> Floats:
    side = networks.size_in
    return np.random.default_rng(seed).random((count, side, side, 3), np.float32)


def numbers(tensor: Any) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def count(name: str, **changes: Any) -> int:
    """The number of weights at full width, counted without creating the weights."""
    with keras.StatelessScope(initialize_variables=False):
        networks = build(name, width=1.0, **changes)
        found: int = sum(part.count_params() for part in networks.parts.values())
    keras.utils.clear_session()  # otherwise the next scope would create the weights
    return found
