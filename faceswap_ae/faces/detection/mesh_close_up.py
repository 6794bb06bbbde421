"""How is the mesh of a face found at a known place, and followed from frame to frame?

The square around a face's mesh is where the network looks in the next frames. Several frames are
looked at together, in the square that the motion of the last frames leads to. Where the mesh then
lies too far from the middle of that square, the frame is looked at again in the mesh's own square.

A mesh is only believed if the network says that it sees a face, and if its size and place go on
from the frame before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.detections import Detection, alone
from faceswap_ae.faces.detection.detectors import TURNS, DetectedBox
from faceswap_ae.faces.detection.face_mesh import FaceMesh, SeenMesh, face_mesh
from faceswap_ae.faces.mesh import ROOM, landmarks_of, square_of

AHEAD = 8  # frames that are looked at together
PRESENT = 0.5  # least presence of a face
# A look is as good as one in the mesh's own square if that square is so near to the one it was
# made in: shares of the side for place and size, radians.
NEAR, SIMILAR, LEVEL = 0.06, 0.08, 0.12
# The greatest change between frames, the same measures, beyond which it is not the same face.
FAR, GROWN = 0.35, 0.35
LOOKS = 3  # the most looks at a face in a frame


@dataclass(frozen=True)
class MeshCloseUp:
    """Fits meshes to faces."""

    network: FaceMesh
    turns: Sequence[int] = TURNS

    def sights(self, image: Image, spots: Iterable[DetectedBox]) -> list[Detection]:
        """Return the faces, with their meshes, for the boxes that a search found.

        A box is tried in each orientation, because some detectors also find lying faces.
        """
        boxes = list(spots)
        ways = [0.0, *(turn * np.pi / 2 for turn in self.turns)]
        tried = [
            replace(box.square, side=ROOM * box.square.side, angle=box.square.angle + way)
            for box in boxes
            for way in ways
        ]
        meshes = self.network([(image, square) for square in tried])
        found = []
        for number, box in enumerate(boxes):
            own = meshes[number * len(ways) : (number + 1) * len(ways)]
            best = max(own, key=lambda one: one.presence)
            found += [(box, best)] if best.presence >= PRESENT else []
        settled = self._settled([(image, square_of(mesh.points)) for _, mesh in found])
        return alone(
            _detection(box, mesh)
            for (box, _), mesh in zip(found, settled, strict=True)
            if mesh is not None
        )

    def follow(self, images: Sequence[Image], before: Detection) -> list[Detection]:
        """Return the same face in the next frames, up to the frame in which it is lost."""
        assert before.mesh is not None
        found, ahead = [before], AHEAD
        while (done := len(found) - 1) < len(images):
            some = self._ahead(images[done : done + ahead], found)
            if not some:
                break
            ahead = AHEAD if len(some) == ahead else len(some)
            found += some
        return found[1:]

    def again(self, image: Image, like: Detection) -> Detection | None:
        """Return the face at the place where another frame shows it."""
        assert like.mesh is not None
        mesh = self._settled([(image, square_of(like.mesh))])[0]
        return None if mesh is None else _detection(like.spot, mesh)

    def complete(self, seen: Sequence[tuple[Image, Detection]]) -> None:
        """Look at the eyes of faces: their meshes and landmarks are corrected in place."""
        self.network.add_eyes([(image, one.mesh) for image, one in seen if one.mesh is not None])
        for _, one in seen:
            if one.mesh is not None:
                one.landmarks[:] = landmarks_of(one.mesh)

    def _ahead(self, images: Sequence[Image], known: Sequence[Detection]) -> list[Detection]:
        """Look at the next frames together; return those before the first that is uncertain.

        It is at least the first frame, unless the face is lost there.
        """
        looks = list(zip(images, _led(known, len(images)), strict=True))
        meshes = self._centred(looks)
        found: list[Detection] = []
        for mesh in meshes:
            before = found[-1] if found else known[-1]
            if mesh is None or not _continues(before, mesh.points):
                break
            found.append(_detection(before.spot, mesh))
        if found:
            return found
        again = self.again(images[0], known[-1])
        there = again is not None and again.mesh is not None and _continues(known[-1], again.mesh)
        return [again] if again and there else []

    def _centred(self, looks: Sequence[tuple[Image, Square]]) -> list[SeenMesh | None]:
        """Return the meshes in some squares, looked at twice where a square does not fit."""
        meshes: list[SeenMesh | None] = list(self.network(looks))
        twice = [
            (place, (image, square_of(mesh.points)))
            for place, ((image, square), mesh) in enumerate(zip(looks, meshes, strict=True))
            if mesh is not None and mesh.presence >= PRESENT and not _fits(mesh, square)
        ]
        for (place, (_, square)), mesh in zip(
            twice, self.network([look for _, look in twice]), strict=True
        ):
            meshes[place] = mesh if _fits(mesh, square) else None
        return [mesh if mesh and mesh.presence >= PRESENT else None for mesh in meshes]

    def _settled(self, looks: Sequence[tuple[Image, Square]]) -> list[SeenMesh | None]:
        """Look in each mesh's own square until the square stays; None if no face is there."""
        found: list[SeenMesh | None] = [None] * len(looks)
        rest = dict(enumerate(looks))
        for _ in range(LOOKS):
            meshes = self.network(list(rest.values()))
            for place, mesh in zip(list(rest), meshes, strict=True):
                image, square = rest.pop(place)
                found[place] = mesh if mesh.presence >= PRESENT else None
                if mesh.presence >= PRESENT and not _fits(mesh, square):
                    rest[place] = image, square_of(mesh.points)
        return found


def mesh_close_up(*, turns: bool) -> MeshCloseUp:
    """Load the networks of the mesh for a close look."""
    return MeshCloseUp(face_mesh(), TURNS if turns else ())


def _detection(spot: DetectedBox, mesh: SeenMesh) -> Detection:
    square = square_of(mesh.points, 1.0)
    return Detection(
        DetectedBox(square, mesh.presence, spot.detector), landmarks_of(mesh.points), mesh.points
    )


def _led(known: Sequence[Detection], count: int) -> list[Square]:
    """Return where the face will be in the next frames: it goes on as in the last two, at first."""
    meshes = [one.mesh for one in known[-2:] if one.mesh is not None]
    last = square_of(meshes[-1])
    if len(meshes) < 2:
        return [last] * count
    step = last.centre - square_of(meshes[0]).centre
    # A head soon turns back: of the motion, each frame keeps the half.
    return [
        replace(last, centre=last.centre + step * (1 - 0.5**number))
        for number in range(1, count + 1)
    ]


def _fits(mesh: SeenMesh, square: Square) -> bool:
    """Return whether the face fills the square that the network saw, as it fills its own."""
    place, size, turn = _apart(square_of(mesh.points), square)
    return place <= NEAR and size <= SIMILAR and turn <= LEVEL


def _continues(before: Detection, mesh: Points) -> bool:
    """Return whether a mesh can be of the face of the frame before."""
    assert before.mesh is not None
    place, size, _ = _apart(square_of(mesh), square_of(before.mesh))
    return place <= FAR and size <= GROWN


def _apart(one: Square, other: Square) -> tuple[float, float, float]:
    """Return how far two squares differ in place and size, in sides, and in angle."""
    place = float(np.linalg.norm(one.centre - other.centre)) / other.side
    turn = abs((one.angle - other.angle + np.pi) % (2 * np.pi) - np.pi)
    return place, abs(float(np.log(max(one.side, 1e-6) / other.side))), float(turn)
