"""How do discriminators judge, patch by patch, whether a face is real or generated?

The input has six channels: a face, and the warped face that it was made from (Isola et al. 2017).
The output is a score for every patch: near 1 looks real.

    patch    conv4/2 64, 128, 256, then 256 until 8 pixels are left or a few more; self-attention
             from the third on; conv4 to one score. Layer norm after all but the first.
    unet     conv3/2 with channels that double from 32, until a patch is an eighth of the side; a
             score of each patch at the bottom, the centre head; then back up with skips, and a
             score of each pixel (Schönfeld et al. 2020, "A U-Net Based Discriminator").

After each convolution LeakyReLU .2. Heads have no bias: in a loss where only differences of scores
count, a bias would get no gradient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any, Literal

import keras
from keras import layers, ops

from faceswap_ae.networks.attention import PictureNorm, SelfAttention
from faceswap_ae.networks.blocks import PLANES, Convolution, scaled
from faceswap_ae.networks.model_interface import Tensor

INIT = "he_normal"
SLOPE = 0.2
LEAST_SIDE = 8  # scores a side of the patch discriminator, or a few more
MOST_CHANNELS = 512

Kind = Literal["patch", "unet"]


@dataclass(frozen=True, eq=False)
class DiscriminatorOutput:
    """The scores of a discriminator, and the features that it computed them from."""

    scores: Sequence[Tensor]  # (n, h, w, 1), from each head, in 32 bits
    features: Sequence[Tensor]


@dataclass(frozen=True, eq=False)
class Discriminator:
    """A discriminator network: its first `heads` outputs are scores, the others features."""

    model: Any
    heads: int

    def judge(self, face: Tensor, bent: Tensor) -> DiscriminatorOutput:
        """Judge faces (n, size, size, 3), with their warped faces of any size."""
        size = self.model.input_shape[1]
        both = ops.concatenate([ops.cast(face, "float32"), resized(bent, size)], axis=-1)
        made = self.model(both)
        return DiscriminatorOutput(made[: self.heads], made[self.heads :])


def build(kind: Kind, size: int, name: str, width: float = 1.0) -> Discriminator:
    """Build an untrained discriminator for faces of this size."""
    both = keras.Input((size, size, 6))
    x = layers.Rescaling(2, -1)(both)  # to [-1, 1]
    scores, features = {"patch": _patch, "unet": _unet}[kind](x, width)
    return Discriminator(keras.Model(both, [*scores, *features], name=name), len(scores))


def resized(picture: Tensor, size: int) -> Tensor:
    """Return the picture at this size in 32 bits; it is not resampled if it has that size."""
    exact = ops.cast(picture, "float32")
    if exact.shape[1:3] == (size, size):
        return exact
    return ops.image.resize(exact, (size, size), "bilinear", antialias=True, **PLANES)


Judged = tuple[list[Tensor], list[Tensor]]  # scores and features


def _patch(x: Tensor, width: float) -> Judged:
    features: list[Tensor] = []
    for filters in _filters(x.shape[1]):
        x = _convolution(x, scaled(filters, width), 4, 2)
        x = PictureNorm()(x) if features else x
        x = SelfAttention()(x) if len(features) > 1 else x
        features.append(x)
    return [_score(x, 4)], features


def _filters(side: int) -> list[int]:
    """Return the channels after each halving."""
    halvings = max(3, int(log2(side / LEAST_SIDE)))
    return [min(256, 64 * 2**n) for n in range(halvings)]


def _unet(x: Tensor, width: float) -> Judged:
    skips = []
    for number in range(_depth(x.shape[1])):
        skips.append(x)
        x = _convolution(x, _channels(number, width), 3, 2)
    features, centre = [x], _score(x, 1)
    for number in reversed(range(len(skips))):
        x = layers.UpSampling2D(interpolation="bilinear", **PLANES)(x)
        skip = skips[number]
        x = layers.Concatenate()([_cut(x, skip.shape), skip])
        x = _convolution(x, _channels(max(number - 1, 0), width), 3, 1)
        features.append(x)
    return [centre, _score(x, 1)], features


def _depth(side: int) -> int:
    """Return how many halvings let a score see about an eighth of the side.

    After n halvings it sees 2^(n + 1) pixels.
    """
    return max(2, round(log2(side / 16)))


def _channels(number: int, width: float) -> int:
    return scaled(min(MOST_CHANNELS, 32 * 2**number), width)


def _cut(x: Tensor, shape: Any) -> Tensor:
    """Crop a doubled picture to the shape of its skip, which is smaller if that side was odd."""
    ends = [(0, x.shape[axis] - shape[axis]) for axis in (1, 2)]
    return layers.Cropping2D(ends, **PLANES)(x) if ends != [(0, 0), (0, 0)] else x


def _convolution(x: Tensor, filters: int, kernel: int, stride: int) -> Tensor:
    y = Convolution(filters, kernel, stride, kernel_initializer=INIT)(x)
    return layers.LeakyReLU(SLOPE)(y)


def _score(x: Tensor, kernel: int) -> Tensor:
    return Convolution(1, kernel, use_bias=False, dtype="float32")(x)
