"""Does a model keep its contract when it computes faces?

`contract` tries shapes, at every build. These checks compute: they build a model small, where its
options have a `width`, and look at what it makes of random faces. `faceswap-ae models check` runs
them on a file, and the tests on every model that is here. A check raises ContractError.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from inspect import signature
from types import ModuleType
from typing import Any

import keras
import numpy as np

from faceswap_ae.common import config, plugins
from faceswap_ae.common.errors import ContractError
from faceswap_ae.common.geometry import Floats
from faceswap_ae.networks.contract import build_model
from faceswap_ae.networks.model_interface import (
    FACE,
    IDENTITIES,
    ONTO,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
)

SMALL = 1 / 16  # the share of every layer's width
CLOSE = 1e-5  # the largest difference of pictures that count as the same
ROUGH = 0.05  # the largest difference that 16 bits may make
GREY: dict[Identity, float] = {FACE: 0.3, ONTO: 0.8}  # mean faces that `start` is tried with
NEAR_GREY = 0.1  # the largest mean difference from them after `start`

Check = Callable[[ModuleType], None]


def small_options(module: ModuleType, **changes: Any) -> Any:
    """Return a model's options for a small build of it."""
    kind = plugins.options_type(module)
    narrow = {"width": SMALL} if "width" in {one.name for one in fields(kind)} else {}
    return kind(**{**narrow, **changes})


def build_small(module: ModuleType, seed: int = 0, **changes: Any) -> Networks:
    """Build a model small, with the weights of a seed."""
    keras.utils.set_random_seed(seed)
    return build_model(module, small_options(module, **changes))


def random_faces(networks: Networks, count: int = 2, seed: int = 0) -> Floats:
    """Return random pictures of the size that the networks take."""
    side = networks.size_in
    return np.random.default_rng(seed).random((count, side, side, 3), np.float32)


def numbers(tensor: Any) -> Floats:
    """Return a tensor as a NumPy array."""
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def same(one: Output, other: Output) -> bool:
    """Are two outputs the same, but for rounding?"""
    pairs = zip(_pictures(one), _pictures(other), strict=True)
    return all(np.allclose(numbers(a), numbers(b), atol=CLOSE) for a, b in pairs)


def check_options(module: ModuleType) -> None:
    """Can a recipe hold its settings, and does it come back from a file as it was?"""
    kind, options = plugins.options_type(module), small_options(module)
    if config.parse(kind, config.dump(options), "Options") != options:
        raise ContractError("Options: written to a recipe and read again, they are others")


def check_pictures(module: ModuleType) -> None:
    """Are faces and masks finite 32-bit numbers in [0, 1]?"""
    networks = build_small(module)
    for identity in IDENTITIES:
        for made in _pictures(networks.reconstruct(random_faces(networks), identity)):
            pixels = numbers(made)
            if pixels.dtype != np.float32:
                raise ContractError(f"decode: pictures must be float32, not {pixels.dtype}")
            if not (pixels.min() >= 0 and pixels.max() <= 1):
                span = f"{pixels.min():.3g} to {pixels.max():.3g}"
                raise ContractError(f"decode: pictures must be in [0, 1], not from {span}")


def check_code(module: ModuleType) -> None:
    """Does all that a face becomes go through its code, and do both identities look different?"""
    networks = build_small(module)
    x = random_faces(networks)
    for to, of in ((FACE, ONTO), (ONTO, FACE)):
        if not same(networks.decode(networks.encode(x, of, to), to), networks.swap(x, to)):
            raise ContractError(f"decode: one code as '{to}' gives two different faces")
    if same(networks.swap(x, FACE), networks.swap(x, ONTO)):
        raise ContractError("decode: it shows both identities as the same face")


def check_at_once(module: ModuleType) -> None:
    """Does `reconstruct_both` give what `reconstruct` gives for one identity after the other?"""
    networks = build_small(module)
    pair = {identity: random_faces(networks, 3, seed=n) for n, identity in enumerate(IDENTITIES)}
    for identity, (code, output) in networks.reconstruct_both(pair).items():
        alone = networks.encode(pair[identity], identity, identity)
        if not np.allclose(numbers(code), numbers(alone), atol=CLOSE) or not same(
            output, networks.reconstruct(pair[identity], identity)
        ):
            raise ContractError(f"at_once: '{identity}' is another than encode and decode give")


def check_parts(module: ModuleType) -> None:
    """Do the parts hold every weight that is used, once, and is each of them used?"""
    networks = build_small(module)
    held = {id(one): name for name, one in _variables(networks.parts)}
    if len(held) < len(_variables(networks.parts)):
        raise ContractError("parts: a weight is in two of them")
    read = {identity: _read(networks, identity) for identity in IDENTITIES}
    for variable in [one for found in read.values() for one in found.values()]:
        if id(variable) not in held:
            raise ContractError(f"parts: none of them holds the weight {variable.path}")
    for weight in networks.weights:
        if not any(id(weight) in found for found in read.values()):
            raise ContractError(f"parts: '{held[id(weight)]}' has a weight that nothing uses")
    _check_own(networks, read)


def _check_own(networks: Networks, read: Mapping[Identity, Mapping[int, Any]]) -> None:
    """Is what belongs to one identity not used by the other?"""
    for identity, other in (IDENTITIES, IDENTITIES[::-1]):
        for part in networks.own.get(other, ()):
            if any(id(one) in read[identity] for one in networks.parts[part].trainable_variables):
                raise ContractError(f"own: '{part}' is of '{other}', but '{identity}' uses it too")


def check_copies(module: ModuleType) -> None:
    """Does a second build, with the first one's weights, give the same faces?"""
    networks, other = build_small(module), build_small(module, seed=1)
    x = random_faces(networks)
    if same(networks.swap(x), other.swap(x)):
        raise ContractError("build: it gives the same weights whatever the random seed is")
    for part, model in networks.parts.items():
        other.parts[part].set_weights(model.get_weights())
    if not same(networks.swap(x), other.swap(x)):
        raise ContractError("build: twice built, the same weights give different faces")


def check_sixteen_bits(module: ModuleType) -> None:
    """Does it give nearly the same faces in 32 bits where it computes in bfloat16?"""
    exact = build_small(module)
    with _precision("mixed_bfloat16"):
        networks = build_small(module)
        for part, model in exact.parts.items():
            networks.parts[part].set_weights(model.get_weights())
        x = random_faces(networks)
        rough, fine = (_pictures(one.reconstruct(x, FACE)) for one in (networks, exact))
        for one, other in zip(rough, fine, strict=True):
            kind = keras.backend.standardize_dtype(one.dtype)
            if kind != "float32":
                told = "in bfloat16, pictures must still be float32; `blocks.picture` sees to it"
                raise ContractError(f"decode: {told} (they are {kind})")
            if np.abs(numbers(one) - numbers(other)).max() >= ROUGH:
                raise ContractError("decode: in bfloat16 the faces are others than in float32")


def check_start(module: ModuleType) -> None:
    """If it has `start`: do its first faces look like the mean faces?"""
    if not hasattr(module, "start"):
        return
    networks = build_small(module)
    side = networks.size_out
    known = IdentityStatistics(
        shape={identity: np.zeros((68, 2), np.float32) for identity in IDENTITIES},
        face={key: np.full((side, side, 3), level, np.float32) for key, level in GREY.items()},
        mask={key: np.zeros((side, side, 1), np.float32) for key in IDENTITIES},
    )
    module.start(networks, known)
    for identity, level in GREY.items():
        output = networks.reconstruct(random_faces(networks), identity)
        if np.abs(numbers(output.face) - level).mean() >= NEAR_GREY:
            raise ContractError(f"start: the first faces of '{identity}' are not the mean face")
        if output.mask is not None and numbers(output.mask).mean() >= NEAR_GREY:
            raise ContractError(f"start: the first mask of '{identity}' is not the mean mask")


def find_training_layers(networks: Networks) -> list[str]:
    """Return the kinds of layers, as Dropout, that would give other faces in training."""

    def pictures(faces: Any) -> list[Any]:
        both = [_pictures(networks.reconstruct(faces, identity)) for identity in IDENTITIES]
        return [made for one in both for made in one]

    # What a layer is told of training, Keras tells all layers that it calls.
    around, x = keras.layers.Lambda(pictures, dtype="float32"), random_faces(networks)
    pairs = zip(around(x, training=False), around(x, training=True), strict=True)
    if all(np.allclose(numbers(one), numbers(other), atol=CLOSE) for one, other in pairs):
        return []
    every = [layer for part in networks.parts.values() for layer in _leaves(part)]
    return sorted({type(layer).__name__ for layer in every if _hears_of_training(layer)})


def _leaves(layer: Any) -> Iterator[Any]:
    """Yield the layers of a model and of the models in it, but not the models themselves."""
    if not isinstance(layer, keras.Model):
        yield layer
        return
    for one in layer.layers:
        yield from _leaves(one)


def _hears_of_training(layer: Any) -> bool:
    # Dense and its like take the word for their 8-bit weights alone.
    own = type(layer).quantize is keras.Layer.quantize
    return own and "training" in signature(layer.call).parameters


CHECKS: Mapping[str, Check] = {
    "a recipe can hold its settings": check_options,
    "faces and masks are float32 in [0, 1]": check_pictures,
    "faces go through their codes": check_code,
    "both identities at once are as one after the other": check_at_once,
    "its parts hold every weight, and each is used": check_parts,
    "a copy with the same weights gives the same faces": check_copies,
    "16 bits inside give 32 bits outside": check_sixteen_bits,
    "a start, if it has one, shows the mean faces": check_start,
}


def _pictures(output: Output) -> list[Any]:
    return [output.face, *output.smaller, *([] if output.mask is None else [output.mask])]


def _variables(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, variable) for name, part in parts.items() for variable in part.variables]


class _ReadScope(keras.StatelessScope):  # type: ignore[misc] # keras has no types
    """Notes every variable that is read while it is open, on every backend."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[int, Any] = {}

    def get_current_value(self, variable: Any) -> Any:
        self.read[id(variable)] = variable
        return super().get_current_value(variable)


def _read(networks: Networks, identity: Identity) -> dict[int, Any]:
    """Return the variables that the reconstruction of one identity reads, by their ids."""
    x = random_faces(networks)
    with _ReadScope() as scope:
        networks.reconstruct(x, identity)
    read: dict[int, Any] = scope.read
    return read


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
