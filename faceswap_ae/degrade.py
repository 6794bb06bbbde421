"""How does a face look in a worse clip: shaken, out of focus, small, compressed?

Lengths are shares of the picture's side, so that the look is the same at every size.
"""

import cv2
import numpy as np

from faceswap_ae.geometry import Image

SHAKE = (0.03, 0.09)  # of the side: a line's length
SOFT = (0.004, 0.018)  # of the side: a standard deviation
SMALL = (0.3, 0.8)  # of the side: what is left of it
QUALITY = (15, 75)  # of JPEG


def shaken(image: Image, rng: np.random.Generator) -> Image:
    """Blurred along a line."""
    length = image.shape[0] * rng.uniform(*SHAKE)
    angle = rng.uniform(0, np.pi)
    reach = max(1, int(np.ceil(length / 2)))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    # Sixteenths of a pixel.
    half = np.round(8 * length * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    begin, end = 16 * reach - half, 16 * reach + half
    cv2.line(kernel, _point(begin), _point(end), 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def softened(image: Image, rng: np.random.Generator) -> Image:
    """Out of focus."""
    spread = image.shape[0] * rng.uniform(*SOFT)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), spread), np.uint8)


def shrunk(image: Image, rng: np.random.Generator) -> Image:
    """Filmed with fewer pixels."""
    height, width = image.shape[:2]
    share = rng.uniform(*SMALL)
    few = max(2, round(share * width)), max(2, round(share * height))
    small = cv2.resize(image, few, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def compressed(image: Image, rng: np.random.Generator) -> Image:
    """Stored as a JPEG."""
    quality = int(rng.integers(QUALITY[0], QUALITY[1] + 1))
    # JPEG halves the colours' resolution, so which channel is red matters.
    blue_first = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".jpg", blue_first, (cv2.IMWRITE_JPEG_QUALITY, quality))
    unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(unpacked, cv2.COLOR_BGR2RGB), np.uint8)


def _point(place: "np.ndarray[tuple[int], np.dtype[np.int_]]") -> tuple[int, int]:
    return int(place[0]), int(place[1])
