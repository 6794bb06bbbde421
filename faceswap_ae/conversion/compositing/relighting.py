"""How is the light of the frame laid over a face (relighting)?

The light on a face changes smoothly from one side to the other. So the logarithm of each channel
is fitted by a polynomial of the place, for the face and for the frame, and the face is multiplied
by the ratio of both. Pores, hair and edges stay as they are.
"""

from functools import lru_cache

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Mask

FEW = 48  # pixels a side, enough for colours; shrinking averages grain away: it is not contrast
LEAST = 32.0  # of these pixels: a mask that covers fewer shows nothing
FITS, OUTLYING = 3, 0.15  # least-squares fits; the distance (of logarithms) where pixels count less
SMOOTHEST = 0.003  # penalty of a slope, as a share of the pixels
DARKEST, STRONGEST = 0.02, 4.0  # least brightness, and the greatest factor


def shrunk(picture: Floats, mask: Mask) -> tuple[Floats, Mask]:
    """Return a picture and its mask (h, w), reduced in size if the picture is large."""
    height, width = picture.shape[:2]
    weights, step = mask.reshape(height, width), min(height, width) // FEW
    if step <= 1:
        return picture, weights
    size, way = (width // step, height // step), cv2.INTER_AREA
    small = (cv2.resize(one, size, interpolation=way) for one in (picture, weights))
    smaller, less = (np.asarray(one, np.float32) for one in small)
    return smaller, less


def brightness(picture: Floats, mask: Mask) -> Doubles | None:
    """Return (6, 3): the polynomial of each channel's logarithm under the mask.

    What lies far off it (a beard, a brow, a highlight) counts less. None if the mask shows nothing.
    """
    picture, weights = shrunk(picture, mask)
    if weights.sum() < LEAST:
        return None
    seen = weights.ravel() > 0
    basis, plain = _basis(*weights.shape[::-1])[seen], weights.ravel()[seen].astype(np.float64)
    values = np.log(np.maximum(picture.reshape(-1, 3)[seen], DARKEST)).astype(np.float64)
    penalty = SMOOTHEST * plain.sum() * np.diag([0.0] + [1.0] * (basis.shape[1] - 1))
    count = plain
    for _ in range(FITS):
        weighted = basis * count[:, None]
        found = np.linalg.solve(basis.T @ weighted + penalty, weighted.T @ values)
        off = np.abs(values - basis @ found).mean(axis=1)
        count = plain / np.maximum(off / OUTLYING, 1)
    return np.asarray(found)


def middle_level(measured: Doubles) -> Doubles:
    """Return the brightness (3,) in the middle of the picture."""
    return np.asarray(np.exp(measured[0]))


def relight(face: Floats, of: Doubles, to: Doubles) -> Floats:
    """Return a face in another light: multiplied by the ratio of two brightnesses."""
    most = np.log(STRONGEST)
    ratio = np.exp(np.clip(_basis(FEW, FEW) @ (to - of), -most, most)).astype(np.float32)
    field = cv2.resize(ratio.reshape(FEW, FEW, 3), face.shape[1::-1])
    return np.asarray(np.clip(face * field, 0, 1), np.float32)


@lru_cache(maxsize=8)
def _basis(width: int, height: int) -> Doubles:
    """Return the terms (pixels, 6) of the polynomial; x and y go from -1 to 1."""
    x, y = np.meshgrid(*[(np.arange(side) + 0.5) / side * 2 - 1 for side in (width, height)])
    terms = [np.ones_like(x), x, y, x * x, x * y, y * y]
    return np.stack([term.ravel() for term in terms], axis=1)
