"""Which squares of a picture hold faces?

Each detector takes upright pictures of one size and answers for each with the faces it sees, the
surest first. `DETECTORS` names those that look at whole pictures; what `auto` adds, following a
face from frame to frame, is in follow.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image, Matrix, Points, transform
from faceswap_ae.faces.boxes import Square
from faceswap_ae.runtime.backend import load_keras

LARGE = 1920 * 1080  # pixels of a picture that a detector is given at most
SMALL = 640 * 360


@dataclass(frozen=True, eq=False)
class DetectedBox:
    """A face that a detector saw."""

    square: Square
    score: float
    detector: str


Detector = Callable[[Sequence[Image]], list[list[DetectedBox]]]


def cnn(pixels: int = LARGE, enlarge: float = 1.0) -> Detector:
    """dlib's CNN (King, 2015), rebuilt in Keras: sure of faces turned and dim, on any device.

    It sees faces of 80 pixels and more; small pictures may be enlarged so many times at most.
    """
    load_keras()
    from faceswap_ae.faces.detection.dlib_networks import MmodDetector

    net = MmodDetector()

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        fitted, scale = _fitted(images, pixels, enlarge)
        found = net.find(np.stack(fitted))
        return [
            [
                _spot((box.left, box.top, box.right, box.bottom), box.score, "cnn", scale)
                for box in boxes
            ]
            for boxes in found
        ]

    return look


def hog(pixels: int = LARGE) -> Detector:
    """dlib's gradient histograms: quick on a CPU, frontal faces only."""
    import dlib

    detector = dlib.get_frontal_face_detector()

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        fitted, scale = _fitted(images, pixels)
        return [run_hog(detector, image, scale) for image in fitted]

    return look


def run_hog(detector: Any, image: Image, scale: float = 1.0) -> list[DetectedBox]:
    """What dlib's detector sees in a picture that is `scale` times the frame's size."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)  # a third of the time, and the same faces
    boxes, scores, _ = detector.run(np.asarray(grey, np.uint8), 0, 0.0)
    return [
        _spot((box.left(), box.top(), box.right(), box.bottom()), score, "hog", scale)
        for box, score in zip(boxes, scores, strict=True)
    ]


def mtcnn(pixels: int = SMALL) -> Detector:
    """Zhang et al. (2016), where its package is installed."""
    load_keras()
    try:
        from mtcnn import MTCNN
    except ImportError as error:
        raise UserError("mtcnn is not installed; pip install 'faceswap-ae[mtcnn]'") from error
    # Its pyramid starts at faces of some 20 pixels, so the picture is kept small.
    detector = MTCNN()

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        fitted, scale = _fitted(images, pixels)
        found = [detector.detect_faces(image) for image in fitted]
        return [
            [
                _spot((x, y, x + width, y + height), face["confidence"], "mtcnn", scale)
                for face in faces
                for x, y, width, height in [face["box"]]
            ]
            for faces in found
        ]

    return look


DETECTORS: dict[str, Callable[[], Detector]] = {"cnn": cnn, "hog": hog, "mtcnn": mtcnn}


def with_turns(detector: Detector, turns: Sequence[int]) -> Detector:
    """The detector, which lays pictures on their sides (quarter turns) where it sees nothing."""

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        found = detector(images)
        for turn in turns:
            blank = [number for number, spots in enumerate(found) if not spots]
            turned = [np.ascontiguousarray(np.rot90(images[number], turn)) for number in blank]
            for number, spots in zip(blank, detector(turned) if turned else [], strict=True):
                found[number] = [_turned_back(spot, images[number], turn) for spot in spots]
        return found

    return look


def _turned_back(spot: DetectedBox, image: Image, turn: int) -> DetectedBox:
    (x, y), (height, width) = spot.square.centre, image.shape[:2]
    places = {1: (width - 1 - y, x), 2: (width - 1 - x, height - 1 - y), 3: (y, height - 1 - x)}
    leaning = Square(np.array(places[turn]), spot.square.side, turn * np.pi / 2)
    return replace(spot, square=leaning)


def placed(spot: DetectedBox, back: Matrix, angle: float) -> DetectedBox:
    """A spot seen in a cut, in the frame that `back` leads to."""
    scale = float(np.hypot(*back[:, 0]))
    centre = transform(spot.square.centre[None], back)[0]
    return replace(spot, square=Square(centre, spot.square.side * scale, angle))


def _fitted(
    images: Sequence[Image], pixels: int, enlarge: float = 1.0
) -> tuple[list[Image], float]:
    """Pictures of at most so many pixels, and how many times the frame's size they are."""
    height, width = images[0].shape[:2]
    scale = min(enlarge, (pixels / (height * width)) ** 0.5)
    if scale == 1:
        return list(images), scale
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = [np.asarray(cv2.resize(image, size, interpolation=how), np.uint8) for image in images]
    return scaled, scale


def _spot(
    box: tuple[float, float, float, float], score: float, name: str, scale: float
) -> DetectedBox:
    left, top, right, bottom = box
    centre: Points = np.array([left + right, top + bottom], np.float64) / 2
    # A pixel's centre in the small picture lies between those of the frame.
    centre = (centre + 0.5) / scale - 0.5
    side = (right - left + bottom - top + 2) / 2 / scale
    return DetectedBox(Square(centre, side), float(score), name)
