"""What makes the new faces of a conversion, and what does it need to know?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from faceswap_ae.common.geometry import Floats, Image, Matrix, Points
from faceswap_ae.conversion.trajectories import FacePlacement, Trajectories
from faceswap_ae.faces.identities import KnownPerson


@dataclass(frozen=True, eq=False)
class GeneratedFace:
    """A new face for one crop."""

    face: Floats  # (s, s, 3) RGB in [0, 1]
    mask: Floats | None  # (s, s) in [0, 1]
    landmarks: Points | None = None  # (68, 2) in the crop, where they are not the performer's


@dataclass(frozen=True, eq=False)
class FaceRequest:
    """A place in a frame that gets a new face."""

    frame: int
    image: Image
    place: FacePlacement


class FaceGenerator(Protocol):
    """A trained run's network, or a person's own pictures."""

    @property
    def name(self) -> str:
        """Of the run, or of the folder of pictures."""

    @property
    def face(self) -> str:
        """Whose face is made."""

    @property
    def onto(self) -> str:
        """Who is replaced."""

    @property
    def crop(self) -> str:
        """Which square of the frame is made."""

    @property
    def size_out(self) -> int:
        """Pixels a side of the faces that it makes."""

    @property
    def has_mask(self) -> bool:
        """Does it make masks too?"""

    @property
    def seed(self) -> int:
        """Of all that is random."""

    @property
    def landmarks(self) -> str:
        """Who has to find the landmarks."""

    @property
    def known(self) -> KnownPerson | None:
        """The person who is replaced; None where it is whoever is seen most."""

    @property
    def job(self) -> list[Any]:
        """All that its faces depend on, as JSON."""

    def matrix(self, landmarks: Points) -> Matrix:
        """Frame to crop, of the size that comes out."""

    def for_clip(self, where: Trajectories, role: int) -> Self:
        """The same for the faces of one clip that have a role."""

    def __call__(self, wanted: Sequence[FaceRequest]) -> list[GeneratedFace]:
        """The new faces for these places."""
