"""How is a face of another program cut to one of our square crops?

It is cut once, out of the crop that it came in, to the largest of our squares that lies inside that
crop, apart from a small share (BEYOND): so hardly any border is invented. A crop that equals ours
to the pixel is kept as it is. What the set does not say about a face is measured here.
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

SQUARES = ("head", "whole", "full", "mid", "half")  # of alignment.CROPS, the largest first
BEYOND, HALF_BEYOND = 0.05, 0.25  # of a square's side, may be outside the crop; second: of "half"
KEPT = 1.0  # pixels: a crop whose corners are nearer than this to ours is kept as it is
LEAST = 16  # pixels that the landmarks must span
STRANGE = 0.3  # misfit above which landmarks are not those of a face
MEASURED = 256  # pixels a side of the crop on which quality is measured
FRAME = 5  # side of a frame of unknown size, as a multiple of the landmarks' span
ITSELF = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

Describe = Callable[[Image, Points], Descriptor]  # a face's descriptor, from any picture


@dataclass(frozen=True, eq=False)
class Recut:
    """A face in the form in which it is written to a folder."""

    pixels: Image
    stored: StoredFace
    mask: Image | None


def recut(found: Candidate, describe: Describe, square: str = "whole") -> Recut:
    """Load a face and cut it to the largest possible square up to `square`. Raises UserError."""
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
    if not across >= LEAST:  # `not >=` is also true for NaN
        raise ValueError(f"landmarks of a face of {across:.0f} pixels")
    if not misfit(landmarks) <= STRANGE:
        raise ValueError("landmarks that are no face's")


def _square(foreign: ForeignFace, most: str) -> tuple[str, Matrix]:
    """Return the largest square inside the picture, and the matrix from the picture to it."""
    squares = SQUARES[SQUARES.index(most) :]
    for name in squares[:1] if foreign.is_frame else squares:
        matrix = matrix_of(foreign.landmarks, name, SIZE)
        allowed = HALF_BEYOND if name == squares[-1] else BEYOND
        if foreign.is_frame or _beyond(foreign.image, matrix) <= allowed:
            return name, matrix
    raise ValueError("less than half a face in the picture")


def _beyond(image: Image, matrix: Matrix) -> float:
    """Return how far a square reaches out of a picture, as a share of the square's side."""
    corners = transform(_corners(SIZE, SIZE), invert(matrix))
    low, high = _corners(*image.shape[1::-1])[[0, 2]]
    return float(max((low - corners).max(), (corners - high).max())) * scale_of(matrix) / SIZE


def _corners(width: int, height: int) -> Points:
    """Return a picture's corners, clockwise: at the edges of its pixels, not their centres."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5


def _cut(foreign: ForeignFace, matrix: Matrix) -> tuple[Image, Matrix]:
    """Cut our square out of the picture, and return the matrix that was used.

    A crop that is already ours is kept: a shift of half a pixel would blur it for nothing.
    """
    corners = _corners(SIZE, SIZE)
    moved = float(np.linalg.norm(transform(corners, matrix) - corners, axis=1).max())
    if foreign.image.shape == (SIZE, SIZE, 3) and moved < KEPT:
        return foreign.image, ITSELF
    return warp(foreign.image, matrix, (SIZE, SIZE)), matrix


def _mask(mask: Image, image: Image, matrix: Matrix) -> Image:
    """Cut our square out of a mask that covers the whole picture."""
    (height, width), (rows, columns) = image.shape[:2], mask.shape
    x, y = width / columns, height / rows
    enlarge = np.array([[x, 0.0, (x - 1) / 2], [0.0, y, (y - 1) / 2]])
    return warp(mask, compose(matrix, enlarge), (SIZE, SIZE))


def _from_frame(foreign: ForeignFace) -> Matrix:
    return ITSELF if foreign.matrix is None else foreign.matrix


def _face(found: Candidate, foreign: ForeignFace) -> Face:
    """Return the face with all data except its descriptor."""
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
