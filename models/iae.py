"""deepfakes/faceswap's `iae`, at 64 pixels: one decoder, and what tells people apart between.

    encoder    conv5/2 128, 256, 512, 1024
    codes      dense 1024: one for each identity, one for both
    inters     dense 4 x 4 x 512: one for each identity, one for both
    decoder    up 512, 256, 128, 64; conv5 to 3 channels, or 4 with the mask; sigmoid

A face is shown as somebody through that one's own dense layers, beside those for both. The code is
both codes' numbers, the own first. After each convolution LeakyReLU .1. `up` is conv3 to four times
the channels and a pixel shuffle.
"""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from faceswap_ae.networks.assembly import Ways, one_decoder
from faceswap_ae.networks.blocks import Convolution, check, down, grid, picture, scaled, up
from faceswap_ae.networks.model_interface import IDENTITIES, Networks

HALVINGS = 4
EVERY = (*IDENTITIES, "both")
WAYS: Ways = {identity: (identity, "both") for identity in IDENTITIES}


@dataclass(frozen=True)
class Options:
    """How large it is. Numbers of channels and of the code are those at width 1."""

    size: int = 64  # pixels a side, in and out
    width: float = 1.0  # of every layer
    latent: int = 1024  # numbers of the code: so many of one's own, so many of both
    mask: bool = True

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.latent)


def build(options: Options) -> Networks:
    """Untrained."""
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
