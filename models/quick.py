"""Our own small model, for the best swap in minutes on two cores: it starts from the mean faces.

    encoder    x * 4 - 2; conv5/2 16, 32, 64, 128; dense 128, which is the code
    inter      dense 6 x 6 x 64
    decoders   three times [up, residual], 64, 32, 16; conv3 to 16, pixel shuffle; a bias for each
               pixel; sigmoid

The bias begins as the blurred mean of that identity's faces and masks (before the sigmoid). So the
first step already gives a face, and the layers must only learn what changes. A LeakyReLU of .1
follows each convolution, one of .2 in residual blocks. Weights are initialised after He et al.
(2015); only each decoder's last convolution begins as N(0, .02). There is no normalisation.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import keras
import numpy as np
from keras import layers

from faceswap_ae.networks import IDENTITIES, IdentityStatistics, Networks
from faceswap_ae.networks.assembly import one_encoder
from faceswap_ae.networks.blocks import (
    Convolution,
    PixelBias,
    PixelShuffle,
    check,
    down,
    grid,
    picture,
    residual,
    scaled,
    up,
)

HALVINGS = 4
INIT = "he_normal"
BLUR = 1 / 32  # of the side: where a mean face is sharp, it is wrong for most faces
LEAST = 0.02  # least distance of a mean from 0 and 1: a few minutes cannot move a larger bias


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and the length of the code are stated for width 1."""

    size: int = 96  # pixels a side of input and output
    width: float = 1.0  # factor on the channels of every layer
    latent: int = 128  # length of the code
    residual: bool = True  # a residual block after each doubling
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.latent)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    encoder, inter = _encoder(options), _inter(options)
    return one_encoder(encoder, inter, partial(_decoder, options))


def start(networks: Networks, known: IdentityStatistics) -> None:
    """Set each decoder's pixel bias, so that every pixel begins as its mean."""
    for identity in IDENTITIES:
        mean = np.asarray(known.face[identity], np.float32)
        if networks.has_mask:
            mean = np.concatenate([mean, known.mask[identity]], axis=-1)
        smooth = cv2.GaussianBlur(mean, (0, 0), BLUR * networks.size_out)
        smooth = np.clip(smooth, LEAST, 1 - LEAST)
        layer = networks.parts[f"decoder_{identity}"].get_layer("mean")
        layer.bias.assign(np.log(smooth / (1 - smooth)))


def _encoder(options: Options) -> Any:
    face = keras.Input((options.size, options.size, 3))
    x = layers.Rescaling(4, -2)(face)
    for filters in (16, 32, 64, 128):
        x = down(x, scaled(filters, options.width), init=INIT)
    code = layers.Dense(scaled(options.latent, options.width), kernel_initializer=INIT)
    return keras.Model(face, code(layers.Reshape((-1,))(x)), name="encoder")


def _inter(options: Options) -> Any:
    code = keras.Input((scaled(options.latent, options.width),))
    side, channels = options.size // 2**HALVINGS, scaled(64, options.width)
    return keras.Model(code, grid(code, side, channels, init=INIT), name="inter")


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = x = keras.Input(shape)
    for filters in (64, 32, 16):
        x = up(x, scaled(filters, options.width), init=INIT)
        x = residual(x, init=INIT) if options.residual else x
    last = keras.initializers.RandomNormal(stddev=0.02)
    x = Convolution(4 * (4 if options.mask else 3), 3, kernel_initializer=last)(x)
    x = PixelBias(name="mean", dtype="float32")(PixelShuffle()(x))
    return keras.Model(features, picture(x), name=name)
