"""Which square of the frame is the face's crop?

The 68 landmarks are laid over DeepFaceLab's face template by the best similarity (geometry.py), and
a kind of crop is a square in the template's own units: its side and its centre. Whole is what face
folders hold; the smaller ones are cut out of it for training.
"""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.errors import unknown
from faceswap_ae.common.geometry import Matrix, Points, compose, fit_similarity
from faceswap_ae.faces.record import Face

FITTED = np.array([*range(17, 49), 54])  # brows, nose, eyes and the mouth's corners
# Their places in the unit square, from the mean of many faces (DeepFaceLab's and dlib's template).
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
    follows_turn: bool = False  # moves sideways with the head, so that the hair stays inside


CROPS = {
    "half": Crop(1.0),
    "mid": Crop(1 + SQRT8 * 0.0675),
    "full": Crop(1 + SQRT8 * 0.2109375),
    "whole": Crop(1 + SQRT8 * 0.40, (0.5, 0.43)),
    "head": Crop(1 + SQRT8 * 0.70, (0.5, 0.0), follows_turn=True),
    "inner": Crop(1.35, (0.5, 0.54)),
}


def matrix_of(landmarks: Points, crop: str, size: int) -> Matrix:
    """Frame to crop of `size` pixels a side, for 68 landmarks in frame pixels."""
    if crop not in CROPS:
        raise ValueError(unknown("crop", crop, CROPS))
    return compose(crop_matrix(crop, size, landmarks), to_template(landmarks))


def to_template(landmarks: Points) -> Matrix:
    """Frame to template units."""
    return fit_similarity(landmarks[FITTED], TEMPLATE)


def crop_matrix(crop: str, size: int, landmarks: Points | None = None) -> Matrix:
    """Template units to pixels of a crop; a crop that follows the head's turn needs landmarks."""
    kind = CROPS[crop]
    x, y = kind.centre
    if kind.follows_turn and landmarks is not None:
        x += _sideways(landmarks)
    scale = size / kind.side
    # A crop's edge lies half a pixel outside the centre of its first pixel.
    edge = size / 2 - 0.5
    return np.array([[scale, 0.0, edge - x * scale], [0.0, scale, edge - y * scale]])


def misfit(landmarks: Points) -> float:
    """How far from any face's shape: the mean distance to the template, in its units."""
    fitted = to_template(landmarks)
    placed = landmarks[FITTED] @ fitted[:, :2].T + fitted[:, 2]
    return float(np.linalg.norm(placed - TEMPLATE, axis=1).mean())


def _sideways(landmarks: Points) -> float:
    """How much farther the one edge of the jaw is from the nose than the other, halved."""
    placed = landmarks @ to_template(landmarks)[:, :2].T
    nose = placed[27:30, 0].mean()
    left, right = nose - placed[0:3, 0].mean(), placed[14:17, 0].mean() - nose
    return float(right - left) / 2


MISFIT = 0.12  # of the template's unit, beyond which no face is shaped so


def is_face(face: Face) -> bool:
    """Is it shaped like one? What detectors take for a face at times is not."""
    return bool(np.isfinite(face.landmarks).all()) and misfit(face.landmarks) <= MISFIT
