"""How similar is a picture of a face to its reference, pixel by pixel (SSIM, PSNR, seam, detail)?

Both pictures are cropped to the same square around the face, by the same landmarks, and compared
under a mask. Structural similarity is that of Wang et al. (2004). If the true picture is not known,
sharpness and seam are measured against the original. It shows another person, but it is as sharp as
the swap should be, and has no seam.
"""

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Flags, Image, Points, warp
from faceswap_ae.faces.alignment import matrix_of

SIDE, CROP = 256, "full"  # pixels a side, and kind, of the crop that is compared
SIGMA, WINDOW = 1.5, (11, 11)  # pixels of the Gaussian: Wang et al.
LIGHT, STRUCTURE = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # the constants of Wang et al.
SOFTENED = 1.0  # pixels: finer detail is grain, which a network should not draw
RIM = 9  # pixels along the mask's border that belong to the seam, not to the face
BESIDE = 2.0  # pixels on each side of a border that are compared


def aligned(image: Image, landmarks: Points) -> Image:
    """Return the crop of 256 pixels a side around a face; a mask (height, width) works too."""
    return warp(image, matrix_of(landmarks, CROP, SIDE), (SIDE, SIDE))


def ssim(made: Image, true: Image, mask: Flags) -> float:
    """Return the structural similarity of luma, the mean over the mask: 1 for the same picture."""
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
    """Return the PSNR of luma under the mask, in decibels; infinite for the same picture."""
    if not mask.any():
        return np.nan
    error = float(np.square(_luma(made) - _luma(true))[mask].mean())
    return float(10 * np.log10(255**2 / error)) if error > 0 else np.inf


def sharpness(made: Image, true: Image, mask: Flags) -> float:
    """Return how much detail a face has: below 1 it is blurred, above 1 too sharp or noisy."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
    if not inner.any():
        return np.nan
    found, wanted = (float(_detail(one)[inner].std()) for one in (made, true))
    return found / wanted if wanted > 0 else np.nan


def seam(made: Image, true: Image, mask: Flags) -> float:
    """Return the colour step at the mask's border, in levels, beyond that in the true picture."""
    border = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    if not border.any():
        return np.nan
    found, wanted = (_steps(one, mask, border) for one in (made, true))
    # Where hair or the neck begin there is always a step. A step that became smaller is no seam.
    return float(np.maximum(found - wanted, 0).mean())


def overlap(one: Flags, other: Flags) -> float:
    """Return the intersection over union of two masks; 1 for two empty ones."""
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
    """Return (n,): the difference in levels between just inside and just outside the border."""
    colours = image.astype(np.float64)
    inside = mask.astype(np.float64)
    inner, outer = (_beside(colours, side)[border] for side in (inside, 1 - inside))
    return np.asarray(np.abs(inner - outer).mean(axis=1))


def _beside(colours: Doubles, side: Doubles) -> Doubles:
    """Return the mean colour around each pixel, of the pixels on one side of the border only."""
    total, share = (
        cv2.GaussianBlur(one, (0, 0), BESIDE) for one in (colours * side[..., None], side)
    )
    return np.asarray(total / np.maximum(share, 1e-6)[..., None])
