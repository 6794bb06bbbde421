"""What is wrong with the faces that networks make? All that trainers ask alike."""

from collections.abc import Sequence
from typing import Any

from faceswap_ae.networks.model_interface import (
    FACE,
    ONTO,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
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

Made = tuple[Tensor, Output]  # codes, and faces as themselves


class Objective:
    """Terms of a loss, and the networks that some of them need. Keeps those."""

    def __init__(self, networks: Networks, options: LossWeights, known: IdentityStatistics) -> None:
        self.networks, self.options, self.known = networks, options, known
        self.looking = PerceptionTerms(networks, options, known.crop)
        self.reader = landmarks_head(networks.code_shape) if options.landmarks else None
        self.codes = CodeDiscriminator(networks) if options.true_face else None

    def __call__(self, made: Reconstruction, pair: BatchPair) -> dict[str, Tensor]:
        """What is wrong with both identities' faces as themselves, and with a swap."""
        # 1 pixels, and what networks that know faces see  2 codes: what can be read from them
        # 3 colours of a swap
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
        """What is trained and saved with the networks."""
        return {**({"landmarks": self.reader} if self.reader else {}), **self.looking.parts}

    @property
    def beside(self) -> Sequence[Any]:
        """What is only looked through."""
        return self.looking.beside

    @property
    def players(self) -> list[Player]:
        """Who plays against the networks."""
        return [self.codes.player] if self.codes else []

    def _read(self, identity: Identity, code: Tensor, faces: FaceBatch) -> dict[str, Tensor]:
        options, found = self.options, {}
        if self.reader is not None:
            shape = self.known.shape[identity]
            found["landmarks"] = options.landmarks * landmarks_error(
                self.reader, code, faces, shape
            )
        if self.codes is not None and identity == FACE:
            found["true_face"] = options.true_face * self.codes.told(code)
        return found
