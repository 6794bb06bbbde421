"""How is a picture made soft, or a mask's rim, so that a gradient passes?

As products with banded matrices, as windows are in losses.py: the same on every backend.
"""

import numpy as np
from keras import ops
from numpy.typing import NDArray

from faceswap_ae.networks import Tensor

REACH = 3  # sigmas, beyond which a Gaussian is nothing
RIM = 32  # of a mask's side to one of its softness: DeepFaceLab's


def blurred(picture: Tensor, sigma: float) -> Tensor:
    """Pictures (n, h, w, c) under a Gaussian of `sigma` pixels, in 32 bits."""
    high, wide = picture.shape[1:3]
    planes = ops.transpose(ops.cast(picture, "float32"), (0, 3, 1, 2))
    soft = ops.matmul(_band(high, sigma), ops.matmul(planes, _band(wide, sigma).T))
    return ops.transpose(soft, (0, 2, 3, 1))


def softened(mask: Tensor) -> Tensor:
    """A mask that is whole up to where it ended, and fades away around that."""
    return 2 * ops.clip(blurred(mask, max(1, mask.shape[1] // RIM)), 0, 0.5)


def _band(side: int, sigma: float) -> NDArray[np.float32]:
    """How much each pixel of a row counts in each one of the blurred row."""
    reach = int(np.ceil(REACH * sigma))
    taps = np.arange(-reach, reach + 1)
    shares = np.exp(-0.5 * (taps / sigma) ** 2)
    band = np.zeros((side, side), np.float32)
    # Beyond its border a picture goes on as it ends: zeros would take away from a face there.
    seen = np.clip(np.arange(side)[:, None] + taps, 0, side - 1)
    np.add.at(band, (np.arange(side)[:, None], seen), (shares / shares.sum()).astype(np.float32))
    return band
