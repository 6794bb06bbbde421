"""How are the networks and the players of a recipe built?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from faceswap_ae.common import plugins
from faceswap_ae.networks.model_interface import (
    IDENTITIES,
    Identity,
    IdentityStatistics,
    Networks,
)
from faceswap_ae.networks.trainer_interface import Player
from faceswap_ae.networks.variables import named_variables
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.runtime.precision import dtype_policy
from faceswap_ae.training.data.batches import Batch, BatchSource
from faceswap_ae.training.data.face_set import FaceSet
from faceswap_ae.training.recipe import FullRecipe

SEEN = 256  # faces, of which the mean is taken


@dataclass(frozen=True, eq=False)
class TrainingSetup:
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
        return named_variables(self.parts)


def build_networks(recipe: FullRecipe) -> Networks:
    """A recipe's model, built from its seed in its precision."""
    load_keras()
    import keras

    keras.config.set_dtype_policy(dtype_policy(recipe.precision))
    keras.utils.set_random_seed(recipe.seed)
    from faceswap_ae.networks.contract import build_model

    return build_model(plugins.load("models", recipe.model), recipe.network)


def warm_start(recipe: FullRecipe, own: Networks, known: IdentityStatistics) -> None:
    """A head start from what both identities look like, where the model has one."""
    model = plugins.load("models", recipe.model)
    if hasattr(model, "start"):
        with plugins.blaming(model):
            model.start(own, known)


def build_setup(recipe: FullRecipe, own: Networks, known: IdentityStatistics) -> TrainingSetup:
    """The networks of a recipe with the players that its trainer gives."""
    from faceswap_ae.networks.contract import build_players

    trainer = plugins.load("trainers", recipe.trainer)
    return TrainingSetup(own, build_players(trainer, own, recipe.training, known))


def batch_statistics(pair: Mapping[Identity, Batch]) -> IdentityStatistics:
    """What the first faces of two batches look like, where there are no sets of faces."""
    return IdentityStatistics(
        {name: one.landmarks[0] for name, one in pair.items()},
        {name: one.target[0] for name, one in pair.items()},
        {name: one.mask[0] for name, one in pair.items()},
    )


def identity_statistics(
    sets: tuple[FaceSet, FaceSet], feed: BatchSource, crop: str
) -> IdentityStatistics:
    """What both sets look like, on average."""
    shape, face, mask = {}, {}, {}
    for identity, one in zip(IDENTITIES, sets, strict=True):
        shape[identity] = one.mean_shape.astype(np.float32)
        seen = list(feed.taught(identity, SEEN))
        face[identity] = np.concatenate([batch.target for batch in seen]).mean(axis=0)
        mask[identity] = np.concatenate([batch.mask for batch in seen]).mean(axis=0)
    return IdentityStatistics(shape, face, mask, crop)
