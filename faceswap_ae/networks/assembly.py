"""How are a model's parts (encoder, inter, decoder) assembled into a `Networks`?

There are two ways, and nearly all models use one of them: one shared encoder with a decoder for
each identity (`one_encoder`), or one shared decoder, which each identity reaches through codes of
its own (`one_decoder`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from faceswap_ae.common.errors import ContractError
from faceswap_ae.networks.blocks import down, grid, scaled, up
from faceswap_ae.networks.model_interface import (
    IDENTITIES,
    FacesByIdentity,
    Identity,
    Networks,
    Output,
    Reconstruction,
    Tensor,
)

Shape = tuple[int, ...]
Ways = Mapping[Identity, tuple[str, str]]  # by identity: the names of its two codes


def flat_encoder(size: int, filters: Sequence[int], latent: int, width: float) -> Any:
    """Build the encoder of deepfakes: convolutions that halve the face, then dense to a code."""
    face = x = keras.Input((size, size, 3))
    for full in filters:
        x = down(x, scaled(full, width))
    code = layers.Dense(scaled(latent, width))(layers.Reshape((-1,))(x))
    return keras.Model(face, code, name="encoder")


def raised_inter(side: int, channels: int, latent: int, width: float) -> Any:
    """Build the inter: a code becomes a grid of `side` pixels a side, which `up` then enlarges.

    The result has twice the side and half the channels of the grid.
    """
    code = keras.Input((scaled(latent, width),))
    features = up(grid(code, side, scaled(channels, width)), scaled(channels // 2, width))
    return keras.Model(code, features, name="inter")


def one_encoder(encoder: Any, inter: Any, decoder: Callable[[Shape, str], Any]) -> Networks:
    """Build the usual networks: encoder and inter for both identities, and a decoder for each.

    `decoder` builds a decoder from the shape of its input features and its name. The decoder
    returns RGB, with the mask, if any, as a fourth channel. It may return a list, in which smaller
    faces come before that.
    """
    names = {identity: f"decoder_{identity}" for identity in IDENTITIES}
    shape = inter.output_shape[1:]
    shared = _Shared(encoder, inter, {key: decoder(shape, name) for key, name in names.items()})
    decoders = {name: shared.decoders[key] for key, name in names.items()}
    side, has_mask = _picture(_last(next(iter(decoders.values())).output_shape))
    return Networks(
        size_in=encoder.input_shape[1],
        size_out=side,
        has_mask=has_mask,
        parts={"encoder": encoder, "inter": inter, **decoders},
        encode=shared.encode,
        decode=shared.decode,
        code_shape=tuple(encoder.output_shape[1:]),
        own={identity: (name,) for identity, name in names.items()},
        at_once=shared.at_once,
    )


def one_decoder(
    encoder: Any, codes: Mapping[str, Any], inters: Mapping[str, Any], decoder: Any, ways: Ways
) -> Networks:
    """Build networks with one decoder for both identities.

    `codes` and `inters` are models by name. `ways` says which two of them each identity uses.
    """
    led = _Led(encoder, codes, inters, decoder, ways)
    parts = (encoder, *codes.values(), *inters.values(), decoder)
    face, onto = (set(ways[identity]) for identity in IDENTITIES)
    numbers = next(iter(codes.values())).output_shape[-1]
    side, has_mask = _picture(decoder.output_shape)
    return Networks(
        size_in=encoder.input_shape[1],
        size_out=side,
        has_mask=has_mask,
        parts={part.name: part for part in parts},
        encode=led.encode,
        decode=led.decode,
        code_shape=(2 * numbers,),
        own={
            identity: tuple(name for way in sorted(own) for name in (f"code_{way}", f"inter_{way}"))
            for identity, own in zip(IDENTITIES, (face - onto, onto - face), strict=True)
            if own
        },
    )


@dataclass(frozen=True, eq=False)
class _Shared:
    """The networks of `one_encoder`: encoder and inter for both, a decoder for each identity."""

    encoder: Any
    inter: Any
    decoders: Mapping[Identity, Any]

    def encode(self, x: Tensor, _of: Identity, _to: Identity) -> Tensor:
        return self.encoder(x)

    def decode(self, code: Tensor, to: Identity) -> Output:
        return _output(self.decoders[to](self.inter(code)))

    def at_once(self, faces: FacesByIdentity) -> Reconstruction:
        code = self.encoder(ops.concatenate([faces[identity] for identity in IDENTITIES], axis=0))
        halves = zip(IDENTITIES, ops.split(code, 2), ops.split(self.inter(code), 2), strict=True)
        return {key: (own, _output(self.decoders[key](one))) for key, own, one in halves}


@dataclass(frozen=True, eq=False)
class _Led:
    """The networks of `one_decoder`: a face passes through two codes and inters to the decoder."""

    encoder: Any
    codes: Mapping[str, Any]
    inters: Mapping[str, Any]
    decoder: Any
    ways: Ways

    def encode(self, x: Tensor, _of: Identity, to: Identity) -> Tensor:
        features = self.encoder(x)
        made = {way: self.codes[way](features) for way in dict.fromkeys(self.ways[to])}
        return ops.concatenate([made[way] for way in self.ways[to]], axis=-1)

    def decode(self, code: Tensor, to: Identity) -> Output:
        numbers = dict(zip(self.ways[to], ops.split(code, 2, axis=-1), strict=True))
        grids = {way: self.inters[way](one) for way, one in numbers.items()}
        return _output(
            self.decoder(ops.concatenate([grids[way] for way in self.ways[to]], axis=-1))
        )


def _output(given: Any) -> Output:
    """Convert a decoder's result to an `Output`, with the mask split from the RGB channels."""
    *smaller, made = given if isinstance(given, list) else [given]
    if made.shape[-1] == 3:
        return Output(made, None, tuple(smaller))
    # Not by slices: the gradient of a slice of channels takes four times as long.
    face, mask = ops.split(made, [3], axis=-1)
    return Output(face, mask, tuple(smaller))


def _picture(shape: Shape) -> tuple[int, bool]:
    """Return the side of a decoder's pictures, and whether they have a mask."""
    side, channels = shape[2:]
    if channels not in (3, 4):
        raise ContractError(f"the decoder's picture has {channels} channels; 3, or 4 with a mask")
    return side, channels == 4


def _last(shapes: Any) -> Shape:
    return tuple(shapes[-1]) if isinstance(shapes, list) else tuple(shapes)
