"""DeepFaceLab's SAE and SAEHD, `df` and `liae`, with -u, -d and -t; by default its `liae-ud`.

    encoder    conv5/2 e, 2e, 4e, 8e; with t e, residual, 2e, 4e, 8e, 8e, residual; with u all
               numbers are divided by their root mean square
    codes      dense ae, the code; in liae two, `ab` and `b`
    inters     dense to a grid of ae channels, up ae; in liae 2 ae each, of `ab` and `b`; with t
               no up; with d the grid has half the side
    decoder    three times [up, residual], 8d, 4d, 2d; with t 8d, 8d, 4d, 2d; conv1 to 3 channels;
               with d one conv1 and three conv3, whose channels become four pixels; sigmoid
    mask       up 8m, 4m, 2m; with t 8m, 8m, 4m, 2m; with d m too; conv1 to 1 channel; sigmoid

Here e, ae, d and m are `e_dims`, `ae_dims`, `d_dims` and `m_dims`. In df each identity has a
decoder. In liae both share one, whose input is two grids: for the wanted face `ab` twice, for the
other `b` and `ab`, so that what is special to the other face has a path of its own. Convolutions
with a stride of 2 are padded with two pixels of zeros on each side. A LeakyReLU of .1 follows each
convolution, one of .2 in residual blocks. `up` is conv3 to four times the channels, then a pixel
shuffle.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import keras
from keras import layers, ops

from faceswap_ae.networks import FACE, ONTO, Networks, Tensor
from faceswap_ae.networks.assembly import Ways, one_decoder, one_encoder
from faceswap_ae.networks.blocks import (
    Convolution,
    PixelShuffle,
    check,
    grid,
    picture,
    residual,
    serialisable,
    up,
)

HALVINGS = 4
# In liae: the names of each identity's two codes and grids.
WAYS: Ways = {FACE: ("ab", "ab"), ONTO: ("b", "ab")}
TINY = 1e-6  # added to a mean of squares, so that there is no division by 0


@dataclass(frozen=True)
class Options:
    """The size of the model. Channels and the length of the code are stated for width 1."""

    size: int = 128  # pixels a side of input and output
    arch: Literal["df", "liae"] = "liae"  # df: a decoder each; liae: one for both
    u: bool = True  # the encoder's features always have a root mean square of 1
    d: bool = True  # most layers work at half the side: a quarter of the work
    t: bool = False  # one more halving and doubling, and residual blocks in the encoder
    width: float = 1.0  # factor on the channels of every layer
    ae_dims: int = 256  # length of a code, and channels of a grid
    e_dims: int = 64  # channels of the encoder's first layer; later ones have multiples
    d_dims: int = 64  # channels of the decoder's layers; the first ones have multiples
    m_dims: int = 22  # the same for the mask's own decoder
    mask: bool = True  # the output has a mask too

    def __post_init__(self) -> None:
        check(self.size, 2 ** (HALVINGS + self.d), self.width, 1)
        for name in ("ae_dims", "e_dims", "d_dims", "m_dims"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not a number of channels")

    def wide(self, dims: int) -> int:
        """Return the channels that `dims` are at this width.

        They are not rounded to multiples of 4, because the original's 22 is not one.
        """
        return max(1, round(dims * self.width))

    @property
    def steps(self) -> tuple[int, ...]:
        """The channels after each doubling of a decoder, as multiples of its dims."""
        return (8, 8, 4, 2) if self.t else (8, 4, 2)


def build(options: Options) -> Networks:
    """Build the untrained networks."""
    return _df(options) if options.arch == "df" else _liae(options)


def _df(options: Options) -> Networks:
    features = _encoder(options, "features")
    code = _code(options, features.output_shape[1:], "code")
    encoder = keras.Model(features.input, code(features.output), name="encoder")
    inter = _inter(options, options.wide(options.ae_dims), "inter")
    return one_encoder(encoder, inter, partial(_decoder, options))


def _liae(options: Options) -> Networks:
    encoder, numbers = _encoder(options, "encoder"), options.wide(options.ae_dims)
    codes = {way: _code(options, encoder.output_shape[1:], f"code_{way}") for way in ("ab", "b")}
    inters = {way: _inter(options, 2 * numbers, f"inter_{way}") for way in ("ab", "b")}
    side, channels = inters["ab"].output_shape[2:]
    decoder = _decoder(options, (side, side, 2 * channels), "decoder")
    return one_decoder(encoder, codes, inters, decoder, WAYS)


def _encoder(options: Options, name: str) -> Any:
    face = keras.Input((options.size, options.size, 3))
    filters = options.wide(options.e_dims)
    x = _down(face, filters)
    x = residual(x) if options.t else x
    for times in (2, 4, 8, 8) if options.t else (2, 4, 8):
        x = _down(x, times * filters)
    x = residual(x) if options.t else x
    x = layers.Reshape((-1,))(x)
    return keras.Model(face, UnitStrength()(x) if options.u else x, name=name)


def _down(x: Tensor, filters: int) -> Tensor:
    padded = layers.ZeroPadding2D(2, data_format="channels_last")(x)
    return layers.LeakyReLU(0.1)(Convolution(filters, 5, 2, padding="valid")(padded))


def _code(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = keras.Input(shape)
    code = layers.Dense(options.wide(options.ae_dims))
    return keras.Model(features, code(features), name=name)


def _inter(options: Options, channels: int, name: str) -> Any:
    code = keras.Input((options.wide(options.ae_dims),))
    x = grid(code, options.size // 2 ** (HALVINGS + options.d), channels)
    return keras.Model(code, x if options.t else up(x, channels), name=name)


def _decoder(options: Options, shape: tuple[int, ...], name: str) -> Any:
    features = x = keras.Input(shape)
    for times in options.steps:
        x = residual(up(x, times * options.wide(options.d_dims)))
    if options.d:
        quarters = [Convolution(3, kernel)(x) for kernel in (1, 3, 3, 3)]
        x = PixelShuffle()(layers.Concatenate()(quarters))
    else:
        x = Convolution(3, 1)(x)
    made = [picture(x), *([_mask(options, features)] if options.mask else [])]
    return keras.Model(features, layers.Concatenate(dtype="float32")(made), name=name)


def _mask(options: Options, x: Tensor) -> Tensor:
    for times in (*options.steps, *((1,) if options.d else ())):
        x = up(x, times * options.wide(options.m_dims))
    return picture(Convolution(1, 1)(x))


@serialisable
class UnitStrength(layers.Layer):  # type: ignore[misc] # keras has no types
    """Divides a row of numbers by their root mean square, computed in 32 bits."""

    def call(self, x: Tensor) -> Tensor:
        """Return the row with a root mean square of 1."""
        wide = ops.cast(x, "float32")
        power = ops.mean(ops.square(wide), axis=-1, keepdims=True)
        return ops.cast(wide * ops.rsqrt(power + TINY), x.dtype)
