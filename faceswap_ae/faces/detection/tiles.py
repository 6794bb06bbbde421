"""Where are faces that are too small for a search of the whole picture?

A detector shrinks a picture to the size of its network, and a face of 24 pixels vanishes in it. So
it gets the picture in tiles too, which overlap by more than such a face: each lies whole in one.
Faces larger than the overlap are left to the search of the whole picture, for a tile may cut them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.detection.detectors import DetectedBox, Detector

TILE, OVERLAP = 256, 64  # pixels: the side of a tile, and what it shares with the next one


def in_tiles(detector: Detector) -> Detector:
    """Return a detector that finds small faces, tile by tile. A face may come twice."""

    def look(images: Sequence[Image]) -> list[list[DetectedBox]]:
        return [_look(detector, image) for image in images]

    return look


def _look(detector: Detector, image: Image) -> list[DetectedBox]:
    height, width = image.shape[:2]
    tall, wide = min(TILE, height), min(TILE, width)
    corners = [(x, y) for y in _begins(height) for x in _begins(width)]
    cut = [np.ascontiguousarray(image[y : y + tall, x : x + wide]) for x, y in corners]
    return [
        _moved(box, corner)
        for corner, boxes in zip(corners, detector(cut), strict=True)
        for box in boxes
        if box.square.side <= OVERLAP
    ]


def _begins(length: int) -> Iterator[int]:
    """Yield where the tiles of one side of a picture begin; the last one ends with the picture."""
    last = max(0, length - TILE)
    yield from range(0, last, TILE - OVERLAP)
    yield last


def _moved(box: DetectedBox, corner: tuple[int, int]) -> DetectedBox:
    return replace(box, square=replace(box.square, centre=box.square.centre + corner))
