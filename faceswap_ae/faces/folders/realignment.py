"""How is a face realigned if its landmarks were wrong?

The user gives 68 landmarks in the pixels of the face's crop. The crop's matrix maps them back to
the frame. Then the crop is warped to its new alignment. The source is the old crop, because the
frame may not exist any more. Areas that the old crop did not show are mirrored. The old crop is
kept in `.dropped/`.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import (
    Image,
    Matrix,
    Points,
    compose,
    fit_similarity,
    invert,
    transform,
    warp,
)
from faceswap_ae.common.limits import parse_json, read_whole
from faceswap_ae.faces.alignment import matrix_of, misfit
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import mask_of, set_aside
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.faces.mesh import move_mesh
from faceswap_ae.faces.record import LANDMARKS, Face, StoredFace
from faceswap_ae.media import png

# Landmarks in another order have a misfit of 0.28 or more. The synthetic cast in full profile has
# up to 0.26.
MISFIT = 0.27
COVERED = 0.3  # least share of the new crop that the old one must show


@dataclass(frozen=True)
class Realignment:
    """The path of the old crop, and the share of the new one that had to be mirrored."""

    kept: Path
    mirrored: float


def read_points(path: Path) -> Points:
    """Read 68 landmarks, `[[x, y], ...]` or `{"landmarks": [[x, y], ...]}`, as (68, 2)."""
    try:
        told = parse_json(read_whole(path))
        points = np.asarray(told["landmarks"] if isinstance(told, dict) else told, np.float64)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not landmarks ({error}); write [[x, y], ...] as JSON") from error
    if points.shape != LANDMARKS or not np.isfinite(points).all():
        raise UserError(f"{path}: has points of shape {points.shape}, not 68 of x and y")
    if np.abs(points).max() <= 1:
        raise UserError(f"{path}: are in parts of the picture's side; give them in its pixels")
    return points


def realign(path: Path, points: Points) -> Realignment:
    """Give a face new landmarks, in the pixels of its present crop, and realign it."""
    stored = _stored(path)
    old = face_file.pixels(path)
    face, move = _moved(path, stored, points, old)
    side = old.shape[0]
    covered = _covered(move, side)
    if covered < COVERED:
        raise UserError(f"{path}: the new place shows {covered:.0%} of this picture; extract again")
    kept = set_aside(path)
    mask = face_file.mask(path)
    matrix = matrix_of(face.landmarks, stored.crop, side)
    new = warp(old, move, (side, side))
    if mask is None:
        face_file.write_crop(path, new, StoredFace(face, stored.crop, matrix))
    else:
        # Both files are complete before either replaces the old one.
        with replacing(mask_of(path)) as part:
            part.write_bytes(png.encode(_mask(mask, move, side)))
            face_file.write_crop(path, new, StoredFace(face, stored.crop, matrix))
    _record(path.parent, face)
    return Realignment(kept, 1 - covered)


def _stored(path: Path) -> StoredFace:
    if not path.is_file():
        raise UserError(f"{path}: no such face; name its PNG")
    stored = face_file.read(path)
    if stored is None:
        raise MediaError(f"{path}: carries no face data, so it has no landmarks to set right")
    return stored


def _moved(path: Path, stored: StoredFace, points: Points, old: Image) -> tuple[Face, Matrix]:
    """Return the face with its new landmarks, and the matrix from the old to the new crop."""
    if old.shape[0] != old.shape[1]:
        raise MediaError(f"{path}: is not square; extract it again")
    landmarks = transform(points, invert(stored.matrix))
    try:
        wrong = misfit(landmarks)
        matrix = matrix_of(landmarks, stored.crop, old.shape[0])
    except ValueError as error:
        raise UserError(f"{path}: landmarks that fit no face ({error})") from error
    if not wrong <= MISFIT:  # or not a number
        raise UserError(
            f"{path}: landmarks far from a face's shape ({wrong:.2f}); are they in dlib's order?"
        )
    # As a whole: nobody has corrected its points one by one.
    move, mesh = fit_similarity(stored.face.landmarks, landmarks), stored.face.mesh
    mesh = None if mesh is None else move_mesh(mesh, move)
    face = dataclasses.replace(
        stored.face, landmarks=landmarks, mesh=mesh, doubtful=False, corrected=True
    )
    return face, compose(matrix, invert(stored.matrix))


def _covered(move: Matrix, side: int) -> float:
    """Return the share of the new crop that the old one shows."""
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    back = transform(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64), invert(move))
    return float(((back > -0.5) & (back < side - 0.5)).all(axis=1).mean())


def _mask(mask: Image, move: Matrix, side: int) -> Image:
    """Warp the painted mask; it is 0 outside the old crop, where nothing was painted."""
    if mask.shape != (side, side):
        mask = np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.warpAffine(mask, move, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


def _record(folder: Path, face: Face) -> None:
    """Add the new landmarks to the journal, so that conversion uses them.

    The last row about a frame is valid, so this adds the frame's row again.
    """
    journal = Journal(folder)
    if face.frame not in journal.frames(face.clip):
        return
    found = journal.faces(face.clip, face.frame)
    if any(one.id == face.id for one in found):
        rows = [face if one.id == face.id else one for one in found]
        journal.add_frame(face.clip, face.frame, rows)
