"""Which pictures are there of the person whose face is wanted?

They are the faces of a face folder, each with its mesh. All are brought to the same crop, and to
the colours of the first one. Pictures are decoded when they are first needed; the last are kept.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Doubles, Image, Matrix, Points, warp
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_file import FaceEntry
from faceswap_ae.faces.mesh import landmarks_of, move_mesh
from faceswap_ae.faces.record import StoredFace
from faceswap_ae.reenactment.head_model import mirror_places
from faceswap_ae.reenactment.matching import colour_gain, skin_colour
from faceswap_ae.reenactment.mesh_warp import visible

CROP = "whole"
MOST = 600  # pictures: more look alike
KEPT = 96  # decoded pictures
SMALL = 128  # pixels of a crop in which it is looked at which parts hide others


@dataclass(frozen=True, eq=False)
class SourceFace:
    """A picture of the person, and its mesh in the picture's pixels."""

    entry: FaceEntry
    mesh: Points  # (478, 3)

    @property
    def landmarks(self) -> Points:
        """Return the landmarks (68, 2) in the picture's pixels, as the mesh has them."""
        return landmarks_of(self.mesh)


class SourceFaces:
    """The pictures of one person. The first one looks the straightest at the viewer."""

    def __init__(self, name: str, faces: Sequence[SourceFace]) -> None:
        self.name, self.faces = name, faces
        self._decoded: OrderedDict[tuple[int, int], Image] = OrderedDict()
        self._shown: dict[tuple[int, bool], Doubles] = {}
        self._skins: dict[int, Doubles] = {}

    @property
    def key(self) -> str:
        """Return a mark of all pictures: other pictures, another mark."""
        mark = blake2b(digest_size=8)
        for face in self.faces:
            mark.update(f"{face.entry.name} ".encode() + face.mesh.astype("<f4").tobytes())
        return mark.hexdigest()

    def meshes(self, size: int) -> Points:
        """Return the meshes (n, 478, 3) in crops of `size` pixels."""
        return np.stack([self.mesh(number, size) for number in range(len(self.faces))])

    def mesh(self, number: int, size: int) -> Points:
        """Return a picture's mesh in a crop of `size` pixels."""
        return move_mesh(self.faces[number].mesh, _matrix(self.faces[number], size))

    def shown(self, number: int, *, mirrored: bool = False) -> Doubles:
        """Return (t,): how well a picture shows each triangle of the mesh, from 0 to 1."""
        key = number, mirrored
        if key not in self._shown:
            mesh = self.mesh(number, SMALL)
            self._shown[key] = visible(_mirrored(mesh, SMALL) if mirrored else mesh, SMALL)
        return self._shown[key]

    def picture(self, number: int, size: int) -> Image:
        """Return a picture in a crop of `size` pixels, in the colours of the first one."""
        key = number, size
        if key not in self._decoded:
            self._decoded[key] = self._decode(number, size)
            if len(self._decoded) > KEPT:
                self._decoded.popitem(last=False)
        self._decoded.move_to_end(key)
        return self._decoded[key]

    def mirrored(self, number: int, size: int) -> tuple[Image, Points]:
        """Return a picture as a mirror shows it, and its mesh."""
        picture = np.ascontiguousarray(self.picture(number, size)[:, ::-1])
        return picture, _mirrored(self.mesh(number, size), size)

    def skin(self, size: int) -> Doubles:
        """Return the colour (3,) of the skin in the first picture."""
        if size not in self._skins:
            self._skins[size] = skin_colour(self.picture(0, size), self.mesh(0, size))
        return self._skins[size]

    def _decode(self, number: int, size: int) -> Image:
        face = self.faces[number]
        matrix = _matrix(face, size)
        crop = warp(face_file.pixels(face.entry.place), matrix, (size, size))
        if number == 0:
            return crop
        levels = crop * colour_gain(skin_colour(crop, self.mesh(number, size)), self.skin(size))
        return np.asarray(np.clip(levels + np.float32(0.5), 0, 255), np.uint8)


def load_source_faces(folder: Path) -> SourceFaces:
    """Read the faces of a person's folder. Raises UserError if none of them has a mesh."""
    stored = [
        (entry, entry.stored)
        for entry in face_file.entries(folder)
        if entry.stored is not None and not entry.stored.face.doubtful
    ]
    found = [
        (abs(one.face.pose[0]) + abs(one.face.pose[1]), _source(entry, one, one.face.mesh))
        for entry, one in stored
        if one.face.mesh is not None
    ]
    if not found:
        if stored:
            mend = f"faceswap-ae faces realign {folder} --landmarks mesh finds them anew"
            raise UserError(f"{folder}: has landmarks by dlib, and a mesh is needed; {mend}")
        raise UserError(f"{folder}: holds no face; fill it with faceswap-ae extract")
    straight = min(range(len(found)), key=lambda number: found[number][0])
    rest = [face for number, (_, face) in enumerate(found) if number != straight]
    if len(rest) >= MOST:
        rest = [rest[place] for place in np.linspace(0, len(rest) - 1, MOST - 1).astype(int)]
    return SourceFaces(folder.stem, [found[straight][1], *rest])


def _source(entry: FaceEntry, stored: StoredFace, mesh: Points) -> SourceFace:
    return SourceFace(entry, move_mesh(mesh, stored.matrix))


def _matrix(face: SourceFace, size: int) -> Matrix:
    """From the picture's pixels to a crop of `size` pixels."""
    return matrix_of(face.landmarks, CROP, size)


def _mirrored(mesh: Points, size: int) -> Points:
    """Return the mesh of a picture that is `size` pixels wide, as a mirror shows it."""
    found = mesh[mirror_places()]
    found[:, 0] = size - 1 - found[:, 0]
    return found
