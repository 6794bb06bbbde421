"""How are two pictures compared by pixels and structure: MAE, MSE, edges, SSIM?

Pictures are (n, h, w, c) in [0, 1], a weight is (n, h, w, 1) or (n, h, w, c). A loss is one number:
the mean over pixels of weight times difference. It is not divided by the sum of weights, so a small
weight gives a small loss. Inputs may have 16 bits; everything is computed in 32 bits. The file also
has the regularisation terms of a mask (sparsity, hinge, total variation) and a Gaussian blur.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from faceswap_ae.networks.model_interface import Tensor

WINDOW = 9  # pixels a side of the window in which structure is compared
SIGMA = 1.5  # pixels, of a Gaussian window: Wang et al. 2004
LIGHT, STRUCTURE = 0.01**2, 0.03**2  # the constants of the same paper, for a range of 1
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # weights, from fine to coarse: Wang et al. 2003
LEAST_LIKENESS = 0.01  # lower limit at any scale: the gradient of a power is infinite at 0
LEAST_WEIGHT = 1e-6  # lower limit of a mean weight that is divided by; below, pixels count nothing
# Subtracted from pictures before products: some GPUs multiply with only 11 bits, which is exact
# enough for values near 0.
GREY = 0.5

REACH = 3  # sigmas: beyond them the Gaussian is taken as 0
RIM = 32  # a mask's side divided by the sigma of its soft edge, as in DeepFaceLab


def mae(target: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean absolute difference."""
    return _weighed(ops.abs(_exact(target) - _exact(made)), weight)


def mse(target: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared difference."""
    return _weighed(ops.square(_exact(target) - _exact(made)), weight)


def edge(target: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the difference of image gradients along both axes: Mathieu et al. 2016."""
    found = 0.0
    for axis in (1, 2):
        steep, other = (ops.abs(_steps(_exact(one), axis)) for one in (target, made))
        between = None if weight is None else _steps(_exact(weight), axis, sign=1) / 2
        found = found + _weighed(ops.abs(steep - other), between)
    return found


def ssim(target: Tensor, made: Tensor, window: int = WINDOW, gaussian: bool = False) -> Tensor:
    """Return the structural similarity (SSIM) of each pair (n), at most 1: Wang et al. 2004."""
    light, structure = _likeness(target, made, _WindowFilter(target, window, gaussian))
    return ops.mean(light * structure, axis=(1, 2, 3))


def dssim(
    target: Tensor,
    made: Tensor,
    window: int = WINDOW,
    weight: Tensor | None = None,
    gaussian: bool = False,
) -> Tensor:
    """Return the structural dissimilarity (DSSIM) in [0, 1].

    The weight of a window is the mean weight of the pixels in it.
    """
    smooth = _WindowFilter(target, window, gaussian)
    light, structure = _likeness(target, made, smooth)
    covered = None if weight is None else smooth(_planes(_exact(weight)))
    return _weighed((1 - light * structure) / 2, covered)


def multiscale_dssim(
    target: Tensor,
    made: Tensor,
    window: int = WINDOW,
    weight: Tensor | None = None,
    gaussian: bool = False,
) -> Tensor:
    """Return the multi-scale DSSIM over all scales that the window fits into: Wang et al. 2003.

    There are at most five scales, each half the size of the one before. Here the similarity at each
    scale is divided by the weights, because the product of scales would be meaningless otherwise.
    """
    shares = SCALES[: _scales(target.shape[1:3], window)]
    product: Any = 1.0
    for number, share in enumerate(shares):
        if number:
            target, made, weight = (_halved(one) for one in (target, made, weight))
        smooth = _WindowFilter(target, window, gaussian)
        light, structure = _likeness(target, made, smooth)
        likeness = light * structure if number == len(shares) - 1 else structure
        covered = None if weight is None else smooth(_planes(_exact(weight)))
        mean = ops.maximum(_average(likeness, covered), LEAST_LIKENESS)
        product = product * mean ** (share / sum(shares))
    return ops.mean(1 - product) / 2


def sparsity(mask: Tensor) -> Tensor:
    """Return the mean of a mask: the share of the picture that it covers."""
    return ops.mean(_exact(mask))


def hinge(mask: Tensor, least: float) -> Tensor:
    """Return by how much a mask is below `least`, as a mean over pixels."""
    return ops.mean(ops.relu(least - _exact(mask)))


def total_variation(mask: Tensor) -> Tensor:
    """Return the total variation of a mask: its mean change from pixel to pixel, on both axes."""
    return sum(ops.mean(ops.abs(_steps(_exact(mask), axis))) for axis in (1, 2))


def _exact(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")


def _weighed(difference: Tensor, weight: Tensor | None) -> Tensor:
    return ops.mean(difference if weight is None else difference * _exact(weight))


def _average(planes: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of each plane (n, c), weighted by pixel."""
    if weight is None:
        return ops.mean(planes, axis=(2, 3))
    total = ops.mean(weight, axis=(2, 3))
    return ops.mean(planes * weight, axis=(2, 3)) / ops.maximum(total, LEAST_WEIGHT)


def _steps(x: Tensor, axis: int, sign: int = -1) -> Tensor:
    """Return the difference of each pixel and the next along an axis; with `sign` 1, the sum."""
    if axis == 1:
        return x[:, 1:] + sign * x[:, :-1]
    return x[:, :, 1:] + sign * x[:, :, :-1]


def _planes(x: Tensor) -> Tensor:
    return ops.transpose(x, (0, 3, 1, 2))


def _likeness(target: Tensor, made: Tensor, smooth: "_WindowFilter") -> tuple[Tensor, Tensor]:
    """Return two similarities by window (n, c, h, w): luminance; contrast and structure."""
    one, other = (_planes(_exact(x) - GREY) for x in (target, made))
    # Only the sum of both variances is needed, so four pictures are smoothed, not five.
    mean, mean_other = smooth(one), smooth(other)
    product, squares = mean * mean_other, ops.square(mean) + ops.square(mean_other)
    together = smooth(one * other) - product
    apart = smooth(ops.square(one) + ops.square(other)) - squares
    raised = GREY * (mean + mean_other + GREY)  # puts GREY back into the means
    light = (2 * (product + raised) + LIGHT) / (squares + 2 * raised + LIGHT)
    return light, (2 * together + STRUCTURE) / (apart + STRUCTURE)


class _WindowFilter:
    """Computes a window's mean at every place where it fits, for planes (n, c, h, w).

    It multiplies by banded matrices. On a CPU this is as fast as a convolution along each axis and
    three times as fast as pooling, and every backend does it well.
    """

    def __init__(self, like: Tensor, window: int, gaussian: bool) -> None:
        high, wide = like.shape[1:3]
        taps = np.arange(window) - (window - 1) / 2
        weights = np.exp(-0.5 * (taps / SIGMA) ** 2) if gaussian else np.ones(window)
        self.rows = _band(high, weights / weights.sum())
        self.columns = _band(wide, weights / weights.sum()).T

    def __call__(self, planes: Tensor) -> Tensor:
        return ops.matmul(self.rows, ops.matmul(planes, self.columns))


def _band(side: int, weights: NDArray[np.float64]) -> NDArray[np.float32]:
    places = side - len(weights) + 1
    if places < 1:
        raise ValueError(f"a window of {len(weights)} pixels does not fit into {side}")
    band = np.zeros((places, side), np.float32)
    for place in range(places):
        band[place, place : place + len(weights)] = weights
    return band


def _scales(sides: Sequence[int], window: int) -> int:
    fitting = [n for n in range(len(SCALES)) if min(sides) // 2**n >= window]
    return max(1, len(fitting))


def _halved(x: Tensor | None) -> Tensor | None:
    if x is None:
        return None
    return ops.average_pool(_exact(x), 2, 2, "valid", data_format="channels_last")


def blurred(picture: Tensor, sigma: float) -> Tensor:
    """Blur pictures (n, h, w, c) with a Gaussian of `sigma` pixels, in 32 bits."""
    high, wide = picture.shape[1:3]
    planes = ops.transpose(ops.cast(picture, "float32"), (0, 3, 1, 2))
    soft = ops.matmul(
        _gaussian_band(high, sigma), ops.matmul(planes, _gaussian_band(wide, sigma).T)
    )
    return ops.transpose(soft, (0, 2, 3, 1))


def softened(mask: Tensor) -> Tensor:
    """Soften the edge of a mask: it stays 1 up to its old edge and fades to 0 outside (feather)."""
    return 2 * ops.clip(blurred(mask, max(1, mask.shape[1] // RIM)), 0, 0.5)


def _gaussian_band(side: int, sigma: float) -> NDArray[np.float32]:
    """Return the weight of each pixel of a row in each pixel of the blurred row."""
    reach = int(np.ceil(REACH * sigma))
    taps = np.arange(-reach, reach + 1)
    shares = np.exp(-0.5 * (taps / sigma) ** 2)
    band = np.zeros((side, side), np.float32)
    # Beyond its border, a picture continues with its edge pixels: zeros would darken a face there.
    seen = np.clip(np.arange(side)[:, None] + taps, 0, side - 1)
    np.add.at(band, (np.arange(side)[:, None], seen), (shares / shares.sum()).astype(np.float32))
    return band
