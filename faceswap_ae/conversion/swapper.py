"""How does a trained run make one person's face from another's, crop by crop?"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from faceswap_ae.common.geometry import Floats, Image, Matrix, Points, transform, warp
from faceswap_ae.conversion.face_generator import FaceRequest, GeneratedFace
from faceswap_ae.conversion.trajectories import Trajectories
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.identities import KnownPerson
from faceswap_ae.faces.landmark_masks import hide_outside, hull_mask
from faceswap_ae.networks import code_alignment
from faceswap_ae.networks.model_interface import FACE, ONTO, Identity
from faceswap_ae.runtime.inference import CompiledNetwork
from faceswap_ae.training.known_people import load_known_person
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.trained_run import load_trained


class Swapper:
    """A run's networks for one direction, compiled."""

    def __init__(self, run: Run, *, reverse: bool = False) -> None:
        trained, facts = load_trained(run), run.facts
        to: Identity = ONTO if reverse else FACE
        self.run, self.name, self.step, self.seed = run, run.name, trained.step, trained.recipe.seed
        self.align = trained.recipe.align
        self.face, self.onto = (facts.onto, facts.face) if reverse else (facts.face, facts.onto)
        self.whom: Identity = FACE if reverse else ONTO  # of the run's people, who is replaced
        self.crop, self.hides = trained.recipe.crop, trained.recipe.augment.hide
        own = trained.networks
        self.size_in, self.size_out, self.has_mask = own.size_in, own.size_out, own.has_mask
        self._network = CompiledNetwork(_model(own, trained.alignment(to), to))

    def matrix(self, landmarks: Points, size: int | None = None) -> Matrix:
        """Frame to crop, of the size that comes out unless told."""
        return matrix_of(landmarks, self.crop, size or self.size_out)

    @property
    def landmarks(self) -> str:
        """Who finds the landmarks: whoever found those that the run was trained with."""
        return self.run.facts.landmarks

    @property
    def known(self) -> KnownPerson | None:
        """The person who is replaced, if the run knows."""
        return load_known_person(self.run, self.whom)

    @property
    def job(self) -> list[Any]:
        """All that its faces depend on."""
        return [self.run.name, self.run.facts.created, self.step, self.face, self.align]

    def for_clip(self, where: Trajectories, role: int) -> Self:
        """The same: a network needs to know nothing of the other frames."""
        del where, role
        return self

    def shown(self, image: Image, landmarks: Points, outline: Points) -> Floats:
        """What the network is to see of a frame, as it was trained to see faces."""
        size, matrix = self.size_in, self.matrix(landmarks, self.size_in)
        crop = warp(image, matrix, (size, size)).astype(np.float32)
        crop *= np.float32(1 / 255)
        if self.hides:
            hide_outside(crop, hull_mask(transform(outline, matrix), (size, size)))
        return crop

    def __call__(self, wanted: Sequence[FaceRequest]) -> list[GeneratedFace]:
        """The faces for these places."""
        if not wanted:
            return []
        places = [(one.image, one.place) for one in wanted]
        crops = [self.shown(image, one.landmarks, one.outline) for image, one in places]
        faces, *masks = self._network(np.stack(crops))
        faces = np.clip(np.nan_to_num(faces), 0, 1)
        if not masks:
            return [GeneratedFace(face, None) for face in faces]
        return [
            GeneratedFace(face, mask[..., 0]) for face, mask in zip(faces, masks[0], strict=True)
        ]


def _model(own: Any, align: code_alignment.Alignment | None, to: Identity) -> Any:
    import keras
    from keras import ops

    crops = keras.Input((own.size_in, own.size_in, 3))
    made = code_alignment.aligned_swap(own, crops, align, to)
    parts = [made.face] if made.mask is None else [made.face, made.mask]
    return keras.Model(crops, [ops.cast(part, "float32") for part in parts])
