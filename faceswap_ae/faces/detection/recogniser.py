"""Whose face is it? 128 numbers that are near for one person and far for two.

dlib's descriptor network, rebuilt in Keras, looks at chips that dlib itself cuts, so its distances
mean what people know of them: about .6 parts two people.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.record import DESCRIPTOR, Descriptor
from faceswap_ae.runtime.backend import load_keras

if TYPE_CHECKING:
    from faceswap_ae.faces.detection.dlib_networks import Describer

CHIP, PADDING = 150, 0.25  # dlib's geometry: pixels a side, and how much more than the features


def describe(faces: Sequence[tuple[Image, Points]]) -> NDArray[np.float32]:
    """The descriptors of faces in their pictures, (n, 128)."""
    if not faces:
        return np.zeros((0, DESCRIPTOR), np.float32)
    return _describer()(np.stack([chip(image, landmarks) for image, landmarks in faces]))


def describe_one(image: Image, landmarks: Points) -> Descriptor:
    """The descriptor of one face."""
    return np.asarray(describe([(image, landmarks)])[0], np.float32)


def chip(image: Image, landmarks: Points) -> Image:
    """The face as the network knows faces."""
    import dlib

    points = dlib.points([dlib.point(round(float(x)), round(float(y))) for x, y in landmarks])
    (left, top), (right, bottom) = landmarks.min(axis=0), landmarks.max(axis=0)
    box = dlib.rectangle(int(left), int(top), int(right), int(bottom))
    cut = dlib.get_face_chip(image, dlib.full_object_detection(box, points), CHIP, PADDING)
    return np.asarray(cut, np.uint8)


@cache
def _describer() -> "Describer":
    load_keras()
    from faceswap_ae.faces.detection.dlib_networks import Describer

    return Describer()
