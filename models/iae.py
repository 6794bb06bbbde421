"""deepfakes/faceswap's `iae`, at 64 pixels: shared encoder and decoder, own dense layers between.

    encoder    conv5/2 128, 256, 512, 1024
    codes      dense 1024: one for each identity, one for both
    inters     dense 4 x 4 x 512: one for each identity, one for both
    decoder    up 512, 256, 128, 64; conv5 to 3 channels, or 4 with the mask; sigmoid

To show a face as an identity, its features pass through that identity's own dense layers and
through those for both. The code is the two results in a row, the identity's own first. A LeakyReLU
of .1 follows each convolution. `up` is conv3 to four times the channels, then a pixel shuffle.
"""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from faceswap_ae.networks import IDENTITIES, Networks
from faceswap_ae.networks.assembly import Ways, one_decoder
from faceswap_ae.networks.blocks import Convolution, check, down, grid, picture, scaled, up

HALVINGS = 4
EVERY = (*IDENTITIES, "both")
WAYS: Ways = {identity: (identity, "both") for identity in IDENTITIES}


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and the length of the code are stated for width 1."""

    size: int = 64  # pixels a side of input and output
    width: float = 1.0  # factor on the channels of every layer
    latent: int = 1024  # length of each of the two codes: the own one, and that for both
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.latent)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    encoder = _encoder(options)
    codes = {
        way: _code(options, encoder.output_shape[1:], f"code_{way}")
        for way in (*IDENTITIES, "both")
    }
    inters = {way: _inter(options, f"inter_{way}") for way in EVERY}
    return one_decoder(encoder, codes, inters, _decoder(options), WAYS)


def _encoder(options: Options) -> Any:
    face = x = keras.Input((options.size, options.size, 3))
    for filters in (128, 256, 512, 1024):
        x = down(x, scaled(filters, options.width))
    return keras.Model(face, layers.Reshape((-1,))(x), name="encoder")


def _code(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = keras.Input(shape)
    code = layers.Dense(scaled(options.latent, options.width))
    return keras.Model(features, code(features), name=name)


def _inter(options: Options, name: str) -> Any:
    code = keras.Input((scaled(options.latent, options.width),))
    side, channels = options.size // 2**HALVINGS, scaled(512, options.width)
    return keras.Model(code, grid(code, side, channels), name=name)


def _decoder(options: Options) -> Any:
    side, channels = options.size // 2**HALVINGS, 2 * scaled(512, options.width)
    features = x = keras.Input((side, side, channels))
    for filters in (512, 256, 128, 64):
        x = up(x, scaled(filters, options.width))
    x = Convolution(4 if options.mask else 3, 5)(x)
    return keras.Model(features, picture(x), name="decoder")
