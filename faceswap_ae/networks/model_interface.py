"""What must a model offer, so that every trainer can train it and every clip be converted by it?

A file in `models/` has a frozen dataclass `Options` and `build(options) -> Networks`. Images are
RGB float32 in [0, 1], masks in [0, 1]; a model's own ranges stay inside it. The two identities are
`FACE`, whose face is wanted, and `ONTO`, onto whose performance it goes.

    code   = encode(x, of, to)     a face of `of`, about to be shown as `to`
    output = decode(code, to)

Between the two lies the code, which the core uses in ways that a model need not know: to line up
what both identities have in common, to read landmarks from it, to judge whose it is.

The file may also have `start(networks, known)`, called once, before a new run's first step, with
what `player.Known` tells of both identities: for a model that can begin from their mean faces.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from faceswap_ae.common.geometry import Floats

Identity = Literal["face", "onto"]
FACE: Identity = "face"
ONTO: Identity = "onto"
IDENTITIES: tuple[Identity, Identity] = (FACE, ONTO)

Tensor = Any  # of whatever backend Keras runs on
FacesByIdentity = Mapping[Identity, Tensor]


@dataclass(frozen=True, eq=False)
class Output:
    """What a decoder gives: the face, how much of the frame it covers, and smaller faces if any."""

    face: Tensor  # (n, size_out, size_out, 3)
    mask: Tensor | None = None  # (n, size_out, size_out, 1)
    smaller: tuple[Tensor, ...] = ()  # faces at lower resolutions, for a trainer to compare too


Reconstruction = Mapping[Identity, tuple[Tensor, Output]]  # codes, and faces as themselves


@dataclass(frozen=True, eq=False)
class Networks:
    """A built model. `parts` are what is trained, frozen, saved and loaded, by name."""

    size_in: int  # pixels a side
    size_out: int
    has_mask: bool
    parts: Mapping[str, Any]  # Keras models
    encode: Callable[[Tensor, Identity, Identity], Tensor]
    decode: Callable[[Tensor, Identity], Output]
    code_shape: tuple[int, ...] = ()  # of one face's code
    # Parts that only an identity's own faces train.
    own: Mapping[Identity, tuple[str, ...]] = field(default_factory=dict)
    # `reconstruct_both`, if shared parts can take both identities' faces as one batch.
    at_once: Callable[[FacesByIdentity], Reconstruction] | None = None

    def reconstruct(self, x: Tensor, identity: Identity) -> Output:
        """A face as itself."""
        return self.decode(self.encode(x, identity, identity), identity)

    def reconstruct_both(self, faces: FacesByIdentity) -> Reconstruction:
        """Equally many faces of each as themselves, with their codes: how trainers go quickest."""
        if self.at_once is not None:
            return self.at_once(faces)
        codes = {identity: self.encode(faces[identity], identity, identity) for identity in faces}
        return {identity: (code, self.decode(code, identity)) for identity, code in codes.items()}

    def swap(self, x: Tensor, to: Identity = FACE) -> Output:
        """A face of the other identity, as `to`."""
        of = ONTO if to == FACE else FACE
        return self.decode(self.encode(x, of, to), to)

    @property
    def weights(self) -> list[Any]:
        """Every trainable variable, part by part."""
        return [weight for part in self.parts.values() for weight in part.trainable_variables]


@dataclass(frozen=True, eq=False)
class IdentityStatistics:
    """What is known of both identities before training."""

    shape: Mapping[Identity, Floats]  # (68, 2), mean landmarks in the unit square
    face: Mapping[Identity, Floats]  # (size_out, size_out, 3), the mean face
    mask: Mapping[Identity, Floats]  # (size_out, size_out, 1)
    crop: str = "inner"  # which part of a face the pictures are: align.CROPS
