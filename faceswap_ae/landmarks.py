"""Where are the 68 landmarks of a face, given its box?

dlib's regression trees (Kazemi & Sullivan, 2014) start from a box and answer in whole pixels. Both
are mended here. After a first look the face is cut out upright and at a fixed size, where its own
landmarks say it is, and looked at twice more, in a box a little too small and one a little too
large. So a box that trembles or a head that leans matters little, and the mean of two answers in
whole pixels of the cut is finer than a pixel of the frame. (`python -m benchmarks.landmarks`)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from faceswap_ae.doctor import weight
from faceswap_ae.geometry import Image, Matrix, Points, invert, transform, warp

SHAPE = "shape_predictor_68_face_landmarks.dat"
SIDE = 256  # pixels of the cut
SHARE = 0.62  # of the cut's side that the box takes: dlib looks beyond it
# Where dlib's box is by the landmarks, as the medians over a clip of the cast: its side as a
# multiple of their height, its centre below their mean as a share of its side.
HEIGHTS, BELOW = 1.05, -0.05
LOOKS = (0.95, 1.05)  # of the box's side
LEAST = 2.0  # pixels, of a side

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True, eq=False)
class Square:
    """Where a face is: a box that may lean."""

    centre: Points  # (2,)
    side: float
    angle: float = 0.0  # radians, clockwise in the picture

    @property
    def box(self) -> Box:
        """Upright, about the same centre."""
        (x, y), half = self.centre, self.side / 2
        return float(x - half), float(y - half), float(x + half), float(y + half)

    def cut(self, size: int, share: float) -> Matrix:
        """Frame to a picture of `size` with the square upright in its middle, `share` as wide."""
        scale = share * size / self.side
        cosine, sine = scale * np.cos(self.angle), scale * np.sin(self.angle)
        linear = np.array([[cosine, sine], [-sine, cosine]])
        return np.column_stack([linear, (size - 1) / 2 - linear @ self.centre])


def square_around(points: Points) -> Square:
    """The box, upright by the eyes, in which dlib would have found these 68 landmarks."""
    eyes = points[42:48].mean(axis=0) - points[36:42].mean(axis=0)
    angle = float(np.arctan2(eyes[1], eyes[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    height = float(np.ptp(points @ np.array([-sine, cosine])))
    side = max(LEAST, HEIGHTS * height)
    down = np.array([-sine, cosine])
    return Square(points.mean(axis=0) + BELOW * side * down, side, angle)


@dataclass(frozen=True)
class Landmarker:
    """dlib's shape predictor, and the box that it is given."""

    predict: Callable[..., Any]
    box: Any

    def __call__(self, image: Image, square: Square) -> Points:
        """The landmarks of the face in a square, (68, 2) in the image's pixels."""
        better = square_around(self._look(image, square, 1.0))
        looks = [self._look(image, better, look) for look in LOOKS]
        return np.asarray(np.mean(looks, axis=0), np.float64)

    def _look(self, image: Image, square: Square, look: float) -> Points:
        matrix = square.cut(SIDE, SHARE / look)
        cut = cv2.cvtColor(warp(image, matrix, (SIDE, SIDE)), cv2.COLOR_RGB2GRAY)
        parts = self.predict(cut, self.box).parts()
        points = np.array([(part.x, part.y) for part in parts], np.float64)
        return transform(points, invert(matrix))


@cache
def landmarker() -> Landmarker:
    """The predictor with its weights, read once."""
    import dlib

    low, high = (round(SIDE * (1 + sign * SHARE) / 2) for sign in (-1, 1))
    return Landmarker(
        dlib.shape_predictor(str(weight(SHAPE))), dlib.rectangle(low, low, high - 1, high - 1)
    )
