"""Which descriptor (face embedding) identifies the person of a face?

A descriptor has 128 numbers: descriptors of one person are near each other, descriptors of two
people are far apart. dlib's network, rebuilt in Keras, gets chips that dlib itself cuts. So the
distances have dlib's usual meaning: a distance of about 0.6 separates two people.
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

CHIP, PADDING = 150, 0.25  # dlib's geometry: pixels a side, and the padding around the features


def describe(faces: Sequence[tuple[Image, Points]]) -> NDArray[np.float32]:
    """Return the descriptors (n, 128) of faces, given by their pictures and landmarks."""
    if not faces:
        return np.zeros((0, DESCRIPTOR), np.float32)
    return _describer()(np.stack([chip(image, landmarks) for image, landmarks in faces]))


def describe_one(image: Image, landmarks: Points) -> Descriptor:
    """Return the descriptor of one face."""
    return np.asarray(describe([(image, landmarks)])[0], np.float32)


def chip(image: Image, landmarks: Points) -> Image:
    """Cut out the chip of a face: upright and padded, as the network was trained on faces."""
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
