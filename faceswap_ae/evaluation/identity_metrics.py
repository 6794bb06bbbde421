"""Whose identity does a swap show, and are pose and expression those of the performer?

This is the part of FSGAN's protocol (Nirkin et al. 2019) that landmarks and descriptors can
measure. Identity is compared with the owner's view whose head pose is most similar. Pose and
expression are compared with the performance. All metrics are per picture. They include the errors
of the detector itself, so they should be printed beside those of an untouched clip. Gaze is in
gaze.py, pixel metrics are in image_metrics.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Image, Points
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.head_pose import head_pose
from faceswap_ae.faces.landmark_masks import EYES
from faceswap_ae.faces.record import DESCRIPTOR, Face

BATCH = 64  # faces whose descriptors are computed at once
MOUTH = slice(48, 68)
BOX = 255.0  # pixels: width of the face's box for which papers report the landmark error


@dataclass(frozen=True, eq=False)
class PersonViews:
    """A person's faces in n pictures, one in each."""

    landmarks: Doubles  # (n, 68, 2) in their pictures' pixels
    descriptors: Doubles  # (n, 128)
    poses: Doubles  # (n, 3): yaw, pitch, roll in degrees; NaN if no pose fits

    def __len__(self) -> int:
        return len(self.landmarks)

    def __getitem__(self, chosen: slice | NDArray[np.integer] | NDArray[np.bool_]) -> "PersonViews":
        return PersonViews(self.landmarks[chosen], self.descriptors[chosen], self.poses[chosen])


@dataclass(frozen=True, eq=False)
class Misplaced:
    """The landmark errors of n faces, (n,) each."""

    whole: Doubles  # length of the vector of all 136 coordinates, in pixels of the picture
    boxed: Doubles  # the same for a face's box of 255 pixels, as papers report it
    points: Doubles  # mean over all points, as a share of the distance between the eyes
    eyes: Doubles  # the same for the eyes' points alone
    mouth: Doubles  # the same for the mouth's points alone


def describe_views(pictures: Iterable[tuple[Image, Points]]) -> PersonViews:
    """Compute the views of faces from their pictures and landmarks, with the descriptor network."""
    found, batch = [_nobody()], []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            found.append(_looked(batch))
            batch = []
    return _joined([*found, _looked(batch)])


def views_of_faces(faces: Iterable[Face]) -> PersonViews:
    """Return the views of faces whose descriptors and poses are already known."""
    rows = [(face.landmarks, face.descriptor, face.pose) for face in faces]
    return _views(*zip(*rows, strict=True)) if rows else _nobody()


def identity(found: PersonViews, person: PersonViews) -> Doubles:
    """Return (n,): the descriptor distance to this person's view that is nearest in pose.

    A smaller distance means more similar; between two people it is .6 and more.
    """
    if len(person) == 0:
        raise ValueError("nobody to compare with: no views of the person")
    # Roll does not count: the network gets upright faces.
    off = _wrapped(found.poses[:, None, :2] - person.poses[None, :, :2])
    away = np.linalg.norm(off, axis=2)
    nearest = np.where(np.isnan(away), np.inf, away).argmin(axis=1)
    return np.asarray(np.linalg.norm(found.descriptors - person.descriptors[nearest], axis=1))


def retrieved(found: PersonViews, people: Sequence[PersonViews]) -> NDArray[np.int64]:
    """Return (n,): the index of the person who has the most similar of all views."""
    if not people or min(len(person) for person in people) == 0:
        raise ValueError("nobody to tell apart: no people, or one without views")
    nearest = [_distances(found, person).min(axis=1) for person in people]
    return np.asarray(np.argmin(nearest, axis=0), np.int64)


def pose_error(made: PersonViews, wanted: PersonViews, *, level: bool = False) -> Doubles:
    """Return (n,): degrees between the head poses of two clips; NaN where one is unknown."""
    off = _wrapped(made.poses - wanted.poses)
    return np.asarray(np.linalg.norm(_wrapped(levelled(off)) if level else off, axis=1))


def levelled(off: Doubles) -> Doubles:
    """Return differences (n, ...) minus their constant part: the median over a clip.

    Another person's nose, or deeper eyes, look like a turned head or another gaze. This difference
    is constant, and not an error of the swap: the true swap itself has an error of 8 degrees.
    """
    if not np.isfinite(off).any():
        return off
    known = np.isfinite(off).any(axis=0)
    usual = np.nanmedian(np.where(known, off, 0.0), axis=0)
    return np.asarray(off - usual)


def expression_error(made: Doubles, wanted: Doubles) -> Misplaced:
    """Return the errors of landmarks (n, 68, 2) against the performance or the true swap."""
    if made.shape != wanted.shape:
        raise ValueError(f"landmarks of shape {made.shape} against {wanted.shape}")
    off = np.linalg.norm(made - wanted, axis=2)
    whole = np.linalg.norm(off, axis=1)
    sides = np.array([square_around(points).side for points in wanted])
    middles = [wanted[:, eye].mean(axis=1) for eye in EYES]
    apart = np.linalg.norm(middles[1] - middles[0], axis=1)
    eyes = np.concatenate([off[:, eye] for eye in EYES], axis=1)
    shares = (part.mean(axis=1) / apart for part in (off, eyes, off[:, MOUTH]))
    return Misplaced(whole, whole * BOX / sides, *shares)


def _wrapped(degrees: Doubles) -> Doubles:
    """Wrap angles to the range from -180 to 180 degrees."""
    return np.asarray((degrees + 180) % 360 - 180)


def _distances(one: PersonViews, other: PersonViews) -> Doubles:
    """Return (n, m): the distances between all descriptors.

    The n x m x 128 differences are never held in memory.
    """
    a, b = one.descriptors, other.descriptors
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _nobody() -> PersonViews:
    return PersonViews(np.zeros((0, 68, 2)), np.zeros((0, DESCRIPTOR)), np.zeros((0, 3)))


def _looked(pictures: Sequence[tuple[Image, Points]]) -> PersonViews:
    if not pictures:
        return _nobody()
    landmarks = [points for _, points in pictures]
    poses = [_pose(points, image.shape[1::-1]) for image, points in pictures]
    return _views(landmarks, describe(pictures), poses)


def _pose(landmarks: Points, size: tuple[int, ...]) -> tuple[float, float, float]:
    try:
        told = head_pose(landmarks, (size[0], size[1]))
    except ValueError:
        return np.nan, np.nan, np.nan
    return told.yaw, told.pitch, told.roll


def _views(*columns: Iterable[object]) -> PersonViews:
    return PersonViews(*(np.asarray(list(column), np.float64) for column in columns))


def _joined(parts: Sequence[PersonViews]) -> PersonViews:
    columns = zip(*((one.landmarks, one.descriptors, one.poses) for one in parts), strict=True)
    return PersonViews(*(np.concatenate(column) for column in columns))
