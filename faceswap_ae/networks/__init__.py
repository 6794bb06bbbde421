"""What are models made of, and what must a model and a trainer offer?

Layers and blocks that models share, discriminators, and the two contracts, which plug-ins import
from here: `Networks`, `Output` and the identities of a model, `Player` of a trainer, and
`IdentityStatistics`, what both get to know about the two people. Importing this loads no Keras.
"""

from faceswap_ae.networks.model_interface import (
    FACE,
    IDENTITIES,
    ONTO,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
    Tensor,
)
from faceswap_ae.networks.trainer_interface import BatchPair, FaceBatch, Player, Terms

__all__ = [
    "FACE",
    "IDENTITIES",
    "ONTO",
    "BatchPair",
    "FaceBatch",
    "Identity",
    "IdentityStatistics",
    "Networks",
    "Output",
    "Player",
    "Tensor",
    "Terms",
]
