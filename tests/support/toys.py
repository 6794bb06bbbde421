"""Which tiny networks and random faces are used to test loss terms?"""

from typing import Any

import keras
import numpy as np

from faceswap_ae.networks.assembly import one_encoder
from faceswap_ae.networks.model_interface import IDENTITIES, Identity, Networks
from faceswap_ae.networks.trainer_interface import FaceBatch

SIZE = 32


def faces(seed: int, size: int = SIZE) -> FaceBatch:
    """A batch of two random faces."""
    rng = np.random.default_rng(seed)

    def planes(channels: int) -> Any:
        return rng.random((2, size, size, channels), np.float32)

    return FaceBatch(
        planes(3), planes(3), planes(1), planes(1), planes(1), np.zeros((2, 68, 2), np.float32)
    )


def pair(size: int = SIZE) -> dict[Identity, FaceBatch]:
    """A batch of two random faces for each identity."""
    return {name: faces(number, size) for number, name in enumerate(IDENTITIES)}


def toy(mask: bool = True, size: int = SIZE) -> Networks:
    """Tiny networks of dense layers, which process every pixel by itself."""

    def dense(given: int, channels: int, name: str, last: str) -> Any:
        x = keras.Input((size, size, given))
        made = keras.layers.Dense(channels, activation=last)(x)
        return keras.Model(x, made, name=name)

    keras.utils.set_random_seed(0)
    channels = 4 if mask else 3
    return one_encoder(
        dense(3, 5, "encoder", "relu"),
        dense(5, 5, "inter", "relu"),
        lambda _shape, name: dense(5, channels, name, "sigmoid"),
    )
