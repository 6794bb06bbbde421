"""What must a trainer (a training algorithm) offer, so that the core can run it?

A file in `trainers/` has a frozen dataclass `Options` and `build(networks, options, known)`, which
returns players. A player computes a loss from a pair of batches, as named loss terms whose sum is
minimised, and says which parts it may train for that. The core does the rest: loop, data,
precision, gradients, checkpoints, logs and previews.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from faceswap_ae.networks.model_interface import Identity, IdentityStatistics, Networks, Tensor


@dataclass(frozen=True, eq=False)
class FaceBatch:
    """A batch of one identity as tensors; `training.data.batches.Batch` says what each is."""

    warped: Tensor
    target: Tensor
    mask: Tensor
    eyes: Tensor
    mouth: Tensor
    landmarks: Tensor


BatchPair = Mapping[Identity, FaceBatch]
Terms = Mapping[str, Tensor]  # loss terms by name: each a number, already weighted


@dataclass(frozen=True, eq=False)
class Player:
    """A loss, and the parts that are trained to make it small."""

    name: str
    loss: Callable[[BatchPair], Terms]
    parts: Mapping[str, Any]  # Keras models
    rate: float = 1.0  # learning rate, as a multiple of the run's
    fresh: bool = False  # gets a pair of batches of its own, not the shared one
    beside: Sequence[Any] = ()  # Keras models that the loss uses: neither trained nor saved


class Trainer(Protocol):
    """What the module of a trainer contains."""

    Options: type

    def build(
        self, networks: Networks, options: Any, known: IdentityStatistics
    ) -> Sequence[Player]:
        """Return the players that train these networks."""
        ...
