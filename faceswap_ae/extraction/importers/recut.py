"""How is a foreign face cut to one of our squares?

Once, out of the crop that it came in, to the largest of our squares that lies inside it: no border
is made up. A crop that is ours already, to the pixel, is kept as it is. What the set does not tell
of a face is measured here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from faceswap_ae.common.geometry import (
    Image,
    Matrix,
    Points,
    compose,
    invert,
    scale_of,
    transform,
    warp,
)
from faceswap_ae.extraction.importers.base import Box, Candidate, ForeignFace, explaining_damage
from faceswap_ae.faces.alignment import matrix_of, misfit
from faceswap_ae.faces.folders.face_file import SIZE
from faceswap_ae.faces.head_pose import head_pose
from faceswap_ae.faces.quality import measure_quality
from faceswap_ae.faces.record import DESCRIPTOR, Descriptor, Face, StoredFace

SQUARES = ("head", "whole", "full", "mid", "half")  # of align.CROPS, by size
BEYOND, HALF_BEYOND = 0.05, 0.25  # of a square's side, that may lie outside the crop
KEPT = 1.0  # pixels that a crop's corners may be from ours for it to be kept as it is
LEAST = 16  # pixels across the landmarks
STRANGE = 0.3  # misfit, beyond which landmarks are no face's
MEASURED = 256  # pixels a side, of the crop that quality is measured on
FRAME = 5  # times the landmarks' width, of a frame whose size nobody told
ITSELF = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

Describe = Callable[[Image, Points], Descriptor]  # whose face is it, in a picture of any kind


@dataclass(frozen=True, eq=False)
class Recut:
    """A face as it is written."""

    pixels: Image
    stored: StoredFace
    mask: Image | None


def recut(found: Candidate, describe: Describe, square: str = "whole") -> Recut:
    """Load a face and cut it to a square, at most the one named. Raises UserError."""
    foreign = found.load()
    with explaining_damage(found.name):
        _check(foreign.landmarks)
        crop, matrix = _square(foreign, square)
        pixels, matrix = _cut(foreign, matrix)
        face = _face(found, foreign)
        stored = StoredFace(face, crop, compose(matrix, _from_frame(foreign)))
    mask = None if foreign.mask is None else _mask(foreign.mask, foreign.image, matrix)
    known_by = np.asarray(describe(foreign.image, foreign.landmarks), np.float32)
    return Recut(pixels, replace(stored, face=replace(face, descriptor=known_by)), mask)


def _check(landmarks: Points) -> None:
    across = float(np.ptp(landmarks, axis=0).max())
    if not across >= LEAST:  # nor where it is no number
        raise ValueError(f"landmarks of a face of {across:.0f} pixels")
    if not misfit(landmarks) <= STRANGE:
        raise ValueError("landmarks that are no face's")


def _square(foreign: ForeignFace, most: str) -> tuple[str, Matrix]:
    """The largest square inside the picture, and the picture's pixels to it."""
    squares = SQUARES[SQUARES.index(most) :]
    for name in squares[:1] if foreign.is_frame else squares:
        matrix = matrix_of(foreign.landmarks, name, SIZE)
        allowed = HALF_BEYOND if name == squares[-1] else BEYOND
        if foreign.is_frame or _beyond(foreign.image, matrix) <= allowed:
            return name, matrix
    raise ValueError("less than half a face in the picture")


def _beyond(image: Image, matrix: Matrix) -> float:
    """How far a square reaches out of a picture, of its side."""
    corners = transform(_corners(SIZE, SIZE), invert(matrix))
    low, high = _corners(*image.shape[1::-1])[[0, 2]]
    return float(max((low - corners).max(), (corners - high).max())) * scale_of(matrix) / SIZE


def _corners(width: int, height: int) -> Points:
    """Of a picture, clockwise: its pixels' edges, not their centres."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5


def _cut(foreign: ForeignFace, matrix: Matrix) -> tuple[Image, Matrix]:
    """Our square of the picture. Half a pixel's shift would blur what needs no shift at all."""
    corners = _corners(SIZE, SIZE)
    moved = float(np.linalg.norm(transform(corners, matrix) - corners, axis=1).max())
    if foreign.image.shape == (SIZE, SIZE, 3) and moved < KEPT:
        return foreign.image, ITSELF
    return warp(foreign.image, matrix, (SIZE, SIZE)), matrix


def _mask(mask: Image, image: Image, matrix: Matrix) -> Image:
    """A mask that lies over all of a picture, in our square."""
    (height, width), (rows, columns) = image.shape[:2], mask.shape
    x, y = width / columns, height / rows
    enlarge = np.array([[x, 0.0, (x - 1) / 2], [0.0, y, (y - 1) / 2]])
    return warp(mask, compose(matrix, enlarge), (SIZE, SIZE))


def _from_frame(foreign: ForeignFace) -> Matrix:
    return ITSELF if foreign.matrix is None else foreign.matrix


def _face(found: Candidate, foreign: ForeignFace) -> Face:
    """All but the descriptor."""
    from_frame = _from_frame(foreign)
    landmarks = transform(foreign.landmarks, invert(from_frame))
    whole = matrix_of(foreign.landmarks, "whole", MEASURED)
    crop = warp(foreign.image, whole, (MEASURED, MEASURED))
    scale = scale_of(compose(whole, from_frame))
    quality = measure_quality(crop, transform(foreign.landmarks, whole), scale)
    facing = head_pose(landmarks, _frame_size(foreign, landmarks))
    return Face(
        id=found.id,
        source=foreign.source or found.stem,
        clip=foreign.clip,
        frame=foreign.frame,
        time=foreign.time,
        box=foreign.box or _around(landmarks),
        landmarks=landmarks,
        detector=found.made_by,
        score=1.0,
        descriptor=np.zeros(DESCRIPTOR, np.float32),
        sharpness=quality.sharpness,
        brightness=quality.brightness,
        occlusion=quality.occlusion,
        pose=(facing.yaw, facing.pitch, facing.roll),
    )


def _frame_size(foreign: ForeignFace, landmarks: Points) -> tuple[int, int]:
    if foreign.is_frame:
        height, width = foreign.image.shape[:2]
        return width, height
    side = FRAME * int(np.ptp(landmarks, axis=0).max() + 1)
    return side, side


def _around(landmarks: Points) -> Box:
    (left, top), (right, bottom) = landmarks.min(axis=0).tolist(), landmarks.max(axis=0).tolist()
    return left, top, right, bottom
