"""faceswap-GAN's generator, version 2.2 (shaoanlu, 2018), at 64, 128 or 256 pixels.

    encoder    conv5 64; conv3/2 128, 256, SA, 512, SA, 1024, more of 1024 until 4 x 4; dense 1024,
               which is the code
    inter      dense 4 x 4 x 1024; up 512
    decoders   up 256, 128, SA, 64; residual; SA; for each further doubling a head that gives the
               face so far, up 64, conv3 64; conv5 to 3 channels, or 4 with the mask; sigmoid

SA is self-attention (networks/attention.py). LeakyReLU .2, then a layer norm, follow each
convolution. The first has neither; the second, those of the residual block and the decoders' conv3
have no norm. `up` is conv3 to four times the channels, then a pixel shuffle, initialised without a
checkerboard (ICNR). `lite` has half the channels, a quarter of those at 4 x 4, twice the code above
64 pixels, and its `up` is nearest-neighbour upsampling, then conv3. The mask is learnt: it says
where the face goes.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers

from faceswap_ae.networks import Networks, Tensor
from faceswap_ae.networks.assembly import one_encoder
from faceswap_ae.networks.attention import PictureNorm, SelfAttention
from faceswap_ae.networks.blocks import (
    PLANES,
    Convolution,
    Icnr,
    check,
    grid,
    picture,
    residual,
    scaled,
)
from faceswap_ae.networks.blocks import up as shuffled

SIZES = (64, 128, 256)
INIT = "he_normal"
SLOPE = 0.2
SIDE = 4  # pixels a side of the smallest picture
FIRST = 64  # pixels a side at which a decoder gives a face for the first time


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and the length of the code are stated for width 1."""

    size: int = 64  # pixels a side of input and output: 64, 128 or 256
    width: float = 1.0  # factor on the channels of every layer
    latent: int = 1024  # length of the code
    lite: bool = False  # about half the channels, simpler doublings
    norm: bool = True  # a layer norm after most convolutions
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ValueError(f"size: {self.size} is none of {', '.join(map(str, SIZES))}")
        check(self.size, FIRST, self.width, self.latent)

    @property
    def code(self) -> int:
        """The length of the code."""
        return scaled(self.latent * (2 if self.lite and self.size > FIRST else 1), self.width)

    def channels(self, full: int) -> int:
        """Return the channels of a layer that has `full` channels in the full model."""
        return scaled(full // (2 if self.lite else 1), self.width)

    @property
    def bottom(self) -> int:
        """The channels of the smallest picture."""
        return scaled(1024 // (4 if self.lite else 1), self.width)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    return one_encoder(_encoder(options), _inter(options), partial(_decoder, options))


def _encoder(options: Options) -> Any:
    face = keras.Input((options.size, options.size, 3))
    x = layers.Rescaling(2, -1)(face)  # to [-1, 1]
    x = _plain(x, options.channels(64), 5)
    x = _active(_plain(x, options.channels(128), 3, 2))
    for filters in (256, 512):
        x = _normed(_active(_plain(x, options.channels(filters), 3, 2)), options)
        x = SelfAttention()(x)
    while x.shape[1] > SIDE:
        x = _normed(_active(_plain(x, options.bottom, 3, 2)), options)
    code = layers.Dense(options.code)(layers.Reshape((-1,))(x))
    return keras.Model(face, code, name="encoder")


def _inter(options: Options) -> Any:
    code = keras.Input((options.code,))
    x = grid(code, SIDE, options.bottom)
    return keras.Model(code, _up(x, options.channels(512), options), name="inter")


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = keras.Input(shape)
    few = options.channels(64)
    x = _up(features, options.channels(256), options)
    x = SelfAttention()(_up(x, options.channels(128), options))
    x = residual(_up(x, few, options), init=INIT)
    x = SelfAttention()(x)
    shown = []
    while x.shape[1] < options.size:
        shown.append(picture(Convolution(3, 5)(x)))
        x = _active(_plain(_up(x, few, options), few, 3))
    last = picture(Convolution(4 if options.mask else 3, 5)(x))
    return keras.Model(features, [*shown, last], name=name)


def _plain(x: Tensor, filters: int, kernel: int, stride: int = 1) -> Tensor:
    """A convolution without a bias, as published: the published parameter counts show it."""
    return Convolution(filters, kernel, stride, kernel_initializer=INIT, use_bias=False)(x)


def _active(x: Tensor) -> Tensor:
    return layers.LeakyReLU(SLOPE)(x)


def _normed(x: Tensor, options: Options) -> Tensor:
    return PictureNorm()(x) if options.norm else x


def _up(x: Tensor, filters: int, options: Options) -> Tensor:
    """Double a picture's side."""
    if options.lite:
        x = layers.UpSampling2D(interpolation="nearest", **PLANES)(x)
        x = _active(Convolution(filters, 3, kernel_initializer=INIT)(x))
    else:
        x = shuffled(x, filters, slope=SLOPE, init=Icnr(INIT))
    return _normed(x, options)
