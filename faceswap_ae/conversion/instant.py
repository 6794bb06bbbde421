"""How is a face made of a person's own pictures, without any training (instant swap)?

For each track of a clip it is known beforehand which mesh the person would show in each frame, and
which of the pictures come nearest to it. Then each face is the mean of some pictures, bent to that
mesh. A part that a picture does not show is taken from the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Matrix, Points, transform, warp
from faceswap_ae.conversion.face_generator import FaceRequest, GeneratedFace
from faceswap_ae.conversion.trajectories import Trajectories
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.identities import KnownPerson
from faceswap_ae.faces.landmark_masks import BRIDGE, hull_mask
from faceswap_ae.faces.mesh import landmarks_of, move_mesh
from faceswap_ae.faces.record import MESH
from faceswap_ae.reenactment.lent_mouth import Lender, lend_mouth
from faceswap_ae.reenactment.matching import mouth_lacks, mouth_opening
from faceswap_ae.reenactment.mesh_warp import Part, draw, facing, mixed, triangles
from faceswap_ae.reenactment.reference_choice import Choice, choose
from faceswap_ae.reenactment.regions import members
from faceswap_ae.reenactment.rest_shape import PersonShape, person_shape
from faceswap_ae.reenactment.source_faces import CROP, SourceFaces
from faceswap_ae.reenactment.transfer import wanted_meshes

REVISION = 6  # goes up when the same pictures give other faces
STEP, LEAST, MOST = 64, 128, 1024  # pixels: sizes of crops that are made
PLAIN = 256  # pixels of a crop in which meshes are compared
PRESENT = 0.02  # weight of a picture below which it is not bent
JAW, DRAWN_IN = slice(0, 17), 0.12  # of the way from the jaw to the bridge of the nose
SHOWN = 0.5  # weight of a part in all pictures below which it is also taken from the mirror
HIDDEN = 0.02  # weight of a part that a picture does not show: where none does, it is shown so


@dataclass(frozen=True, eq=False)
class WantedTrack:
    """What the person would show in the frames of a track, and which pictures are used for it."""

    first: int
    performed: Floats  # (m, 478, 3): the performer's meshes in the frames' pixels
    meshes: Floats  # (m, 478, 3): the person's
    choices: Sequence[Choice]  # for each region


@dataclass(frozen=True, eq=False)
class InstantSwapper:
    """Makes faces of a person's pictures."""

    source: SourceFaces
    onto: str
    size_out: int = 256
    openings: Doubles = field(default_factory=lambda: np.zeros(0))  # of the pictures' mouths
    tracks: Mapping[int, Sequence[WantedTrack]] = field(default_factory=dict)
    crop: str = CROP
    has_mask: bool = True
    seed: int = 0
    known: KnownPerson | None = None
    landmarks: str = MESH

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.source.name

    @property
    def face(self) -> str:
        """Whose face is made."""
        return self.source.name

    @property
    def job(self) -> list[Any]:
        """All that its faces depend on."""
        return ["instant", REVISION, self.face, self.source.key]

    def matrix(self, landmarks: Points) -> Matrix:
        """Frame to crop."""
        return matrix_of(landmarks, self.crop, self.size_out)

    def for_clip(self, where: Trajectories, role: int) -> Self:
        """The same for a clip: what the person would show in each frame is found now."""
        meshes = self.source.meshes(PLAIN)
        person, known = person_shape(meshes), _plain(meshes)
        tracks: dict[int, list[WantedTrack]] = {}
        sizes = []
        for row in where.rows:
            if row.role == role and row.meshes is not None:
                own = _wanted(row.meshes, row.first, person, known)
                tracks.setdefault(row.track, []).append(own)
                sizes += [1 / scale for scale in _scales(row.steady)]
        openings = np.array([mouth_opening(mesh) for mesh in meshes])
        return replace(self, tracks=tracks, size_out=_size(sizes), openings=openings)

    def __call__(self, wanted: Sequence[FaceRequest]) -> list[GeneratedFace]:
        """The faces for these places."""
        return [self._made(one) for one in wanted]

    def _made(self, wanted: FaceRequest) -> GeneratedFace:
        size, place = self.size_out, wanted.place
        track, at = self._track(place.track, wanted.frame)
        matrix = self.matrix(place.landmarks)
        mesh = move_mesh(track.meshes[at].astype(np.float64), matrix)
        drawn = draw(mesh, size)
        performed = move_mesh(track.performed[at].astype(np.float64), matrix)
        face = mixed(drawn, self._parts(track, at, mesh))
        if (lacking := self._lacking(mesh, track, at)) > 0:
            crop = warp(wanted.image, matrix, (size, size))
            lend_mouth(face, drawn, Lender(crop, performed, self.source.skin(size)), lacking)
        landmarks = landmarks_of(mesh)
        both = np.minimum(
            hull_mask(_drawn_in(landmarks), (size, size)),
            hull_mask(transform(place.outline, matrix), (size, size)),
        )
        face *= np.float32(1 / 255)
        return GeneratedFace(np.clip(face, 0, 1), both * np.float32(1 / 255), landmarks)

    def _parts(self, track: WantedTrack, at: int, mesh: Points) -> list[Part]:
        """The pictures of a frame, each with its mesh and the weight of each triangle.

        What no picture shows of the face, and the frame does, comes from their mirror images.
        """
        size, parts, shown = self.size_out, list[Part](), np.zeros(len(triangles()))
        weights = self._weights(track, at)
        for number, weight in weights.items():
            seen = self.source.shown(number)
            shown += weight * seen
            picture, own = self.source.picture(number, size), self.source.mesh(number, size)
            parts.append((picture, own, weight * (seen + HIDDEN)))
        unseen = np.clip(1 - shown / SHOWN, 0, 1) * ~members(triangles())[2]
        visible = unseen * facing(mesh)
        for number, weight in weights.items():
            mirrored = weight * self.source.shown(number, mirrored=True)
            if (mirrored * visible).max() > PRESENT:
                parts.append((*self.source.mirrored(number, size), mirrored * unseen))
        return parts

    def _lacking(self, mesh: Points, track: WantedTrack, at: int) -> float:
        """How much of the open mouth no picture shows, 0 to 1: then it is the performer's."""
        choice = track.choices[-1]
        shown = self.openings[choice.pictures[at]] @ choice.weights[at]
        return mouth_lacks(mouth_opening(mesh), float(shown))

    def _weights(self, track: WantedTrack, at: int) -> dict[int, Doubles]:
        """The weight of each triangle (t,) in each picture of a frame."""
        found: dict[int, Doubles] = {}
        for choice, own in zip(track.choices, members(triangles()), strict=True):
            for number, weight in zip(choice.pictures[at], choice.weights[at], strict=True):
                if weight >= PRESENT:
                    known = found.setdefault(int(number), np.zeros(len(own)))
                    known[own] += weight
        return found

    def _track(self, track: int, frame: int) -> tuple[WantedTrack, int]:
        for one in self.tracks[track]:
            if 0 <= frame - one.first < len(one.meshes):
                return one, frame - one.first
        raise ValueError(f"track {track} has no frame {frame}")


def _wanted(meshes: Floats, first: int, person: PersonShape, known: Floats) -> WantedTrack:
    wanted = wanted_meshes(meshes, person)
    level = np.empty(wanted.shape, np.float32)
    for number, mesh in enumerate(wanted):
        own = mesh.astype(np.float64)
        level[number] = _plain(move_mesh(own, matrix_of(landmarks_of(own), CROP, PLAIN)))
    return WantedTrack(first, meshes, wanted, choose(level, known))


def _plain(meshes: Points) -> Floats:
    """Bring meshes in crops of PLAIN pixels to crops of one pixel a side, from their corner on."""
    return np.asarray((meshes + np.array([0.5, 0.5, 0.0])) / PLAIN, np.float32)


def _drawn_in(landmarks: Points) -> Points:
    """Landmarks whose jaw lies farther in: beside it is hair, or what was behind the person."""
    found = landmarks.copy()
    found[JAW] += DRAWN_IN * (landmarks[BRIDGE].mean(axis=0) - landmarks[JAW])
    return found


def _scales(landmarks: Floats) -> list[float]:
    """How many pixels of a crop of one pixel a side one frame pixel is, in some frames."""
    some = landmarks[np.unique(np.linspace(0, len(landmarks) - 1, 50).astype(int))]
    return [float(np.linalg.norm(matrix_of(one.astype(float), CROP, 1)[0, :2])) for one in some]


def _size(sides: Sequence[float]) -> int:
    """The size of crops that shows all of the frames' pixels."""
    if not sides:
        return LEAST
    side = float(np.median(sides))
    return int(np.clip(np.ceil(side / STEP) * STEP, LEAST, MOST))
