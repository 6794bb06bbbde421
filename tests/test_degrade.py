from collections.abc import Callable

import cv2
import numpy as np
import pytest

from faceswap_ae import degrade
from faceswap_ae.geometry import Image
from tests.face_folders import shot

WAYS = (degrade.shaken, degrade.softened, degrade.shrunk, degrade.compressed)
Way = Callable[[Image, np.random.Generator], Image]


def fine(image: Image) -> float:
    return float(cv2.Laplacian(image, cv2.CV_32F)[8:-8, 8:-8].std())


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_gets_worse_and_stays_itself(way: Way) -> None:
    image = shot("ada", 20.0)[0]
    for seed in range(10):
        worse = way(image, np.random.default_rng(seed))
        assert worse.dtype == np.uint8 and worse.shape == image.shape
        assert not np.array_equal(worse, image)
        assert np.abs(worse.astype(int) - image).mean() < 12
        assert np.abs(worse.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() < 3
        assert np.array_equal(worse, way(image, np.random.default_rng(seed)))


@pytest.mark.parametrize("way", WAYS[:3])
def test_fine_things_are_lost(way: Way) -> None:
    image = shot("ada", 20.0)[0]
    lost = [fine(way(image, np.random.default_rng(seed))) / fine(image) for seed in range(10)]
    assert max(lost) < 0.95


def test_a_shake_has_one_direction() -> None:
    dot = np.zeros((96, 96, 3), np.uint8)
    dot[48, 48] = 255
    for seed in range(10):
        line = degrade.shaken(dot, np.random.default_rng(seed))[..., 0]
        y, x = np.nonzero(line)
        along, across = np.linalg.svd(np.stack([x - x.mean(), y - y.mean()]), compute_uv=False)
        assert along > 2.5 * across
        assert abs(x.mean() - 48) < 0.6 and abs(y.mean() - 48) < 0.6


@pytest.mark.parametrize("side", [16, 33, 200])
def test_any_size_will_do(side: int) -> None:
    image = np.full((side, side, 3), 128, np.uint8)
    for way in WAYS:
        assert np.abs(way(image, np.random.default_rng(1)).astype(int) - 128).max() <= 1
