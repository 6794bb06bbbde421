"""Which state does a loss keep from step to step: random draws (mixup) and a growing weight (ramp)?

Each is a layer in a model of its own. So its state is saved with the weights, and every backend
passes it on like the state of any layer.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.networks.model_interface import Tensor

BETA = 0.2  # of the beta distribution of shares in mixtures: most are near 0 or near 1


def mixing(size: int, name: str) -> Any:
    """Build a model that mixes two batches of faces of this size (mixup: Zhang et al. 2018)."""
    faces = [keras.Input((size, size, 3)) for _ in range(2)]
    return keras.Model(faces, Mix(dtype="float32")(faces), name=name)


def ramp(steps: int) -> Any:
    """Build a model that multiplies numbers (n, 1) by 0 at first, and by 1 after `steps` calls."""
    number = keras.Input((1,))
    return keras.Model(number, Ramp(steps, dtype="float32")(number), name="ramp")


class Mix(layers.Layer):  # type: ignore[misc] # keras has no types
    """Mixes two batches by a random share, which is drawn anew at each call."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator()

    def call(self, pair: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the mixture and the share of the first batch.

        The share is one number for the whole batch, as in faceswap-GAN.
        """
        one, other = (ops.cast(faces, "float32") for faces in pair)
        share = keras.random.beta((1, 1, 1, 1), BETA, BETA, dtype="float32", seed=self.seeds)
        return share * one + (1 - share) * other, share


class Ramp(layers.Layer):  # type: ignore[misc] # keras has no types
    """Multiplies by a factor that grows linearly from 0 to 1 over `steps` calls."""

    def __init__(self, steps: int, **options: Any) -> None:
        super().__init__(**options)
        self.steps = steps

    def build(self, _shape: Any) -> None:
        """Create the counter of calls, at 0."""
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, x: Tensor) -> Tensor:
        """Multiply by the factor of this call, and count the call."""
        share = ops.minimum(self.calls / self.steps, 1.0)
        # The count stops at `steps`: a float of 32 bits cannot count on without end anyway.
        self.calls.assign(ops.minimum(self.calls + 1.0, float(self.steps)))
        return x * share
