"""DFaker's autoencoder with the layers of deepfakes/faceswap's `dfaker`: it doubles the size.

    encoder    conv5/2 128, 256, 512, 1024; dense 1024, which is the code
    inter      dense 4 x 4 x 1024; up 512
    decoders   three times [up, residual], 512, 256, 128; up 64; conv5 to 3 channels, or 4 with the
               mask; sigmoid

A LeakyReLU of .1 follows each convolution, one of .2 before and in residual blocks. `up` is conv3
to four times the channels, then a pixel shuffle.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from faceswap_ae.networks import Networks
from faceswap_ae.networks.assembly import flat_encoder, one_encoder, raised_inter
from faceswap_ae.networks.blocks import Convolution, check, picture, residual, scaled, up

HALVINGS = 4


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and the length of the code are stated for width 1."""

    size: int = 64  # pixels a side of the input; the output has twice as many
    width: float = 1.0  # factor on the channels of every layer
    latent: int = 1024  # length of the code
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.latent)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    latent, width = options.latent, options.width
    encoder = flat_encoder(options.size, (128, 256, 512, 1024), latent, width)
    inter = raised_inter(options.size // 2**HALVINGS, 1024, latent, width)
    return one_encoder(encoder, inter, partial(_decoder, options))


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = x = keras.Input(shape)
    for filters in (512, 256, 128):
        x = residual(up(x, scaled(filters, options.width), slope=0.2))
    x = up(x, scaled(64, options.width))
    x = Convolution(4 if options.mask else 3, 5)(x)
    return keras.Model(features, picture(x), name=name)
