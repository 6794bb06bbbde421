"""What must a model offer, so that every trainer can train it and every clip can be converted?

A file in `models/` has a frozen dataclass `Options` and `build(options) -> Networks`. Images are
RGB float32 in [0, 1], masks in [0, 1]. A model may use other ranges, but only inside itself. The
two identities are `FACE`, whose face is wanted, and `ONTO`, onto whose performance that face goes.

    code   = encode(x, of, to)     a face of `of`, about to be shown as `to`
    output = decode(code, to)

Between the two calls lies the latent code. The core uses it in ways that a model need not know: to
align what both identities have in common, to read landmarks from it, to judge whose face it is.

The file may also have `start(networks, known)`, for a model that can begin from the mean faces. It
is called once, before the first step of a new run, with the `IdentityStatistics` of both people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from faceswap_ae.common.geometry import Floats

Identity = Literal["face", "onto"]
FACE: Identity = "face"
ONTO: Identity = "onto"
IDENTITIES: tuple[Identity, Identity] = (FACE, ONTO)

Tensor = Any  # a tensor of the backend that Keras runs on
FacesByIdentity = Mapping[Identity, Tensor]


@dataclass(frozen=True, eq=False)
class Output:
    """The output of a decoder: the face, its mask if any, and smaller faces if any.

    The mask says how much of the frame the face covers.
    """

    face: Tensor  # (n, size_out, size_out, 3)
    mask: Tensor | None = None  # (n, size_out, size_out, 1)
    smaller: tuple[Tensor, ...] = ()  # faces at lower resolutions, which trainers compare too


Reconstruction = Mapping[Identity, tuple[Tensor, Output]]  # codes, and reconstructed faces


@dataclass(frozen=True, eq=False)
class Networks:
    """A built model. `parts` are its Keras models, trained, frozen, saved and loaded by name."""

    size_in: int  # pixels a side
    size_out: int
    has_mask: bool
    parts: Mapping[str, Any]  # Keras models
    encode: Callable[[Tensor, Identity, Identity], Tensor]
    decode: Callable[[Tensor, Identity], Output]
    code_shape: tuple[int, ...] = ()  # the shape of one face's code
    # The names of the parts that are trained by this identity's faces only.
    own: Mapping[Identity, tuple[str, ...]] = field(default_factory=dict)
    # A faster `reconstruct_both`, if shared parts can take the faces of both as one batch.
    at_once: Callable[[FacesByIdentity], Reconstruction] | None = None

    def reconstruct(self, x: Tensor, identity: Identity) -> Output:
        """Reconstruct faces: encode and decode them as their own identity."""
        return self.decode(self.encode(x, identity, identity), identity)

    def reconstruct_both(self, faces: FacesByIdentity) -> Reconstruction:
        """Reconstruct equally many faces of each identity, with their codes.

        This is the fastest way for trainers.
        """
        if self.at_once is not None:
            return self.at_once(faces)
        codes = {identity: self.encode(faces[identity], identity, identity) for identity in faces}
        return {identity: (code, self.decode(code, identity)) for identity, code in codes.items()}

    def swap(self, x: Tensor, to: Identity = FACE) -> Output:
        """Swap faces: show faces of the other identity as `to`."""
        of = ONTO if to == FACE else FACE
        return self.decode(self.encode(x, of, to), to)

    @property
    def weights(self) -> list[Any]:
        """All trainable variables, part by part."""
        return [weight for part in self.parts.values() for weight in part.trainable_variables]


@dataclass(frozen=True, eq=False)
class IdentityStatistics:
    """What is known about both identities before training: mean landmarks, faces and masks."""

    shape: Mapping[Identity, Floats]  # (68, 2), mean landmarks in the unit square
    face: Mapping[Identity, Floats]  # (size_out, size_out, 3), the mean face
    mask: Mapping[Identity, Floats]  # (size_out, size_out, 1)
    crop: str = "inner"  # which part of a face the pictures show: a name in alignment.CROPS
