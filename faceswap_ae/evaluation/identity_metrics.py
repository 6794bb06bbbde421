"""Whose face does a swap show, and does it do what the performer did?

FSGAN's protocol (Nirkin et al. 2019) as far as landmarks and descriptors tell it: identity by the
owner's view whose head is turned most alike, pose and expression against the performance. All
figures are per picture; what a detector itself gets wrong is in them, so print them beside those of
an untouched clip. Where the eyes look is in gaze.py, pixels are in fidelity.py.
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

BATCH = 64  # faces that are described at once
MOUTH = slice(48, 68)
BOX = 255.0  # pixels of the face's box at which papers tell how far the landmarks are off


@dataclass(frozen=True, eq=False)
class PersonViews:
    """Faces as they are seen in n pictures, one in each."""

    landmarks: Doubles  # (n, 68, 2) in their pictures' pixels
    descriptors: Doubles  # (n, 128)
    poses: Doubles  # (n, 3): yaw, pitch, roll in degrees; NaN where none fits

    def __len__(self) -> int:
        return len(self.landmarks)

    def __getitem__(self, chosen: slice | NDArray[np.integer] | NDArray[np.bool_]) -> "PersonViews":
        return PersonViews(self.landmarks[chosen], self.descriptors[chosen], self.poses[chosen])


@dataclass(frozen=True, eq=False)
class Misplaced:
    """How far landmarks are from where they should be, (n,) each."""

    whole: Doubles  # length of the vector of all 136 coordinates, in pixels of the picture
    boxed: Doubles  # the same if the face's box were 255 pixels wide, as papers tell it
    points: Doubles  # mean over all points, as a share of the distance of the eyes
    eyes: Doubles  # the same of the eyes' points alone
    mouth: Doubles  # and of the mouth's


def describe_views(pictures: Iterable[tuple[Image, Points]]) -> PersonViews:
    """What is to be known of faces by their pictures and landmarks. Runs the descriptor network."""
    found, batch = [_nobody()], []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            found.append(_looked(batch))
            batch = []
    return _joined([*found, _looked(batch)])


def views_of_faces(faces: Iterable[Face]) -> PersonViews:
    """The same of faces that were looked at before."""
    rows = [(face.landmarks, face.descriptor, face.pose) for face in faces]
    return _views(*zip(*rows, strict=True)) if rows else _nobody()


def identity(found: PersonViews, person: PersonViews) -> Doubles:
    """(n,): distance of descriptors to this person's view that is nearest in pose.

    The less, the more alike; of two people it is .6 and more.
    """
    if len(person) == 0:
        raise ValueError("nobody to compare with: no views of the person")
    # Roll does not count: the network is shown upright faces.
    off = _wrapped(found.poses[:, None, :2] - person.poses[None, :, :2])
    away = np.linalg.norm(off, axis=2)
    nearest = np.where(np.isnan(away), np.inf, away).argmin(axis=1)
    return np.asarray(np.linalg.norm(found.descriptors - person.descriptors[nearest], axis=1))


def retrieved(found: PersonViews, people: Sequence[PersonViews]) -> NDArray[np.int64]:
    """(n,): the number of the person who owns the most similar of all views."""
    if not people or min(len(person) for person in people) == 0:
        raise ValueError("nobody to tell apart: no people, or one without views")
    nearest = [_distances(found, person).min(axis=1) for person in people]
    return np.asarray(np.argmin(nearest, axis=0), np.int64)


def pose_error(made: PersonViews, wanted: PersonViews, *, level: bool = False) -> Doubles:
    """(n,): degrees between the heads of a swap and of its performance; NaN where unknown."""
    off = _wrapped(made.poses - wanted.poses)
    return np.asarray(np.linalg.norm(_wrapped(levelled(off)) if level else off, axis=1))


def levelled(off: Doubles) -> Doubles:
    """Differences (n, ...) without what is the same all through a clip: their median.

    Another person's nose, or eyes that lie deeper, look like a turned head or another gaze. It is
    constant, and no fault of the swap: the true swap itself is 8 degrees off.
    """
    if not np.isfinite(off).any():
        return off
    known = np.isfinite(off).any(axis=0)
    usual = np.nanmedian(np.where(known, off, 0.0), axis=0)
    return np.asarray(off - usual)


def expression_error(made: Doubles, wanted: Doubles) -> Misplaced:
    """Of landmarks (n, 68, 2) against those of the performance or of the true swap."""
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
    """Half a turn to the left or right is as far as one gets."""
    return np.asarray((degrees + 180) % 360 - 180)


def _distances(one: PersonViews, other: PersonViews) -> Doubles:
    """(n, m): between all descriptors, without the n x m x 128 differences in memory."""
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
