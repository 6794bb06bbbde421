"""Which square of the frame is the crop of a face (alignment)?

The best similarity transform (geometry.py) maps the 68 landmarks to DeepFaceLab's face template.
Each kind of crop is a square in the template's own units, with a side and a centre. Face folders
hold crops of the kind `whole` by default. The smaller kinds are cut out of it for training.
"""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.errors import unknown
from faceswap_ae.common.geometry import Matrix, Points, compose, fit_similarity
from faceswap_ae.faces.record import Face

FITTED = np.array([*range(17, 49), 54])  # brows, nose, eyes and the mouth's corners
# Their places in the unit square: the mean of many faces (the template of DeepFaceLab and dlib).
TEMPLATE = np.array(
    [
        *[(0.000213, 0.106454), (0.075262, 0.038915), (0.18113, 0.018748), (0.29077, 0.034489)],
        *[(0.393397, 0.077391), (0.586856, 0.077391), (0.689483, 0.034489), (0.799124, 0.018748)],
        *[(0.904991, 0.038915), (0.98004, 0.106454), (0.490127, 0.203352), (0.490127, 0.307009)],
        *[(0.490127, 0.409805), (0.490127, 0.515625), (0.36688, 0.587326), (0.426036, 0.609345)],
        *[(0.490127, 0.628106), (0.554217, 0.609345), (0.613373, 0.587326), (0.121737, 0.216423)],
        *[(0.187122, 0.178758), (0.265825, 0.179852), (0.334606, 0.231733), (0.260918, 0.245099)],
        *[(0.182743, 0.244077), (0.645647, 0.231733), (0.714428, 0.179852), (0.793132, 0.178758)],
        *[(0.858516, 0.216423), (0.79751, 0.244077), (0.719335, 0.245099), (0.254149, 0.780233)],
        (0.726104, 0.780233),
    ]
)
SQRT8 = 2 * np.sqrt(2)


@dataclass(frozen=True)
class Crop:
    """A square in template units."""

    side: float
    centre: tuple[float, float] = (0.5, 0.5)
    follows_turn: bool = False  # moves sideways when the head turns, so that the hair stays inside


CROPS = {
    "half": Crop(1.0),
    "mid": Crop(1 + SQRT8 * 0.0675),
    "full": Crop(1 + SQRT8 * 0.2109375),
    "whole": Crop(1 + SQRT8 * 0.40, (0.5, 0.43)),
    "head": Crop(1 + SQRT8 * 0.70, (0.5, 0.0), follows_turn=True),
    "inner": Crop(1.35, (0.5, 0.54)),
}


def matrix_of(landmarks: Points, crop: str, size: int) -> Matrix:
    """Return the matrix from frame to crop (`size` pixels a side) for 68 landmarks in the frame."""
    if crop not in CROPS:
        raise ValueError(unknown("crop", crop, CROPS))
    return compose(crop_matrix(crop, size, landmarks), to_template(landmarks))


def to_template(landmarks: Points) -> Matrix:
    """Return the matrix from the frame to template units."""
    return fit_similarity(landmarks[FITTED], TEMPLATE)


def crop_matrix(crop: str, size: int, landmarks: Points | None = None) -> Matrix:
    """Return the matrix from template units to a crop's pixels.

    A kind of crop that follows the turn of the head needs the landmarks.
    """
    kind = CROPS[crop]
    x, y = kind.centre
    if kind.follows_turn and landmarks is not None:
        x += _sideways(landmarks)
    scale = size / kind.side
    # The edge of a crop is half a pixel outside the centre of its first pixel.
    edge = size / 2 - 0.5
    return np.array([[scale, 0.0, edge - x * scale], [0.0, scale, edge - y * scale]])


def misfit(landmarks: Points) -> float:
    """Return how much the landmarks differ from a face's shape.

    This is the mean distance between the fitted landmarks and the template, in template units.
    """
    fitted = to_template(landmarks)
    placed = landmarks[FITTED] @ fitted[:, :2].T + fitted[:, 2]
    return float(np.linalg.norm(placed - TEMPLATE, axis=1).mean())


def _sideways(landmarks: Points) -> float:
    """Return half the difference of the distances from the nose to the two edges of the jaw."""
    placed = landmarks @ to_template(landmarks)[:, :2].T
    nose = placed[27:30, 0].mean()
    left, right = nose - placed[0:3, 0].mean(), placed[14:17, 0].mean() - nose
    return float(right - left) / 2


MISFIT = 0.12  # template units; landmarks with a greater misfit do not count as a face


def is_face(face: Face) -> bool:
    """Return whether the landmarks have the shape of a face: detectors have false positives."""
    return bool(np.isfinite(face.landmarks).all()) and misfit(face.landmarks) <= MISFIT
