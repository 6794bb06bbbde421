"""How far is a picture from what it should be?

Pictures are (n, h, w, c) in [0, 1], a weight (n, h, w, 1) or (n, h, w, c). Every loss is a number,
the mean over pixels of weight times difference: it is not divided by the weights, so what counts
little stays little. Numbers of 16 bits are taken in, but never computed with.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from faceswap_ae.networks.model_interface import Tensor

WINDOW = 9  # pixels a side, of the structure that is compared
SIGMA = 1.5  # pixels, of a Gaussian window: Wang et al. 2004
LIGHT, STRUCTURE = 0.01**2, 0.03**2  # their constants, for a range of 1
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # weights, from fine to coarse: Wang et al. 2003
LEAST_LIKENESS = 0.01  # at any scale: the slope of a power has no end at 0
LEAST_WEIGHT = 1e-6  # on average, below which a picture counts nothing
# What pictures are measured from: some GPUs multiply numbers of 11 bits, exact enough near nothing.
GREY = 0.5


def mae(target: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference."""
    return _weighed(ops.abs(_exact(target) - _exact(made)), weight)


def mse(target: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared difference."""
    return _weighed(ops.square(_exact(target) - _exact(made)), weight)


def edge(target: Tensor, made: Tensor, weight: Tensor | None = None) -> Tensor:
    """How differently steep two pictures are, along both axes: Mathieu et al. 2016."""
    found = 0.0
    for axis in (1, 2):
        steep, other = (ops.abs(_steps(_exact(one), axis)) for one in (target, made))
        between = None if weight is None else _steps(_exact(weight), axis, sign=1) / 2
        found = found + _weighed(ops.abs(steep - other), between)
    return found


def ssim(target: Tensor, made: Tensor, window: int = WINDOW, gaussian: bool = False) -> Tensor:
    """Structural similarity of each pair (n), 1 at most: Wang et al. 2004."""
    light, structure = _likeness(target, made, _WindowFilter(target, window, gaussian))
    return ops.mean(light * structure, axis=(1, 2, 3))


def dssim(
    target: Tensor,
    made: Tensor,
    window: int = WINDOW,
    weight: Tensor | None = None,
    gaussian: bool = False,
) -> Tensor:
    """Structural dissimilarity, in [0, 1]. A window's weight is the mean of what it covers."""
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
    """Dissimilarity over as many halvings as the window fits into, five at most: Wang et al. 2003.

    Here a scale's likeness is divided by the weights, or the product of scales would mean nothing.
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
    """How much a mask covers."""
    return ops.mean(_exact(mask))


def hinge(mask: Tensor, least: float) -> Tensor:
    """How far a mask lies below what it should cover at least."""
    return ops.mean(ops.relu(least - _exact(mask)))


def total_variation(mask: Tensor) -> Tensor:
    """How much a mask changes from pixel to pixel, along both axes."""
    return sum(ops.mean(ops.abs(_steps(_exact(mask), axis))) for axis in (1, 2))


def _exact(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")


def _weighed(difference: Tensor, weight: Tensor | None) -> Tensor:
    return ops.mean(difference if weight is None else difference * _exact(weight))


def _average(planes: Tensor, weight: Tensor | None) -> Tensor:
    """Each plane's mean (n, c), its pixels counting as much as they weigh."""
    if weight is None:
        return ops.mean(planes, axis=(2, 3))
    total = ops.mean(weight, axis=(2, 3))
    return ops.mean(planes * weight, axis=(2, 3)) / ops.maximum(total, LEAST_WEIGHT)


def _steps(x: Tensor, axis: int, sign: int = -1) -> Tensor:
    """From each pixel to the next; or, with the other sign, their sum."""
    if axis == 1:
        return x[:, 1:] + sign * x[:, :-1]
    return x[:, :, 1:] + sign * x[:, :, :-1]


def _planes(x: Tensor) -> Tensor:
    return ops.transpose(x, (0, 3, 1, 2))


def _likeness(target: Tensor, made: Tensor, smooth: "_WindowFilter") -> tuple[Tensor, Tensor]:
    """In brightness, and in contrast and structure: planes (n, c, h, w) of windows."""
    one, other = (_planes(_exact(x) - GREY) for x in (target, made))
    # The sum of both variances is all that is needed of them: four pictures to smooth, not five.
    mean, mean_other = smooth(one), smooth(other)
    product, squares = mean * mean_other, ops.square(mean) + ops.square(mean_other)
    together = smooth(one * other) - product
    apart = smooth(ops.square(one) + ops.square(other)) - squares
    raised = GREY * (mean + mean_other + GREY)  # the means again as they were before
    light = (2 * (product + raised) + LIGHT) / (squares + 2 * raised + LIGHT)
    return light, (2 * together + STRUCTURE) / (apart + STRUCTURE)


class _WindowFilter:
    """A window's mean at every place where it fits, for planes (n, c, h, w).

    As products with banded matrices: on a CPU as quick as convolving along each axis, three times
    as quick as pooling, and what every backend does well.
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


REACH = 3  # sigmas, beyond which a Gaussian is nothing


RIM = 32  # of a mask's side to one of its softness: DeepFaceLab's


def blurred(picture: Tensor, sigma: float) -> Tensor:
    """Pictures (n, h, w, c) under a Gaussian of `sigma` pixels, in 32 bits."""
    high, wide = picture.shape[1:3]
    planes = ops.transpose(ops.cast(picture, "float32"), (0, 3, 1, 2))
    soft = ops.matmul(
        _gaussian_band(high, sigma), ops.matmul(planes, _gaussian_band(wide, sigma).T)
    )
    return ops.transpose(soft, (0, 2, 3, 1))


def softened(mask: Tensor) -> Tensor:
    """A mask that is whole up to where it ended, and fades away around that."""
    return 2 * ops.clip(blurred(mask, max(1, mask.shape[1] // RIM)), 0, 0.5)


def _gaussian_band(side: int, sigma: float) -> NDArray[np.float32]:
    """How much each pixel of a row counts in each one of the blurred row."""
    reach = int(np.ceil(REACH * sigma))
    taps = np.arange(-reach, reach + 1)
    shares = np.exp(-0.5 * (taps / sigma) ** 2)
    band = np.zeros((side, side), np.float32)
    # Beyond its border a picture goes on as it ends: zeros would take away from a face there.
    seen = np.clip(np.arange(side)[:, None] + taps, 0, side - 1)
    np.add.at(band, (np.arange(side)[:, None], seen), (shares / shares.sum()).astype(np.float32))
    return band
