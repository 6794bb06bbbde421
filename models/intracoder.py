"""The Intracoder, at 32 pixels: small, for quick trials; both identities share most layers.

    encoder    conv3/2 32, twice conv3 32; conv3/2 64, twice conv3 64; conv3/2 128, twice conv3
               128, whose 4 x 4 pixels are the code
    inter      transposed conv3/2 128, twice transposed conv3 128; the same with 64
    decoders   transposed conv3/2 32, twice transposed conv3 32; conv1 to 3 channels, or 4 with the
               mask; sigmoid

A LeakyReLU of .1 follows each convolution. An earlier program of this name had these layers. It
also had a network for larger pictures and their colours; here conversion does that work.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers

from faceswap_ae.networks import Networks, Tensor
from faceswap_ae.networks.assembly import one_encoder
from faceswap_ae.networks.blocks import PLANES, Convolution, check, picture, scaled

HALVINGS = 3
EACH = 3  # convolutions at each size; the first one changes the size
# With Keras's default initialiser, signals fade over 18 layers and the first steps teach nothing.
INIT = "he_normal"


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels are stated for width 1."""

    size: int = 32  # pixels a side of input and output
    width: float = 1.0  # factor on the channels of every layer
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, 1)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    encoder = _encoder(options)
    inter = _inter(options, encoder.output_shape[1:])
    return one_encoder(encoder, inter, partial(_decoder, options))


def _encoder(options: Options) -> Any:
    face = x = keras.Input((options.size, options.size, 3))
    for filters in (32, 64, 128):
        x = _row(x, Convolution, scaled(filters, options.width))
    return keras.Model(face, x, name="encoder")


def _inter(options: Options, shape: tuple[int, ...]) -> Any:
    code = x = keras.Input(shape)
    for filters in (128, 64):
        x = _row(x, layers.Conv2DTranspose, scaled(filters, options.width))
    return keras.Model(code, x, name="inter")


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = keras.Input(shape)
    x = _row(features, layers.Conv2DTranspose, scaled(32, options.width))
    x = Convolution(4 if options.mask else 3, 1)(x)
    return keras.Model(features, picture(x), name=name)


def _row(x: Tensor, kind: Any, filters: int) -> Tensor:
    """Apply EACH convolutions of one kind, which halve the side, or double it if transposed."""
    for n in range(EACH):
        stride = 1 if n else 2
        y = kind(filters, 3, strides=stride, padding="same", kernel_initializer=INIT, **PLANES)
        x = layers.LeakyReLU(0.1)(y(x))
    return x
