"""How does each pixel use all other pixels (self-attention), and how is a picture normalised?

Self-attention as in Zhang et al. 2019, "Self-Attention Generative Adversarial Networks":

    out = x + gamma * softmax(query(x) key(x)') value(x)

gamma begins at 0, so a new network starts without attention. In large pictures, keys and values are
averaged over blocks. A pixel then attends to MOST_SEEN x MOST_SEEN blocks at most, not to every
pixel: at 64 x 64 this takes a quarter of the memory. Layer normalisation is that of Ba et al. 2016,
with one gain and one bias for the whole picture.
"""

from typing import Any

from keras import layers, ops

from faceswap_ae.networks.blocks import PLANES, serialisable
from faceswap_ae.networks.model_interface import Tensor

SQUEEZE = 8  # input channels for each channel of query and key
MOST_SEEN = 32  # blocks a side that a pixel attends to, at most
LEAST_VARIANCE = 1e-5


@serialisable
class SelfAttention(layers.Layer):  # type: ignore[misc] # keras has no types
    """A self-attention layer: returns its input plus what each pixel takes from all others."""

    def __init__(self, squeeze: int = SQUEEZE, **options: Any) -> None:
        super().__init__(**options)
        self.squeeze = squeeze

    def build(self, shape: Any) -> None:
        """Create the dense layers for query, key and value, and gamma."""
        channels = shape[-1]
        few = max(1, channels // self.squeeze)
        own = {"dtype": self.dtype_policy}
        self.query = layers.Dense(few, name="query", **own)
        # No bias: it would add the same number to all scores of a pixel, and softmax cancels that.
        self.key = layers.Dense(few, use_bias=False, name="key", **own)
        self.value = layers.Dense(channels, name="value", **own)
        for one in (self.query, self.key, self.value):
            one.build(shape)
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def call(self, x: Tensor) -> Tensor:
        """Apply attention. Its weights are computed in 32 bits: only there do they sum up to 1."""
        seen = _blocks(x)
        query, key, value = (
            _row(made) for made in (self.query(x), self.key(seen), self.value(seen))
        )
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        weights = ops.softmax(ops.cast(scores, "float32"), axis=-1)
        learnt = ops.matmul(ops.cast(weights, value.dtype), value)
        return x + self.gamma * ops.reshape(learnt, (-1, *x.shape[1:]))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build an equal layer."""
        return {**super().get_config(), "squeeze": self.squeeze}


@serialisable
class PictureNorm(layers.Layer):  # type: ignore[misc] # keras has no types
    """Layer normalisation: a picture's numbers get mean 0, variance 1, then one gain and bias."""

    def build(self, _shape: Any) -> None:
        """Create the gain and the bias."""
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
        self.bias = self.add_weight(shape=(), initializer="zeros", name="bias")

    def call(self, x: Tensor) -> Tensor:
        """Normalise in 32 bits, because the squares of many numbers are added up."""
        exact = ops.cast(x, "float32")
        mean, variance = ops.moments(exact, axes=(1, 2, 3), keepdims=True)
        scaled = ops.cast((exact - mean) * ops.rsqrt(variance + LEAST_VARIANCE), x.dtype)
        return scaled * self.gain + self.bias


def _blocks(x: Tensor) -> Tensor:
    """Average a picture over blocks, so that at most MOST_SEEN blocks a side remain."""
    side = -(-max(x.shape[1:3]) // MOST_SEEN)
    return x if side == 1 else ops.average_pool(x, side, side, "same", **PLANES)


def _row(x: Tensor) -> Tensor:
    high, wide, channels = x.shape[1:]
    return ops.reshape(x, (-1, high * wide, channels))
