"""Does what a model or a trainer builds keep its contract, before anything is trained with it?

`build_model` and `build_players` are how the core builds them. They try shapes only, without
computing a face, so they cost nothing. What a mistake is told as names the plug-in's file and says
what is asked; `common.plugins.blaming` adds the place. docs/plugins.md has the contracts in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import keras

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import ContractError, unknown
from faceswap_ae.networks.model_interface import (
    FACE,
    IDENTITIES,
    ONTO,
    IdentityStatistics,
    Networks,
    Output,
)
from faceswap_ae.networks.trainer_interface import BatchPair, Player, Terms


def build_model(module: ModuleType, options: Any) -> Networks:
    """Build a model, and raise PluginError unless it has the shapes that it promises."""
    with plugins.blaming(module):
        built: Networks = module.build(options)
        _check_parts(built)
        crops = keras.Input((built.size_in, built.size_in, 3))
        for of, to in ((FACE, FACE), (ONTO, FACE), (ONTO, ONTO), (FACE, ONTO)):
            code = built.encode(crops, of, to)
            _check_shape(code, built.code_shape, "encode: the code", "code_shape")
            _check_output(built.decode(code, to), built)
        return built


def build_players(
    module: ModuleType, networks: Networks, options: Any, known: IdentityStatistics
) -> list[Player]:
    """Build a trainer's players, and raise PluginError unless they can be trained."""
    with plugins.blaming(module):
        players = module.build(networks, options, known)
        if not isinstance(players, Sequence) or not players:
            raise ContractError(f"build: must return a list of players, not {_kind(players)}")
        for player in players:
            _check_player(player)
        names = [player.name for player in players]
        if len(set(names)) < len(names):
            raise ContractError(f"build: two players have one name ({', '.join(names)})")
    return [replace(player, loss=_checked_loss(player, module)) for player in players]


def _check_parts(built: Any) -> None:
    if not isinstance(built, Networks):
        raise ContractError(f"build: must return Networks, not {_kind(built)}")
    for name in ("size_in", "size_out"):
        size = getattr(built, name)
        if not isinstance(size, int) or size < 1:
            raise ContractError(f"{name}: must be a number of pixels, not {size!r}")
    _check_models(built.parts, "parts")
    every = list(map(id, built.parts.values()))
    if len(set(every)) < len(every):
        raise ContractError("parts: one Keras model stands under two names")
    _check_own(built)


def _check_own(built: Networks) -> None:
    for identity, names in built.own.items():
        if identity not in IDENTITIES:
            raise ContractError(f"own: {unknown('identity', identity, IDENTITIES)}")
        for name in names:
            if name not in built.parts:
                raise ContractError(f"own: {unknown('part', name, built.parts)}")


def _check_models(parts: Any, where: str) -> None:
    if not isinstance(parts, Mapping) or not parts:
        raise ContractError(f"{where}: must be Keras models by name, not {_kind(parts)}")
    for name, part in parts.items():
        if not isinstance(name, str) or not name or "/" in name:
            raise ContractError(f"{where}: {name!r} cannot be a part's name; take a plain word")
        if not isinstance(part, keras.Model):
            raise ContractError(f"{where}: '{name}' must be a Keras model, not {_kind(part)}")


def _check_output(output: Any, built: Networks) -> None:
    side = built.size_out
    if not isinstance(output, Output):
        raise ContractError(f"decode: must return an Output, not {_kind(output)}")
    _check_shape(output.face, (side, side, 3), "decode: the face", "size_out")
    if built.has_mask and output.mask is None:
        raise ContractError("decode: has_mask is true, but the output has no mask")
    if not built.has_mask and output.mask is not None:
        raise ContractError("decode: has_mask is false, but the output has a mask")
    if output.mask is not None:
        _check_shape(output.mask, (side, side, 1), "decode: the mask", "size_out")
    for smaller in output.smaller:
        shape = tuple(getattr(smaller, "shape", ()))
        if len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2] or shape[1] > side:
            raise ContractError(f"decode: a smaller face must be (s, s, 3), not {shape[1:]}")


def _check_shape(tensor: Any, wanted: tuple[int, ...], what: str, promise: str) -> None:
    """Is it one tensor, with this shape for each face of a batch?"""
    if isinstance(tensor, list | tuple | dict) or not hasattr(tensor, "shape"):
        raise ContractError(f"{what} must be one tensor, not {_kind(tensor)}")
    batch, *shape = tensor.shape
    if batch is not None:
        raise ContractError(f"{what} must keep the batch's length; it is always {batch}")
    if tuple(shape) != tuple(wanted):
        raise ContractError(f"{what} is {tuple(shape)}, but {promise} promises {tuple(wanted)}")


def _check_player(player: Any) -> None:
    if not isinstance(player, Player):
        raise ContractError(f"build: must return players, not {_kind(player)}")
    where = f"player '{player.name}'"
    _check_models(player.parts, f"{where}: parts")
    if not callable(player.loss):
        raise ContractError(f"{where}: loss must be a function, not {_kind(player.loss)}")
    if not any(part.trainable_variables for part in player.parts.values()):
        raise ContractError(f"{where}: its parts have no weights to train")


def _checked_loss(player: Player, module: ModuleType) -> Any:
    def loss(pair: BatchPair) -> Terms:
        with plugins.blaming(module):
            terms = player.loss(pair)
            where = f"player '{player.name}': its loss"
            if not isinstance(terms, Mapping) or not terms:
                raise ContractError(f"{where} must return terms by name, not {_kind(terms)}")
            for name, term in terms.items():
                shape = tuple(getattr(term, "shape", ()))
                if isinstance(term, list | tuple | str) or term is None or shape:
                    what = f"an array {shape}" if shape else _kind(term)
                    raise ContractError(f"{where} '{name}' must be one number, not {what}")
            return terms

    return loss


def _kind(value: Any) -> str:
    """Say what something is: a list of 2, None, KerasTensor."""
    if value is None:
        return "None"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__}"
