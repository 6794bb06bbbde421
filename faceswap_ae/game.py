"""How do a plan's networks and players come to be, and their state to the disk and back?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae import plugins
from faceswap_ae.backend import wake
from faceswap_ae.errors import UserError
from faceswap_ae.faceset import FaceSet
from faceswap_ae.feed import Feed
from faceswap_ae.networks import IDENTITIES, Networks
from faceswap_ae.player import Known, Player
from faceswap_ae.precision import policy

SEEN = 256  # faces, of which the mean is taken

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Game:
    """Networks with the players that train them."""

    networks: Networks
    players: Sequence[Player]
    parts: Mapping[str, Any] = field(init=False)  # every Keras model that has a state

    def __post_init__(self) -> None:
        found = dict(self.networks.parts)
        for player in self.players:
            found |= player.parts
        object.__setattr__(self, "parts", found)

    @property
    def variables(self) -> dict[str, Any]:
        """Everything that training changes, by name."""
        return variables(self.parts)


def variables(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of Keras models, by names that every session gives alike."""
    return {
        f"{name}/{number:04d}": variable
        for name, part in sorted(parts.items())
        for number, variable in enumerate(part.variables)
    }


def networks(plan: Any) -> Networks:
    """A plan's model, built from its seed in its precision."""
    wake()
    import keras

    keras.config.set_dtype_policy(policy(plan.precision))
    keras.utils.set_random_seed(plan.seed)
    built: Networks = plugins.load("models", plan.model).build(plan.network)
    return built


def begin(plan: Any, own: Networks, known: Known) -> None:
    """A head start from what both identities look like, where the model has one."""
    model = plugins.load("models", plan.model)
    if hasattr(model, "start"):
        model.start(own, known)


def game(plan: Any, own: Networks, known: Known) -> Game:
    """The networks of a plan with the players that its trainer gives."""
    players = plugins.load("trainers", plan.trainer).build(own, plan.training, known)
    return Game(own, players)


def known(sets: tuple[FaceSet, FaceSet], feed: Feed, crop: str) -> Known:
    """What both sets look like, on average."""
    shape, face, mask = {}, {}, {}
    for identity, one in zip(IDENTITIES, sets, strict=True):
        shape[identity] = one.mean_shape.astype(np.float32)
        seen = list(feed.taught(identity, SEEN))
        face[identity] = np.concatenate([batch.target for batch in seen]).mean(axis=0)
        mask[identity] = np.concatenate([batch.mask for batch in seen]).mean(axis=0)
    return Known(shape, face, mask, crop)


def arrays_of(variables: Mapping[str, Any]) -> Arrays:
    """The values of variables, as they are now."""
    # Not Keras's own way, which asks for a copy in a manner that TensorFlow does not know.
    return {name: np.asarray(variable).copy() for name, variable in variables.items()}


def only(parts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """The arrays of these parts, by the names that `variables` gives."""
    return {name: array for name, array in arrays.items() if name.rpartition("/")[0] in parts}


def assign(variables: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], whose: str) -> None:
    """Give variables their values back. They must be the same ones."""
    wrong = [
        name
        for name in {*variables, *arrays}
        if name not in variables
        or name not in arrays
        or tuple(variables[name].shape) != arrays[name].shape
    ]
    if wrong:
        what = f"{len(wrong)} of its arrays do not fit this model, such as {min(wrong)}"
        raise UserError(f"{whose}: {what}; was its recipe or its model's file changed?")
    for name, variable in variables.items():
        variable.assign(arrays[name])
