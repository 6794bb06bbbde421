"""How good is a face for training: what are its sharpness, brightness and occlusion?

Sharpness: edges are compared with the same edges after one more blur, as Zhuo & Sim (2011) do for
defocus. A soft edge hardly changes. The contrast and the brightness of the face cancel out. A face
that is small in its frame is measured at its own resolution: it counts as sharp if it was in
focus, however few pixels it has.

Occlusion is estimated from colour. Two things count: pixels whose colour differs from the skin of
this face, and eyes or lips that do not differ from the skin where the landmarks say they are.
A beard or a fringe counts a little. A hand counts less than the area that it covers.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Flags, Floats, Image, Points
from faceswap_ae.faces.landmark_masks import eye_masks, hull_mask, mouth_mask, outline_mask

FINEST, COARSEST = 256, 32  # pixels of the crop's side for sharpness
BLURS = 1.0, 2.0  # standard deviations in pixels
EDGES, FLAT = 0.15, 0.3  # shares of the face with the strongest and the weakest gradients
FAINT = 0.01  # squared levels per pixel: below this there is no edge
SMALL = 64  # pixels of the crop's side for colours
SIZE = SMALL, SMALL
LEAST = 40  # pixels of face in that small crop: with fewer, nothing can be measured
DEGREE = 4  # of the polynomial that models the skin's colour over the face: light, cheeks, chin
REFITS = 3
ODD = 6.0  # distance in CIE a and b from that polynomial; a pixel beyond is not this skin
DARK = 0.22  # least luma of the skin: a darker picture is brightened before colours are measured
# CIE units: below the first value the feature is surely covered, above the second surely visible.
EYE, LIPS = (4.0, 8.0), (2.0, 5.0)
BROW = 2.0  # pixels of the small crop, on each side of a brow's line
NEAR = np.ones((3, 3), np.uint8)  # kernel: one pixel in each direction
LIGHT = 50.0  # CIE L of the skin from which on EYE and LIPS hold unchanged
COVERED = 0.1  # share of the face: for covered eyes, and again for a covered mouth


@dataclass(frozen=True)
class Quality:
    """Sharpness, brightness and occlusion of one face, all in [0, 1].

    Sharpness: 0.3 to 0.4 in focus, 0.15 blurred by 2 pixels (standard deviation), 0.04 by 5.
    Brightness: mean luma. Occlusion: an estimate of the covered share of the face.
    """

    sharpness: float
    brightness: float
    occlusion: float


def measure_quality(crop: Image, landmarks: Points, scale: float) -> Quality:
    """Measure a face in a square crop.

    `landmarks` are in the crop's pixels; `scale` is the number of crop pixels per frame pixel. If
    the crop contains almost no face, the result is black, without sharpness and fully covered.
    """
    small, points = _shrunk(crop, landmarks, SMALL)
    face = hull_mask(points, SIZE) > 127
    if np.count_nonzero(face) < LEAST:
        return Quality(0.0, 0.0, 1.0)
    brightness = float(_luma(small)[face].mean()) / 255
    return Quality(_sharpness(crop, landmarks, scale), brightness, _occlusion(small, points, face))


def _shrunk(crop: Image, landmarks: Points, side: int) -> tuple[Image, Points]:
    share = side / crop.shape[0]
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA) if share != 1 else crop
    return np.asarray(small, np.uint8), (landmarks + 0.5) * share - 0.5


def _luma(image: Image) -> Floats:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def _sharpness(crop: Image, landmarks: Points, scale: float) -> float:
    own = round(crop.shape[0] / max(scale, 1.0))  # the crop's side in the frame's own pixels
    side = min(max(own, COARSEST), FINEST)
    small, points = _shrunk(crop, landmarks, side)
    mask = hull_mask(points, (side, side))
    left, top, width, height = cv2.boundingRect(mask)
    box = slice(top, top + height), slice(left, left + width)
    luma, inside = _luma(np.ascontiguousarray(small[box])), mask[box] > 127
    fine, coarse = (_slopes(luma, inside, blur) for blur in BLURS)
    steep = coarse[0] + coarse[1]
    weakest, strongest = int(FLAT * steep.size), int((1 - EDGES) * steep.size)
    ranked = np.partition(steep, (weakest, strongest))
    edges, flat = steep >= ranked[strongest], steep <= ranked[weakest]
    # Gradients in flat parts are noise. The same noise is on the edges, so it is subtracted.
    sharp, soft = (slopes @ _mean(edges) - slopes @ _mean(flat) for slopes in (fine, coarse))
    # The worse of the two directions counts: motion blurs only along its own direction.
    ratio = float((sharp / np.maximum(soft, FAINT)).min())
    # An edge with a blur of s has the ratio (s^2 + 4) / (s^2 + 1), so this is 1 / (1 + s^2).
    return float(np.clip((ratio - 1) / ((BLURS[1] / BLURS[0]) ** 2 - 1), 0, 1))


def _mean(chosen: Flags) -> Floats:
    """Return weights whose dot product with values is the mean of the chosen values."""
    return np.asarray(chosen / np.float32(chosen.sum()), np.float32)


def _slopes(luma: Floats, inside: Flags, blur: float) -> Floats:
    """Return the squared horizontal and vertical gradients (2, n) of the pixels inside."""
    soft = cv2.GaussianBlur(luma, (0, 0), blur)
    both = (cv2.Sobel(soft, cv2.CV_32F, *way, ksize=1)[inside] for way in ((1, 0), (0, 1)))
    return np.square(np.stack(list(both)))


def _occlusion(small: Image, points: Points, face: Flags) -> float:
    skin = _skin(points, face)
    if np.count_nonzero(skin) < LEAST:
        return 1.0
    lab = _lab(small, skin)
    usual = np.median(lab[skin], axis=0)
    eyes, mouth = eye_masks(points, SIZE, 0), mouth_mask(points, SIZE, 0) > 127
    eye = min(_spread(lab[..., 0], mask) for mask in eyes)
    lips = float(np.hypot(*(lab[mouth] - usual)[:, 1:].mean(axis=0))) if mouth.any() else 0.0
    # In a dark picture all colours differ less.
    share = float(np.clip(usual[0] / LIGHT, 0.1, 1))
    gone = _covered(eye / share, EYE) + _covered(lips / share, LIPS)
    return min(1.0, _odd(lab[..., 1:], skin) + COVERED * gone)


def _skin(points: Points, face: Flags) -> Flags:
    """Return the skin of cheeks, forehead, nose and chin.

    Not included: a rim of one pixel, eyes, mouth, brows and the part under the nose.
    """
    hairy = points[17:22], points[22:27], points[31:36]  # the brows, and the part under the nose
    features = mouth_mask(points, SIZE)
    for mask in (*eye_masks(points, SIZE), *(outline_mask(line, SIZE, BROW) for line in hairy)):
        features |= mask
    inner = cv2.erode(face.astype(np.uint8), NEAR) > 0
    return np.asarray(inner & (cv2.dilate(features, NEAR) < 128))


def _lab(small: Image, skin: Flags) -> Floats:
    """Return CIE L, a, b; a dark picture is brightened first, because colours fade in the dark."""
    gain = 1 / min(max(float(np.median(_luma(small)[skin])) / DARK, 1.0), 255)
    lit = np.minimum(small * np.float32(gain), np.float32(1))
    return np.asarray(cv2.cvtColor(lit, cv2.COLOR_RGB2LAB), np.float32)


def _spread(lightness: Floats, mask: Image) -> float:
    seen = lightness[mask > 127]
    return float(seen.std()) if seen.size else 0.0


def _covered(seen: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return float(np.clip((high - seen) / (high - low), 0, 1))


def _odd(colour: Floats, skin: Flags) -> float:
    """Return the share of the skin whose colour (height, width, 2) differs from the rest."""
    terms, seen = _terms()[:, skin], colour[skin].astype(np.float64)
    weight = np.ones(len(seen))
    for _ in range(REFITS):
        squares = (terms * weight) @ terms.T + 1e-6 * np.eye(len(terms))
        fitted = terms.T @ np.linalg.solve(squares, (terms * weight) @ seen)
        off = np.hypot(*(seen - fitted).T)
        # Geman & McClure's weight: outliers have almost no influence.
        near = 2.0 * max(1.5 * float(np.median(off)), 1.0)
        weight = 1 / (1 + (off / near) ** 2) ** 2
    return float((off > ODD).mean())


@lru_cache(maxsize=1)
def _terms() -> NDArray[np.float64]:
    """Return (15, height, width): all products of powers of x and y up to the degree."""
    y, x = np.mgrid[-1 : 1 : SMALL * 1j, -1 : 1 : SMALL * 1j]
    powers = [(i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers])
