"""The plain face swap: one encoder, a decoder for each identity, every face as itself.

deepfakes' idea (2017): shown a bent face, answer with the true one. What both identities share goes
through the encoder; what tells them apart, each decoder keeps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from faceswap_ae.networks.model_interface import IDENTITIES, Known, Networks
from faceswap_ae.networks.trainer_interface import Pair, Player, Terms
from faceswap_ae.training.losses.objective import Judge
from faceswap_ae.training.losses.reconstruction import Likeness


@dataclass(frozen=True)
class Options(Likeness):
    """Weights of the loss's terms; 0 leaves one out."""


def build(networks: Networks, options: Options, known: Known) -> Sequence[Player]:
    """One player, who moves everything; with `true_face` one more, against it."""
    judge = Judge(networks, options, known)

    def loss(pair: Pair) -> Terms:
        # 1 each identity's faces as themselves  2 what is wrong with them
        made = networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        return judge(made, pair)

    parts = {**networks.parts, **judge.parts}
    return [Player("autoencoder", loss, parts, beside=judge.beside), *judge.players]
