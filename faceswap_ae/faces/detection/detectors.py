"""Which detectors find the faces in whole pictures, and how is each one called?

A detector takes upright pictures of one size. For each picture it returns the faces that it finds,
the best score first. `DETECTORS` lists the detectors for whole pictures. The detector `auto`, which
also follows faces from frame to frame, is in video_detector.py.
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

LARGE = 1920 * 1080  # greatest number of pixels of a picture that a detector gets
MEDIUM = 1280 * 720  # in a thorough search
SMALL = 640 * 360
TURNS = (1, 3, 2)  # quarter turns in the order of the tries: phones held sideways first


@dataclass(frozen=True, eq=False)
class DetectedBox:
    """A face that a detector found: its square, its score and the detector's name."""

    square: Square
    score: float
    detector: str


Detector = Callable[[Sequence[Image]], list[list[DetectedBox]]]


def cnn(pixels: int = LARGE, enlarge: float = 1.0) -> Detector:
    """Return dlib's CNN detector (King, 2015), rebuilt in Keras, for any device.

    It is reliable for turned and dark faces. It finds faces of 80 pixels and more. Small pictures
    are enlarged, at most `enlarge` times.
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
    """Return dlib's HOG detector (gradient histograms): quick on a CPU, frontal faces only."""
    import dlib

    detector = dlib.get_frontal_face_detector()

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        fitted, scale = _fitted(images, pixels)
        return [run_hog(detector, image, scale) for image in fitted]

    return look


def run_hog(detector: Any, image: Image, scale: float = 1.0) -> list[DetectedBox]:
    """Run dlib's HOG detector on a picture that is `scale` times the frame's size."""
    # A grey picture takes a third of the time, and the detector finds the same faces.
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    boxes, scores, _ = detector.run(np.asarray(grey, np.uint8), 0, 0.0)
    return [
        _spot((box.left(), box.top(), box.right(), box.bottom()), score, "hog", scale)
        for box, score in zip(boxes, scores, strict=True)
    ]


def mtcnn(pixels: int = SMALL) -> Detector:
    """Return the MTCNN detector (Zhang et al., 2016), if its package is installed."""
    load_keras()
    try:
        from mtcnn import MTCNN
    except ImportError as error:
        raise UserError("mtcnn is not installed; pip install 'faceswap-ae[mtcnn]'") from error
    # Its pyramid starts at faces of about 20 pixels, so the picture is kept small.
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


def blaze() -> Detector:
    """Return MediaPipe's BlazeFace, for near and for far faces: quick, also on a CPU."""
    from faceswap_ae.faces.detection.blazeface import blazeface

    return together(blazeface("short"), blazeface("full"))


DETECTORS: dict[str, Callable[[], Detector]] = {
    "blaze": blaze,
    "cnn": cnn,
    "hog": hog,
    "mtcnn": mtcnn,
}


def together(*detectors: Detector) -> Detector:
    """Return a detector that finds what any of some detectors finds; a face may come twice."""

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        found = zip(*(detector(images) for detector in detectors), strict=True)
        return [[box for boxes in one for box in boxes] for one in found]

    return look


def with_turns(detector: Detector, turns: Sequence[int]) -> Detector:
    """Return a detector that also tries pictures rotated by quarter turns if it finds no face."""
    around = only_turned(detector, turns)

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        found = detector(images)
        blank = [number for number, spots in enumerate(found) if not spots]
        for number, spots in zip(blank, around([images[one] for one in blank]), strict=True):
            found[number] = spots
        return found

    return look


def only_turned(detector: Detector, turns: Sequence[int]) -> Detector:
    """Return a detector that tries pictures rotated by quarter turns, until it finds a face."""

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        found: list[list[DetectedBox]] = [[] for _ in images]
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
    """Map a face from a cut to the frame; `back` is the matrix from cut to frame."""
    scale = float(np.hypot(*back[:, 0]))
    centre = transform(spot.square.centre[None], back)[0]
    return replace(spot, square=Square(centre, spot.square.side * scale, angle))


def _fitted(
    images: Sequence[Image], pixels: int, enlarge: float = 1.0
) -> tuple[list[Image], float]:
    """Return pictures scaled to at most `pixels` pixels, and the scale factor."""
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
    # The centre of a pixel in the small picture is between the pixel centres of the frame.
    centre = (centre + 0.5) / scale - 0.5
    side = (right - left + bottom - top + 2) / 2 / scale
    return DetectedBox(Square(centre, side), float(score), name)
