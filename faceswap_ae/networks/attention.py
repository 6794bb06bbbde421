"""How does each place of a picture learn from all others, and how is a picture brought to scale?

Self-attention as in Zhang et al. 2019, "Self-Attention Generative Adversarial Networks":

    out = x + gamma * softmax(query(x) key(x)') value(x)

gamma begins at 0, so a network starts without it. Of large pictures keys and values are averaged
over blocks: a place then looks at MOST_SEEN x MOST_SEEN blocks at most, not at every pixel, which
at 64 x 64 takes a quarter of the memory. Layer normalisation is that of Ba et al. 2016 with one
gain and one bias for the whole picture.
"""

from typing import Any

from keras import layers, ops

from faceswap_ae.networks.blocks import PLANES, serialisable
from faceswap_ae.networks.model_interface import Tensor

SQUEEZE = 8  # channels of the input to one of a query
MOST_SEEN = 32  # blocks a side
LEAST_VARIANCE = 1e-5


@serialisable
class SelfAttention(layers.Layer):  # type: ignore[misc] # keras has no types
    """A picture, and what its places learnt from each other."""

    def __init__(self, squeeze: int = SQUEEZE, **options: Any) -> None:
        super().__init__(**options)
        self.squeeze = squeeze

    def build(self, shape: Any) -> None:
        """Three products with the channels of each place."""
        channels = shape[-1]
        few = max(1, channels // self.squeeze)
        own = {"dtype": self.dtype_policy}
        self.query = layers.Dense(few, name="query", **own)
        # A key's bias would add one number to all that a place sees: the softmax takes it away.
        self.key = layers.Dense(few, use_bias=False, name="key", **own)
        self.value = layers.Dense(channels, name="value", **own)
        for one in (self.query, self.key, self.value):
            one.build(shape)
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def call(self, x: Tensor) -> Tensor:
        """Weights in 32 bits: they sum up to 1 only there."""
        seen = _blocks(x)
        query, key, value = (
            _row(made) for made in (self.query(x), self.key(seen), self.value(seen))
        )
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        weights = ops.softmax(ops.cast(scores, "float32"), axis=-1)
        learnt = ops.matmul(ops.cast(weights, value.dtype), value)
        return x + self.gamma * ops.reshape(learnt, (-1, *x.shape[1:]))

    def get_config(self) -> dict[str, Any]:
        """What it takes to build another one."""
        return {**super().get_config(), "squeeze": self.squeeze}


@serialisable
class PictureNorm(layers.Layer):  # type: ignore[misc] # keras has no types
    """All numbers of a picture to mean 0 and variance 1, then one gain and one bias."""

    def build(self, _shape: Any) -> None:
        """Nothing but the scale."""
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        """In 32 bits: the squares of many numbers are added up."""
        exact = ops.cast(x, "float32")
        mean, variance = ops.moments(exact, axes=(1, 2, 3), keepdims=True)
        scaled = ops.cast((exact - mean) * ops.rsqrt(variance + LEAST_VARIANCE), x.dtype)
        return scaled * self.gain + self.bias


def _blocks(x: Tensor) -> Tensor:
    """At most so many that everyone can look at all of them."""
    side = -(-max(x.shape[1:3]) // MOST_SEEN)
    return x if side == 1 else ops.average_pool(x, side, side, "same", **PLANES)


def _row(x: Tensor) -> Tensor:
    high, wide, channels = x.shape[1:]
    return ops.reshape(x, (-1, high * wide, channels))
