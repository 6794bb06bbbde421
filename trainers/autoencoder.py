"""The plain face swap: one encoder, a decoder for each identity, every face as itself.

deepfakes' idea (2017): shown a bent face, answer with the true one. What both identities share goes
through the encoder; what tells them apart, each decoder keeps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from faceswap_ae.networks.model_interface import IDENTITIES, IdentityStatistics, Networks
from faceswap_ae.networks.trainer_interface import BatchPair, Player, Terms
from faceswap_ae.training.losses.objective import Objective
from faceswap_ae.training.losses.reconstruction import LossWeights


@dataclass(frozen=True)
class Options(LossWeights):
    """Weights of the loss's terms; 0 leaves one out."""


def build(networks: Networks, options: Options, known: IdentityStatistics) -> Sequence[Player]:
    """One player, who moves everything; with `true_face` one more, against it."""
    judge = Objective(networks, options, known)

    def loss(pair: BatchPair) -> Terms:
        # 1 each identity's faces as themselves  2 what is wrong with them
        made = networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        return judge(made, pair)

    parts = {**networks.parts, **judge.parts}
    return [Player("autoencoder", loss, parts, beside=judge.beside), *judge.players]
