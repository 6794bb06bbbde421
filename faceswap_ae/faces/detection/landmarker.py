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

from faceswap_ae.common.geometry import Image, Points, invert, transform, warp
from faceswap_ae.faces.boxes import Square, square_around
from faceswap_ae.runtime.weights import weight_file

SHAPE = "shape_predictor_68_face_landmarks.dat"
SIDE = 256  # pixels of the cut
SHARE = 0.62  # of the cut's side that the box takes: dlib looks beyond it
LOOKS = (0.95, 1.05)  # of the box's side


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
        dlib.shape_predictor(str(weight_file(SHAPE))), dlib.rectangle(low, low, high - 1, high - 1)
    )
