"""deepfakes/faceswap's `iae`, at 64 pixels: one decoder, and what tells people apart between.

    encoder    conv5/2 128, 256, 512, 1024
    codes      dense 1024: one for each identity, one for both
    inters     dense 4 x 4 x 512: one for each identity, one for both
    decoder    up 512, 256, 128, 64; conv5 to 3 channels, or 4 with the mask; sigmoid

A face is shown as somebody through that one's own dense layers, beside those for both. The code is
both codes' numbers, the own first. After each convolution LeakyReLU .1. `up` is conv3 to four times
the channels and a pixel shuffle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.blocks import Convolution, check, down, grid, picture, scaled, up
from faceswap_ae.networks import IDENTITIES, Identity, Networks, Output, Tensor

HALVINGS = 4
WAYS = (*IDENTITIES, "both")


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
    codes = {way: _code(options, encoder.output_shape[1:], f"code_{way}") for way in WAYS}
    inters = {way: _inter(options, f"inter_{way}") for way in WAYS}
    ways = _Ways(encoder, codes, inters, _decoder(options))
    parts = (encoder, *codes.values(), *inters.values(), ways.decoder)
    return Networks(
        size_in=options.size,
        size_out=options.size,
        has_mask=options.mask,
        parts={part.name: part for part in parts},
        encode=ways.encode,
        decode=ways.decode,
        code_shape=(2 * scaled(options.latent, options.width),),
        own={identity: (f"code_{identity}", f"inter_{identity}") for identity in IDENTITIES},
    )


@dataclass(frozen=True, eq=False)
class _Ways:
    """From a face to a face by one's own way and the one of both."""

    encoder: Any
    codes: Mapping[str, Any]
    inters: Mapping[str, Any]
    decoder: Any

    def encode(self, x: Tensor, _of: Identity, to: Identity) -> Tensor:
        features = self.encoder(x)
        return ops.concatenate([self.codes[way](features) for way in (to, "both")], axis=-1)

    def decode(self, code: Tensor, to: Identity) -> Output:
        own, both = ops.split(code, 2, axis=-1)
        features = [self.inters[to](own), self.inters["both"](both)]
        made = self.decoder(ops.concatenate(features, axis=-1))
        return Output(made) if made.shape[-1] == 3 else Output(*ops.split(made, [3], axis=-1))


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
