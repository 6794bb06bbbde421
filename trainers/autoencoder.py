"""The plain face swap: one encoder, a decoder for each identity, every face reconstructed.

This is deepfakes' idea (2017): from a warped face, the networks reconstruct the true one. The
encoder learns what both identities share; each decoder learns what is special to its identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from faceswap_ae.networks import IDENTITIES, BatchPair, IdentityStatistics, Networks, Player, Terms
from faceswap_ae.training.losses.objective import Objective
from faceswap_ae.training.losses.reconstruction import LossWeights


@dataclass(frozen=True)
class Options(LossWeights):
    """Weights of the loss terms; a weight of 0 leaves its term out."""


def build(networks: Networks, options: Options, known: IdentityStatistics) -> Sequence[Player]:
    """Return one player, which trains everything; with `true_face` one more, which opposes it."""
    judge = Objective(networks, options, known)

    def loss(pair: BatchPair) -> Terms:
        # 1 reconstruct each identity's faces  2 compute the loss terms
        made = networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        return judge(made, pair)

    parts = {**networks.parts, **judge.parts}
    return [Player("autoencoder", loss, parts, beside=judge.beside), *judge.players]
