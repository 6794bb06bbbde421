"""Where are the 68 landmarks of a face, given its box?

dlib's regression trees (Kazemi & Sullivan, 2014) depend on the box and answer in whole pixels. This
file reduces both errors. A first pass gives rough landmarks. They say where to cut the face out,
upright and at a fixed size. Two more passes look at this cut, with a box that is a little too small
and with one that is a little too large. So an unsteady box or a tilted head has little effect. The
mean of two answers in whole pixels of the cut is finer than a pixel of the frame.
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
SHARE = 0.62  # of the cut's side that the box takes: dlib also looks outside the box
LOOKS = (0.95, 1.05)  # factors for the side of the box


@dataclass(frozen=True)
class Landmarker:
    """dlib's shape predictor, and the box in the cut that is passed to it."""

    predict: Callable[..., Any]
    box: Any

    def __call__(self, image: Image, square: Square) -> Points:
        """Return the landmarks of the face in a square, (68, 2) in the image's pixels."""
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
    """Return the landmarker; its weights are read once."""
    import dlib

    low, high = (round(SIDE * (1 + sign * SHARE) / 2) for sign in (-1, 1))
    return Landmarker(
        dlib.shape_predictor(str(weight_file(SHAPE))), dlib.rectangle(low, low, high - 1, high - 1)
    )
