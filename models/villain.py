"""VillainGuy's autoencoder, at 128 pixels, with the layers of deepfakes/faceswap's `villain`.

    encoder    conv5/2 128; 16 residuals with a skip connection around them all; twice [conv5/2 128,
               pixel shuffle]; conv5/2 128; separable conv5/2 256; conv5/2 512; separable conv5/2
               1024; dense 1024, which is the code
    inter      dense 8 x 8 x 1024; up 512
    decoders   three times [up, residual], 512, 256, 128; conv5 to 3 channels, or 4 with the mask;
               sigmoid

A LeakyReLU of .1 follows each convolution, one of .2 before and in residual blocks, a ReLU the
separable convolutions. `up` is conv3 to four times the channels, then a pixel shuffle. Kernels
begin as N(0, .02).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers

from faceswap_ae.networks import Networks, Tensor
from faceswap_ae.networks.assembly import one_encoder
from faceswap_ae.networks.blocks import (
    PLANES,
    Convolution,
    PixelShuffle,
    check,
    down,
    grid,
    picture,
    residual,
    scaled,
    up,
)

HALVINGS = 5  # of the encoder; those that its pixel shuffles undo do not count
DOUBLINGS = 4
RESIDUALS = 16
SPREAD = 0.02  # standard deviation of the initial kernels, at width 1


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and the length of the code are stated for width 1."""

    size: int = 128  # pixels a side of input and output
    width: float = 1.0  # factor on the channels of every layer
    latent: int = 1024  # length of the code
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.latent)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    encoder, inter = _encoder(options), _inter(options)
    return one_encoder(encoder, inter, partial(_decoder, options))


def _init(options: Options) -> Any:
    # A description, not an object: one initialiser object for several layers would give them equal
    # weights. Narrow layers sum fewer numbers: without larger weights, the signal would vanish.
    return {
        "class_name": "RandomNormal",
        "config": {"stddev": SPREAD / min(1.0, options.width) ** 0.5},
    }


def _encoder(options: Options) -> Any:
    face = keras.Input((options.size, options.size, 3))
    init, filters = _init(options), scaled(128, options.width)
    first = Convolution(filters, 5, 2, kernel_initializer=init)(face)
    x = layers.LeakyReLU(0.2)(first)
    for _ in range(RESIDUALS):
        x = residual(x, init=init)
    x = layers.Add()([x, layers.LeakyReLU(0.1)(first)])
    for _ in range(2):
        x = PixelShuffle()(down(x, filters, init=init))
    for one, two in ((128, 256), (512, 1024)):
        x = down(x, scaled(one, options.width), init=init)
        x = _separable(x, scaled(two, options.width), init)
    code = layers.Dense(scaled(options.latent, options.width), kernel_initializer=init)
    return keras.Model(face, code(layers.Reshape((-1,))(x)), name="encoder")


def _separable(x: Tensor, filters: int, init: Any) -> Tensor:
    """Halve a picture's side with a separable convolution: each channel, then all together."""
    kernels = {"depthwise_initializer": init, "pointwise_initializer": init}
    y = layers.SeparableConv2D(filters, 5, 2, "same", activation="relu", **PLANES, **kernels)
    return y(x)


def _inter(options: Options) -> Any:
    code = keras.Input((scaled(options.latent, options.width),))
    side, init = options.size // 2**DOUBLINGS, _init(options)
    features = grid(code, side, scaled(1024, options.width), init=init)
    return keras.Model(code, up(features, scaled(512, options.width), init=init), name="inter")


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = x = keras.Input(shape)
    init = _init(options)
    for filters in (512, 256, 128):
        x = residual(up(x, scaled(filters, options.width), slope=0.2, init=init), init=init)
    x = Convolution(4 if options.mask else 3, 5, kernel_initializer=init)(x)
    return keras.Model(features, picture(x), name=name)
