"""What does a loss remember from step to step? Where its draws are, and how far a power has grown.

Each is a layer in a model of its own, so that what it remembers is saved with the weights and
handed on by every backend like any state.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.networks.model_interface import Tensor

BETA = 0.2  # of the shares in mixtures: mostly nearly all or nearly nothing


def mixing(size: int, name: str) -> Any:
    """A model that mixes two batches of faces of this size: Zhang et al. 2018."""
    faces = [keras.Input((size, size, 3)) for _ in range(2)]
    return keras.Model(faces, Mix(dtype="float32")(faces), name=name)


def ramp(steps: int) -> Any:
    """A model that multiplies numbers (n, 1) by 0 the first time, by 1 after so many times."""
    number = keras.Input((1,))
    return keras.Model(number, Ramp(steps, dtype="float32")(number), name="ramp")


class Mix(layers.Layer):  # type: ignore[misc] # keras has no types
    """Two batches mixed, and the first one's share, drawn anew each time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator()

    def call(self, pair: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """One share for the whole batch, as faceswap-GAN has it."""
        one, other = (ops.cast(faces, "float32") for faces in pair)
        share = keras.random.beta((1, 1, 1, 1), BETA, BETA, dtype="float32", seed=self.seeds)
        return share * one + (1 - share) * other, share


class Ramp(layers.Layer):  # type: ignore[misc] # keras has no types
    """What grows evenly over so many calls."""

    def __init__(self, steps: int, **options: Any) -> None:
        super().__init__(**options)
        self.steps = steps

    def build(self, _shape: Any) -> None:
        """Nobody has called yet."""
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, x: Tensor) -> Tensor:
        """As much as calls so far allow."""
        share = ops.minimum(self.calls / self.steps, 1.0)
        # No further than to the end: a count in 32 bits would one day stand still by itself.
        self.calls.assign(ops.minimum(self.calls + 1.0, float(self.steps)))
        return x * share
