"""How near is a picture of a face to the one it should be, pixel by pixel?

Both are cut out as one square around the face, by the same landmarks, and compared under a mask.
Structural similarity is Wang et al.'s (2004). Where the true picture is not known, sharpness and
seam are told against the original: it is another person, but as sharp and without a seam.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Flags, Image, Points, warp
from faceswap_ae.faces.alignment import matrix_of

SIDE, CROP = 256, "full"  # pixels, and kind, of the square that is compared
SIGMA, WINDOW = 1.5, (11, 11)  # pixels, of the Gaussian: Wang et al.
LIGHT, STRUCTURE = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # their constants
SOFTENED = 1.0  # pixels: finer than this is grain, which no network should draw
RIM = 9  # pixels along the mask's border that belong to the seam, not to the face
BESIDE = 2.0  # pixels on each side of a border that are compared


def aligned(image: Image, landmarks: Points) -> Image:
    """The square of 256 pixels around a face; a mask (height, width) is cut as pictures are."""
    return warp(image, matrix_of(landmarks, CROP, SIDE), (SIDE, SIDE))


def ssim(made: Image, true: Image, mask: Flags) -> float:
    """Structural similarity of luma, the mean over the mask: 1 for the same picture."""
    if not mask.any():
        return np.nan
    one, other = _luma(made), _luma(true)
    mean, mean_other = _smooth(one), _smooth(other)
    product, squares = mean * mean_other, mean**2 + mean_other**2
    together = _smooth(one * other) - product
    apart = _smooth(one**2 + other**2) - squares
    light = (2 * product + LIGHT) / (squares + LIGHT)
    return float((light * (2 * together + STRUCTURE) / (apart + STRUCTURE))[mask].mean())


def psnr(made: Image, true: Image, mask: Flags) -> float:
    """Of luma under the mask, in decibels; infinite for the same picture."""
    if not mask.any():
        return np.nan
    error = float(np.square(_luma(made) - _luma(true))[mask].mean())
    return float(10 * np.log10(255**2 / error)) if error > 0 else np.inf


def sharpness(made: Image, true: Image, mask: Flags) -> float:
    """How much detail a face has: below 1 it is blurred, above 1 too sharp or noisy."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
    if not inner.any():
        return np.nan
    found, wanted = (float(_detail(one)[inner].std()) for one in (made, true))
    return found / wanted if wanted > 0 else np.nan


def seam(made: Image, true: Image, mask: Flags) -> float:
    """Levels by which colours step more across the mask's border than in the true picture."""
    border = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    if not border.any():
        return np.nan
    found, wanted = (_steps(one, mask, border) for one in (made, true))
    # Where hair or the neck begin there is a step anyway, and to make it smaller is no seam.
    return float(np.maximum(found - wanted, 0).mean())


def overlap(one: Flags, other: Flags) -> float:
    """Intersection over union of two masks; 1 for two empty ones."""
    union = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / union) if union else 1.0


def _luma(image: Image) -> Doubles:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float64)


def _smooth(plane: Doubles) -> Doubles:
    return np.asarray(cv2.GaussianBlur(plane, WINDOW, SIGMA), np.float64)


def _detail(image: Image) -> Doubles:
    soft = cv2.GaussianBlur(_luma(image), (0, 0), SOFTENED)
    return np.asarray(cv2.Laplacian(soft, cv2.CV_64F), np.float64)


def _steps(image: Image, mask: Flags, border: Flags) -> Doubles:
    """(n,): levels between the colours just inside and just outside, along the border."""
    colours = image.astype(np.float64)
    inside = mask.astype(np.float64)
    inner, outer = (_beside(colours, side)[border] for side in (inside, 1 - inside))
    return np.asarray(np.abs(inner - outer).mean(axis=1))


def _beside(colours: Doubles, side: Doubles) -> Doubles:
    """The mean colour around each pixel of what is on one side."""
    total, share = (
        cv2.GaussianBlur(one, (0, 0), BESIDE) for one in (colours * side[..., None], side)
    )
    return np.asarray(total / np.maximum(share, 1e-6)[..., None])
