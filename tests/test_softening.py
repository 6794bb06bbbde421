import cv2
import numpy as np
import pytest

from faceswap_ae.softening import blurred, softened


@pytest.mark.parametrize("sigma", [1, 4.5])
def test_a_blur_is_that_of_opencv(sigma: float) -> None:
    picture = np.random.default_rng(0).random((20, 31, 3), np.float32)
    side = 2 * int(np.ceil(3 * sigma)) + 1
    true = cv2.GaussianBlur(picture, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    assert np.allclose(blurred(picture[None], sigma)[0], true, atol=1e-5)


def test_a_mask_stays_whole_inside_and_fades_around() -> None:
    mask = np.zeros((1, 64, 64, 1), np.float32)
    mask[:, :, :32] = 1
    row = np.asarray(softened(mask))[0, 10, :, 0]
    assert np.allclose(row[:32], 1) and np.allclose(row[38:], 0)
    fading = row[31:39]
    assert (np.diff(fading[:4]) < 0).all() and 0.2 < fading[1] < 0.9


def test_a_mask_that_covers_all_stays() -> None:
    assert np.allclose(softened(np.ones((1, 40, 40, 1), np.float32)), 1, atol=1e-6)
