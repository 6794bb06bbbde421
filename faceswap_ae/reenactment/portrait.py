"""How does a photo of a person move as a performer does, with its own hair and background?

The head in the photo takes the performer's pose and expression. It turns from its own pose by as
much as the performer turns from the moment that is most like the photo.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Image, Points
from faceswap_ae.reenactment.head_model import HeadPlaces, find_heads
from faceswap_ae.reenactment.lent_mouth import Lender, lend_mouth
from faceswap_ae.reenactment.matching import mouth_lacks, mouth_opening, skin_colour
from faceswap_ae.reenactment.mesh_warp import bend, draw, portrait_map
from faceswap_ae.reenactment.rest_shape import person_shape
from faceswap_ae.reenactment.transfer import BLOCK, transfer

AROUND = 3.2  # widths of the face: the square of the photo that moves
TURNED = np.radians(40)  # a photo shows nothing of what lies behind the ear
EVEN = 60  # pixels: the square is a multiple, so that it has coarser grids
SHIFTED = 0.12  # of the face's width: how far the head moves sideways, up and down at most


@dataclass(frozen=True, eq=False)
class Portrait:
    """A photo, and the square of it that moves."""

    photo: Image
    mesh: Points  # (478, 3) in the photo's pixels
    corner: tuple[int, int]  # of the square, x and y; it may lie outside of the photo
    size: int

    @property
    def inside(self) -> Points:
        """The mesh in the square's pixels."""
        return np.asarray(self.mesh - np.array([*self.corner, 0.0]))

    def moved(self, wanted: Points, frame: Image, performed: Points) -> Image:
        """Return the photo with the mesh `wanted`; `frame` with `performed` may lend its mouth."""
        inside = wanted - np.array([*self.corner, 0.0])
        drawn, seen = draw(inside, self.size), self._seen
        face = bend(self._square, portrait_map(drawn, self.inside)[seen])
        lacking = mouth_lacks(mouth_opening(wanted), mouth_opening(self.mesh))
        lend_mouth(face, drawn, Lender(frame, performed, self._skin), lacking, seen)
        result, (x, y) = self.photo.copy(), self.corner
        rows, columns = seen
        result[rows.start + y : rows.stop + y, columns.start + x : columns.stop + x] = face
        return result

    @cached_property
    def _skin(self) -> Doubles:
        return skin_colour(self.photo, self.mesh)

    @cached_property
    def _seen(self) -> tuple[slice, slice]:
        """The part of the square that lies in the photo."""
        (x, y), (height, width) = self.corner, self.photo.shape[:2]
        rows = slice(max(-y, 0), min(self.size, height - y))
        return rows, slice(max(-x, 0), min(self.size, width - x))

    @cached_property
    def _square(self) -> Image:
        """The square; beyond the photo's edge its last pixels go on."""
        (x, y), (height, width) = self.corner, self.photo.shape[:2]
        top, left = max(-y, 0), max(-x, 0)
        bottom, right = max(y + self.size - height, 0), max(x + self.size - width, 0)
        border = cv2.BORDER_REPLICATE
        whole = cv2.copyMakeBorder(self.photo, top, bottom, left, right, border)
        rows, columns = slice(y + top, y + top + self.size), slice(x + left, x + left + self.size)
        return np.asarray(whole[rows, columns], np.uint8)


def portrait(photo: Image, mesh: Points) -> Portrait:
    """Return a photo that can move."""
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    size = int(np.ceil(AROUND * float((high - low).max()) / EVEN)) * EVEN
    x, y = ((low + high) / 2 - size / 2).round().astype(int)
    return Portrait(photo, mesh, (int(x), int(y)), size)


def portrait_meshes(own: Portrait, performance: Floats) -> Floats:
    """Return the meshes (n, 478, 3) of the photo that moves as a performance does."""
    person = person_shape(own.mesh[None])
    moving, still = transfer(performance, person), find_heads(own.mesh[None], person.rest)
    wanted, found = np.empty(performance.shape, np.float32), []
    parts = [slice(first, first + BLOCK) for first in range(0, len(performance), BLOCK)]
    for part in parts:
        wanted[part], places = moving.heads(part.start, min(part.stop, len(performance)))
        found.append(places)
    there = HeadPlaces(
        *(np.concatenate([getattr(one, name) for one in found]) for name in vars(found[0]))
    )
    own_places = _own_places(there, still, float(np.ptp(person.rest[:, 0])))
    for part in parts:
        some = HeadPlaces(*(array[part] for array in vars(own_places).values()))
        wanted[part] = some.to_pictures(wanted[part].astype(np.float64))
    return wanted


def _own_places(there: HeadPlaces, still: HeadPlaces, width: float) -> HeadPlaces:
    """Return how the photo's head lies in each frame; `there` is how the performer's does."""
    alike = np.einsum("nij,ij->n", there.turn, still.turn[0])  # the greater, the smaller the angle
    turn = _limited(there.turn @ there.turn[int(alike.argmax())].T) @ still.turn[0]
    away = (there.shift - np.median(there.shift, axis=0)) / np.median(there.scale)
    away = np.clip(away, -SHIFTED * width, SHIFTED * width) * [1, 1, 0]
    scale = np.full(len(turn), still.scale[0])
    return HeadPlaces(scale, turn, still.shift[0] + still.scale[0] * away)


def _limited(turns: Doubles) -> Doubles:
    """Return rotations (n, 3, 3) by smaller angles, which never reach TURNED."""
    found = np.empty_like(turns)
    for number, turn in enumerate(turns):
        axis = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
        angle = max(float(np.linalg.norm(axis)), np.finfo(float).tiny)
        found[number] = cv2.Rodrigues(axis * (TURNED * np.tanh(angle / TURNED) / angle))[0]
    return found
