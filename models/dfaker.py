"""DFaker's autoencoder in the layers of deepfakes/faceswap's `dfaker`: twice the size comes out.

    encoder    conv5/2 128, 256, 512, 1024; dense 1024, which is the code
    inter      dense 4 x 4 x 1024; up 512
    decoders   three times [up, residual], 512, 256, 128; up 64; conv5 to 3 channels, or 4 with the
               mask; sigmoid

After each convolution LeakyReLU .1, before and in residual blocks .2. `up` is conv3 to four times
the channels and a pixel shuffle.
"""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from faceswap_ae.blocks import (
    Convolution,
    check,
    down,
    grid,
    one_encoder,
    picture,
    residual,
    scaled,
    up,
)
from faceswap_ae.networks import Networks

HALVINGS = 4


@dataclass(frozen=True)
class Options:
    """How large it is. Numbers of channels and of the code are those at width 1."""

    size: int = 64  # pixels a side that go in; twice as many come out
    width: float = 1.0  # of every layer
    latent: int = 1024  # numbers of the code
    mask: bool = True

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.latent)


def build(options: Options) -> Networks:
    """Untrained."""
    encoder, inter = _encoder(options), _inter(options)
    return one_encoder(encoder, inter, lambda name: _decoder(options, inter.output_shape[1:], name))


def _encoder(options: Options) -> Any:
    face = x = keras.Input((options.size, options.size, 3))
    for filters in (128, 256, 512, 1024):
        x = down(x, scaled(filters, options.width))
    code = layers.Dense(scaled(options.latent, options.width))(layers.Reshape((-1,))(x))
    return keras.Model(face, code, name="encoder")


def _inter(options: Options) -> Any:
    code = keras.Input((scaled(options.latent, options.width),))
    side, channels = options.size // 2**HALVINGS, scaled(1024, options.width)
    return keras.Model(
        code, up(grid(code, side, channels), scaled(512, options.width)), name="inter"
    )


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = x = keras.Input(shape)
    for filters in (512, 256, 128):
        x = residual(up(x, scaled(filters, options.width), slope=0.2))
    x = up(x, scaled(64, options.width))
    x = Convolution(4 if options.mask else 3, 5)(x)
    return keras.Model(features, picture(x), name=name)
