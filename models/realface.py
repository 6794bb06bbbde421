"""RealFace, from 64 to 128 pixels, with the layers of deepfakes/faceswap's `realface`.

    encoder          three times [conv5/2, two residuals], 128, 256, 512; conv5/2 1024, whose 4 x 4
                     pixels are the code
    decoder_face     dense 1536; dense 4 x 4 x 1024; up 1024, residual; three times [up, two
                     residuals], 512, 256, 128; up 64; conv5 to 3 channels, or 4 with the mask;
                     sigmoid
    decoder_onto     the same with two thirds of the channels, and only the first residual

ONTO, the identity whose face is not wanted, gets the smaller decoder, because its output is never
shown. A LeakyReLU of .1 follows each convolution, one of .2 before and in residual blocks. `up` is
conv3 to four times the channels, then a pixel shuffle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers, ops

from faceswap_ae.networks import (
    FACE,
    IDENTITIES,
    Identity,
    Networks,
    Output,
    Tensor,
)
from faceswap_ae.networks.blocks import (
    Convolution,
    check,
    down,
    grid,
    picture,
    residual,
    scaled,
    up,
)

HALVINGS = 4
LARGER: Mapping[Identity, float] = {"face": 1.0, "onto": 1.5}  # divisors of the decoders' width
USUAL_SIDE = 4  # of a decoder's first grid; grids with a larger side have fewer channels
FEWER = 64  # fewer channels for each pixel more
LEAST_CHANNELS = 256  # our own limit, for faces larger than the original allows


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and dense layers are stated for width 1."""

    size: int = 64  # pixels a side of the input; 64 to 128 in the original
    times: Literal[1, 2] = 2  # the output's side, as a multiple of the input's
    width: float = 1.0  # factor on the channels of every layer
    dense: int = 1536  # length of a decoder's first layer
    filters: int = 512  # channels of a decoder after its first two doublings
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2**HALVINGS, self.width, self.dense)
        if self.filters < 1:
            raise ValueError(f"filters: {self.filters} is not a number of channels; try 512")


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    encoder = _encoder(options)
    shape = tuple(encoder.output_shape[1:])
    decoders = {identity: _decoder(options, shape, identity) for identity in IDENTITIES}

    def decode(code: Tensor, to: Identity) -> Output:
        made = decoders[to](code)
        return Output(*ops.split(made, [3], axis=-1)) if options.mask else Output(made)

    return Networks(
        size_in=options.size,
        size_out=options.times * options.size,
        has_mask=options.mask,
        parts={part.name: part for part in (encoder, *decoders.values())},
        encode=lambda x, _of, _to: encoder(x),
        decode=decode,
        code_shape=shape,
        own={identity: (decoders[identity].name,) for identity in IDENTITIES},
    )


def _encoder(options: Options) -> Any:
    face = x = keras.Input((options.size, options.size, 3))
    for filters in (128, 256, 512):
        x = down(x, scaled(filters, options.width), slope=0.2)
        x = residual(residual(x))
    return keras.Model(face, down(x, scaled(1024, options.width)), name="encoder")


def _decoder(options: Options, shape: tuple[int, ...], identity: Identity) -> Any:
    code, width = keras.Input(shape), options.width / LARGER[identity]
    numbers = layers.Dense(scaled(options.dense, width))(layers.Reshape((-1,))(code))
    side = shape[0]
    channels = max(LEAST_CHANNELS, 1024 - FEWER * max(0, side - USUAL_SIDE))
    x = grid(numbers, side, scaled(channels, width))
    x = residual(up(x, scaled(channels, width), slope=0.2))
    # The doublings after the first, which is done, and before the last, which has no residuals.
    between = HALVINGS + options.times - 3
    for n in range(between):
        x = _larger(x, scaled(options.filters // 2**n, width), full=identity == FACE)
    x = up(x, scaled(options.filters // 2**between, width))
    x = Convolution(4 if options.mask else 3, 5)(x)
    return keras.Model(code, picture(x), name=f"decoder_{identity}")


def _larger(x: Tensor, filters: int, *, full: bool) -> Tensor:
    """Double a picture's side, with residual blocks in the full decoder."""
    return residual(residual(up(x, filters, slope=0.2))) if full else up(x, filters)
