"""How are small networks of every model built for tests?"""

from functools import cache
from typing import Any

import keras

from faceswap_ae.common import plugins
from faceswap_ae.networks import model_check
from faceswap_ae.networks.model_interface import Networks

NAMES = plugins.names("models")


def options(name: str, **changes: Any) -> Any:
    return model_check.small_options(plugins.load("models", name), **changes)


def build(name: str, seed: int = 0, **changes: Any) -> Networks:
    return model_check.build_small(plugins.load("models", name), seed, **changes)


@cache
def small(name: str) -> Networks:
    """Small networks that no test changes, always with 32-bit floats (cached)."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    built = build(name)
    keras.config.set_dtype_policy(before)
    return built


def count(name: str, **changes: Any) -> int:
    """The number of weights at full width, counted without creating the weights."""
    with keras.StatelessScope(initialize_variables=False):
        networks = build(name, width=1.0, **changes)
        found: int = sum(part.count_params() for part in networks.parts.values())
    keras.utils.clear_session()  # otherwise the next scope would create the weights
    return found
