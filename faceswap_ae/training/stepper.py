"""How does a training step update the weights of each player, on each Keras backend?

For each player in turn:
    1  its loss terms over the pair of batches, and their sum
    2  the gradient of the sum with respect to the player's weights
    3  the optimiser's update, with the gradient's norm clipped

`_tensorflow`, `_jax` and `_torch` are the update on each backend. Other code for single backends is
in optimiser.py and distribution.py.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import keras
from keras import ops

from faceswap_ae.common.errors import ContractError
from faceswap_ae.networks.model_interface import IDENTITIES, Identity
from faceswap_ae.networks.trainer_interface import FaceBatch, Player
from faceswap_ae.runtime.backend import without_remapping
from faceswap_ae.training.distribution import split_batch, spread_batch
from faceswap_ae.training.optimiser import Optimiser, built, slots

Move = Callable[[Any], Mapping[str, Any]]
FIELDS = tuple(field.name for field in fields(FaceBatch))


@dataclass(frozen=True)
class Variables:
    """The weights that a player trains, the other variables that it may read, and its optimiser."""

    weights: list[Any]
    others: list[Any]  # of all players: compiled code must not treat them as constants
    optimiser: Any


class Stepper:
    """The players with their optimisers. Keeps the functions that a backend compiled.

    An optimiser also has the state of frozen weights. So they can be trained again later with their
    old moments.
    """

    def __init__(
        self, players: Sequence[Player], settings: Optimiser, frozen: Collection[str] = ()
    ) -> None:
        self.players = players
        self.optimisers = [built(settings) for _ in players]
        self._moves: list[Move] = []
        self._names: list[list[str]] = []
        parts = [part for one in players for part in (*one.parts.values(), *one.beside)]
        every = {id(w): w for part in parts for w in part.variables}
        for player, optimiser in zip(players, self.optimisers, strict=True):
            named = _named(player)
            optimiser.build(list(named.values()))
            self._names.append(list(named))
            weights = [w for key, w in named.items() if key.rpartition("/")[0] not in frozen]
            moved = {id(weight) for weight in weights}
            rest = [weight for key, weight in every.items() if key not in moved]
            made = _BACKENDS[keras.backend.backend()](player, Variables(weights, rest, optimiser))
            self._moves.append(made)

    def step(self, pairs: Sequence[Mapping[Identity, object]], rate: float) -> dict[str, float]:
        """Update each player's weights once; return all loss terms by `player/term`.

        Each pair has a batches.Batch by identity. The first pair is for all players without a
        `fresh` pair of their own. `rate` is the learning rate.
        """
        rest = iter(pairs[1:])
        found: dict[str, float] = {}
        for player, optimiser, move in zip(self.players, self.optimisers, self._moves, strict=True):
            optimiser.learning_rate = rate * player.rate
            pair = next(rest) if player.fresh else pairs[0]
            terms = move(_arrays(pair))
            found |= {f"{player.name}/{name}": float(term) for name, term in terms.items()}
        return found

    @property
    def pairs(self) -> int:
        """The number of pairs of batches that a step needs."""
        return 1 + sum(player.fresh for player in self.players)

    @property
    def variables(self) -> dict[str, Any]:
        """The state of all optimisers, by name."""
        return {
            f"{player.name}/{slot}": variable
            for player, optimiser, names in zip(
                self.players, self.optimisers, self._names, strict=True
            )
            for slot, variable in slots(optimiser, names).items()
        }


def _named(player: Player) -> dict[str, Any]:
    """Return a player's trainable weights by part and number."""
    return {
        f"{name}/{number:04d}": weight
        for name, part in player.parts.items()
        for number, weight in enumerate(part.trainable_variables)
    }


def _arrays(pair: Mapping[Identity, object]) -> dict[Identity, dict[str, Any]]:
    return {name: {key: getattr(pair[name], key) for key in FIELDS} for name in IDENTITIES}


def _judged(player: Player, batch: Mapping[Identity, Mapping[str, Any]]) -> tuple[Any, Any]:
    """Return the sum of a player's loss terms, and the terms."""
    pair = {name: FaceBatch(**arrays) for name, arrays in batch.items()}
    terms = {name: ops.cast(term, "float32") for name, term in player.loss(pair).items()}
    return sum(terms.values()), terms


def _tensorflow(player: Player, own: Variables) -> Move:
    import tensorflow as tf

    weights, optimiser, together = own.weights, own.optimiser, tf.distribute.get_strategy()

    mean = tf.distribute.ReduceOp.MEAN

    def one(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            total, terms = _judged(player, batch)
            scaled = optimiser.scale_loss(total)
        gradients = tape.gradient(scaled, [weight.value for weight in weights])
        if gradients and all(gradient is None for gradient in gradients):
            told = "its loss depends on none of its weights, so it cannot learn"
            raise ContractError(f"player '{player.name}': {told}")
        # The mean is taken before the optimiser clips, so the norm is that of the whole batch.
        optimiser.apply(_agreed(gradients), weights)
        return terms

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def move(batch: Any) -> Any:
        terms = together.run(one, (batch,))
        return {name: together.reduce(mean, term, axis=None) for name, term in terms.items()}

    def moved(batch: Any) -> Mapping[str, Any]:
        parts = split_batch(batch, together.num_replicas_in_sync)
        shared = together.experimental_distribute_values_from_function(
            lambda here: tf.nest.map_structure(
                tf.convert_to_tensor, parts[here.replica_id_in_sync_group]
            )
        )
        with without_remapping():
            found: Mapping[str, Any] = move(shared)
        return found

    return moved


def _agreed(gradients: list[Any]) -> list[Any]:
    """Return the mean of the gradients of all devices."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return gradients

    def reduced(strategy: Any, *found: Any) -> Any:
        pairs = [(one, one) for one in found]
        return strategy.extended.batch_reduce_to(tf.distribute.ReduceOp.MEAN, pairs)

    # Not the context's own all_reduce: TensorFlow would keep each of its graphs for ever.
    there = [one for one in gradients if one is not None]
    means = iter(context.merge_call(reduced, args=tuple(there)))
    return [None if one is None else next(means) for one in gradients]


def _jax(player: Player, own: Variables) -> Move:
    import jax

    weights, others, optimiser = own.weights, own.others, own.optimiser

    def judged(values: Any, kept: Any, state: Any, batch: Any) -> Any:
        lists = ((weights, values), (others, kept), (optimiser.variables, state))
        known = [pair for both in lists for pair in zip(*both, strict=True)]
        with keras.StatelessScope(state_mapping=known) as scope:
            total, terms = _judged(player, batch)
            scaled = optimiser.scale_loss(total)
        left = [scope.get_current_value(other) for other in others]
        return scaled, (terms, left)

    @jax.jit
    def move(values: Any, kept: Any, state: Any, batch: Any) -> Any:
        (_, (terms, left)), gradients = jax.value_and_grad(judged, has_aux=True)(
            values, kept, state, batch
        )
        # Not the optimiser's stateless_apply: it needs all weights that it was built with.
        own = (weights, values), (optimiser.variables, state)
        known = [pair for both in own for pair in zip(*both, strict=True)]
        with keras.StatelessScope(state_mapping=known) as scope:
            optimiser.apply(gradients, weights)
        new = [[scope.get_current_value(one) for one in many] for many, _ in own]
        return new[0], left, new[1], terms

    def moving(batch: Any) -> Mapping[str, Any]:
        now = [[one.value for one in many] for many in (weights, others, optimiser.variables)]
        *new, terms = move(*now, spread_batch(batch))
        for many, values in zip((weights, others, optimiser.variables), new, strict=True):
            for one, value in zip(many, values, strict=True):
                one.assign(value)
        found: Mapping[str, Any] = terms
        return found

    return moving


def _torch(player: Player, own: Variables) -> Move:
    import torch

    weights, optimiser = own.weights, own.optimiser

    def move(batch: Any) -> Mapping[str, Any]:
        for weight in weights:
            weight.value.grad = None
        held = {
            identity: {name: ops.convert_to_tensor(array) for name, array in arrays.items()}
            for identity, arrays in batch.items()
        }
        total, terms = _judged(player, held)
        optimiser.scale_loss(total).backward()
        gradients = [weight.value.grad for weight in weights]
        with torch.no_grad():
            optimiser.apply(gradients, weights)
        return {name: term.detach() for name, term in terms.items()}

    return move


_BACKENDS: dict[str, Callable[[Player, Variables], Move]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
}
