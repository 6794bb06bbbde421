"""How good is one face for training: is it sharp, is it light, is something before it?

Sharpness compares edges with themselves blurred once more, as Zhuo & Sim (2011) do for defocus: a
soft edge hardly changes. Contrast and light cancel out, and a face that is small in its frame is
looked at in its own pixels: it counts as sharp if it was in focus, however few they are.

Occlusion is a guess from colour: what differs from this face's own skin, and eyes or lips that do
not differ where landmarks say they are. A beard or a fringe counts a little, a hand less than it
covers.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Flags, Floats, Image, Points
from faceswap_ae.faces.landmark_masks import eye_masks, hull_mask, mouth_mask, outline_mask

FINEST, COARSEST = 256, 32  # pixels of the crop's side at which sharpness is looked at
BLURS = 1.0, 2.0  # pixels of standard deviation
EDGES, FLAT = 0.15, 0.3  # shares of the face that have the strongest and the weakest slopes
FAINT = 0.01  # squared levels per pixel: less is no edge at all
SMALL = 64  # pixels of the crop's side at which colours are looked at
SIZE = SMALL, SMALL
LEAST = 40  # pixels of face there without which nothing can be said
DEGREE = 4  # of the polynomial that skin's colour follows over the face: light, cheeks, chin
REFITS = 3
ODD = 6.0  # of CIE a and b: as far from that polynomial is not this skin
DARK = 0.22  # luma that skin is brought to at least before its colour is looked at
EYE, LIPS = (4.0, 8.0), (2.0, 5.0)  # CIE units: covered for sure below the first, open above
BROW = 2.0  # pixels there on each side of a brow's line
NEAR = np.ones((3, 3), np.uint8)  # a pixel around
LIGHT = 50.0  # CIE L of skin from which they are meant
COVERED = 0.1  # of the face, for each of eyes and mouth


@dataclass(frozen=True)
class Quality:
    """Sharpness in [0, 1]: .3 to .4 in focus, .15 blurred by 2 pixels (standard deviation), .04 by
    5. Brightness: mean luma in [0, 1]. Occlusion: about which share of the face is covered.
    """

    sharpness: float
    brightness: float
    occlusion: float


def measure_quality(crop: Image, landmarks: Points, scale: float) -> Quality:
    """Of a square crop with the landmarks in it, and how many of its pixels one of the frame is.

    Where no face is left inside the crop it is dark, soft and covered.
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
    # What trembles in flat parts is noise, and lies on the edges too.
    sharp, soft = (slopes @ _mean(edges) - slopes @ _mean(flat) for slopes in (fine, coarse))
    # The worst direction: what moves is blurred along its way only.
    ratio = float((sharp / np.maximum(soft, FAINT)).min())
    # Of an edge that is soft by s: (s^2 + 4) / (s^2 + 1), so this is 1 / (1 + s^2).
    return float(np.clip((ratio - 1) / ((BLURS[1] / BLURS[0]) ** 2 - 1), 0, 1))


def _mean(chosen: Flags) -> Floats:
    """Weights that average what is chosen."""
    return np.asarray(chosen / np.float32(chosen.sum()), np.float32)


def _slopes(luma: Floats, inside: Flags, blur: float) -> Floats:
    """(2, n): squared slopes across and down, of the pixels inside."""
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
    # In the dark everything differs less.
    share = float(np.clip(usual[0] / LIGHT, 0.1, 1))
    gone = _covered(eye / share, EYE) + _covered(lips / share, LIPS)
    return min(1.0, _odd(lab[..., 1:], skin) + COVERED * gone)


def _skin(points: Points, face: Flags) -> Flags:
    """Cheeks, forehead, nose and chin: inside the outline by a pixel, without what is not plain."""
    hairy = points[17:22], points[22:27], points[31:36]  # brows; and what is under the nose
    features = mouth_mask(points, SIZE)
    for mask in (*eye_masks(points, SIZE), *(outline_mask(line, SIZE, BROW) for line in hairy)):
        features |= mask
    inner = cv2.erode(face.astype(np.uint8), NEAR) > 0
    return np.asarray(inner & (cv2.dilate(features, NEAR) < 128))


def _lab(small: Image, skin: Flags) -> Floats:
    """CIE L, a, b, of dark pictures as if they were lighter: colours fade in the dark."""
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
    """The share of the skin whose colour (height, width, 2) is not the rest's."""
    terms, seen = _terms()[:, skin], colour[skin].astype(np.float64)
    weight = np.ones(len(seen))
    for _ in range(REFITS):
        squares = (terms * weight) @ terms.T + 1e-6 * np.eye(len(terms))
        fitted = terms.T @ np.linalg.solve(squares, (terms * weight) @ seen)
        off = np.hypot(*(seen - fitted).T)
        # Geman & McClure's weight: what is far off has no say.
        near = 2.0 * max(1.5 * float(np.median(off)), 1.0)
        weight = 1 / (1 + (off / near) ** 2) ** 2
    return float((off > ODD).mean())


@lru_cache(maxsize=1)
def _terms() -> NDArray[np.float64]:
    """(15, height, width): all products of powers of x and y up to the degree."""
    y, x = np.mgrid[-1 : 1 : SMALL * 1j, -1 : 1 : SMALL * 1j]
    powers = [(i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers])
