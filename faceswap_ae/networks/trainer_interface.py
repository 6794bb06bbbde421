"""What is a training algorithm to the core?

A file in `trainers/` has a frozen dataclass `Options` and `build(networks, options, known)`, which
gives players. A player says what is wrong with a pair of batches, as named terms whose sum it wants
small, and which parts it may move for that. Loop, data, precision, gradients, checkpoints, logs and
previews are the core's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from faceswap_ae.networks.model_interface import Identity, IdentityStatistics, Networks, Tensor


@dataclass(frozen=True, eq=False)
class FaceBatch:
    """A batch of one identity as tensors: feed.Batch says what each is."""

    warped: Tensor
    target: Tensor
    mask: Tensor
    eyes: Tensor
    mouth: Tensor
    landmarks: Tensor


BatchPair = Mapping[Identity, FaceBatch]
Terms = Mapping[str, Tensor]  # each a number, weighted


@dataclass(frozen=True, eq=False)
class Player:
    """A loss and the weights that it moves."""

    name: str
    loss: Callable[[BatchPair], Terms]
    parts: Mapping[str, Any]  # Keras models
    rate: float = 1.0  # times the run's
    fresh: bool = False  # wants a pair of its own, not the one before it had
    beside: Sequence[Any] = ()  # Keras models that the loss looks through: neither moved nor saved


class Trainer(Protocol):
    """The module of a trainer."""

    Options: type

    def build(
        self, networks: Networks, options: Any, known: IdentityStatistics
    ) -> Sequence[Player]:
        """Who plays."""
        ...
