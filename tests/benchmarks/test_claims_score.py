import cv2
import numpy as np
import pytest

from benchmarks.claims_score import detail, enlarged, mixed, seen_through
from benchmarks.pasting import SIDE, levels

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (2, 64, 64, 3), np.uint8)
EVERYWHERE = np.ones((64, 64), bool)


def test_the_same_detail_is_the_same_whatever_its_contrast() -> None:
    soft = np.asarray(cv2.GaussianBlur(NOISE[0], (0, 0), 2), np.uint8)
    assert detail(soft, soft, EVERYWHERE) == pytest.approx(1.0)
    assert detail((soft // 2).astype(np.uint8), soft, EVERYWHERE) > 0.95


def test_noise_is_detail_but_not_the_same() -> None:
    assert abs(detail(NOISE[0], NOISE[1], EVERYWHERE)) < 0.2


def test_what_is_flat_has_no_detail_to_compare() -> None:
    assert np.isnan(detail(np.zeros_like(NOISE[0]), NOISE[0], EVERYWHERE))


def test_a_mask_says_which_of_two_pictures_shows() -> None:
    masks = np.zeros((1, 64, 64), np.uint8)
    masks[:, :, :32] = 255
    found = mixed(NOISE[:1], NOISE[1:], masks)
    assert np.array_equal(found[0, :, :32], NOISE[0, :, :32])
    assert np.array_equal(found[0, :, 32:], NOISE[1, :, 32:])


def test_pictures_of_any_size_become_crops() -> None:
    flat = np.full((1, 16, 16, 3), 0.5, np.float32)
    assert enlarged(flat).shape == (1, SIDE, SIDE, 3)
    assert np.all(levels(enlarged(flat)) == 128)


def test_few_pixels_show_less_detail() -> None:
    fine = cv2.resize(NOISE[0], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    coarse = levels(seen_through(np.asarray(fine[None], np.uint8), 16))[0]
    assert coarse.std() < 0.5 * fine.std()
