"""Which loss terms do all trainers have in common (the training objective)?"""

from collections.abc import Sequence
from typing import Any

from faceswap_ae.networks.model_interface import (
    FACE,
    ONTO,
    Identity,
    IdentityStatistics,
    Networks,
    Reconstruction,
    Tensor,
)
from faceswap_ae.networks.trainer_interface import BatchPair, FaceBatch, Player
from faceswap_ae.training.losses.code_heads import (
    CodeDiscriminator,
    landmarks_error,
    landmarks_head,
)
from faceswap_ae.training.losses.perception import PerceptionTerms
from faceswap_ae.training.losses.reconstruction import LossWeights, reconstruction_terms
from faceswap_ae.training.losses.style import styles


class Objective:
    """The common loss terms. Keeps the networks that some of the terms need."""

    def __init__(self, networks: Networks, options: LossWeights, known: IdentityStatistics) -> None:
        self.networks, self.options, self.known = networks, options, known
        self.looking = PerceptionTerms(networks, options, known.crop)
        self.reader = landmarks_head(networks.code_shape) if options.landmarks else None
        self.codes = CodeDiscriminator(networks) if options.true_face else None

    def __call__(self, made: Reconstruction, pair: BatchPair) -> dict[str, Tensor]:
        """Return the loss terms, weighted: of both identities' reconstructions, and of a swap."""
        # 1 pixel terms, and terms of pretrained face networks  2 terms of the code heads
        # 3 style terms: the colours of a swap
        found: dict[str, Tensor] = {}
        for identity, (code, output) in made.items():
            faces = pair[identity]
            terms = reconstruction_terms(output, faces, self.options) | self.looking(output, faces)
            terms |= self._read(identity, code, faces)
            found |= {f"{identity} {name}": term for name, term in terms.items()}
        face, background = self.options.face_style, self.options.background_style
        colours = styles(self.networks, pair[ONTO], face, background)
        return found | {f"swap {name}": term for name, term in colours.items()}

    @property
    def parts(self) -> dict[str, Any]:
        """Models of the terms that are trained and saved with the networks, by name."""
        return {**({"landmarks": self.reader} if self.reader else {}), **self.looking.parts}

    @property
    def beside(self) -> Sequence[Any]:
        """Models that the terms only use: they are neither trained nor saved."""
        return self.looking.beside

    @property
    def players(self) -> list[Player]:
        """The players that are trained against the networks: the code discriminator, if used."""
        return [self.codes.player] if self.codes else []

    def _read(self, identity: Identity, code: Tensor, faces: FaceBatch) -> dict[str, Tensor]:
        options, found = self.options, {}
        if self.reader is not None:
            shape = self.known.shape[identity]
            found["landmarks"] = options.landmarks * landmarks_error(
                self.reader, code, faces, shape
            )
        if self.codes is not None and identity == FACE:
            found["true_face"] = options.true_face * self.codes.adversarial_loss(code)
        return found
