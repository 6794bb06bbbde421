from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import Image
from faceswap_ae.training.data.photometric import (
    Table,
    apply,
    colours_of,
    compressed,
    plain,
    relit,
    shaken,
    shrunk,
    softened,
    transferred,
)
from tests.support.face_folders import shot

RNG = np.random.default_rng(0)
DARK = np.asarray(RNG.integers(40, 100, (30, 40, 3)), np.uint8)
LIGHT = np.asarray(RNG.integers(90, 170, (25, 20, 3)), np.uint8)


def everywhere(image: Image) -> Image:
    return np.full(image.shape[:2], 255, np.uint8)


def through(table: Table, image: Image) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    out = np.empty(image.shape, np.float32)
    apply(table, image, out)
    return out


def test_the_plain_table_changes_nothing() -> None:
    assert np.array_equal(through(plain(), DARK), DARK.astype(np.float32) / 255)


def test_a_batch_is_written_in_place() -> None:
    batch = np.zeros((3, *DARK.shape), np.float32)
    apply(plain(), DARK, batch[1])
    assert batch[1].any() and not batch[0].any() and not batch[2].any()


def test_colours_become_the_others() -> None:
    own, other = (colours_of(image, everywhere(image)) for image in (DARK, LIGHT))
    seen = through(transferred(plain(), own, other), DARK)
    assert np.allclose(seen.mean(axis=(0, 1)), other.mean, atol=0.005)
    assert np.allclose(seen.std(axis=(0, 1)), other.deviation, atol=0.005)


def test_own_colours_change_nothing() -> None:
    own = colours_of(DARK, everywhere(DARK))
    assert np.allclose(transferred(plain(), own, own), plain(), atol=1e-6)


def test_only_what_the_mask_shows_counts() -> None:
    half = everywhere(DARK)
    half[:, :20] = 0
    found = colours_of(DARK, half)
    assert np.allclose(found.mean, DARK[:, 20:].mean(axis=(0, 1)) / 255)


def test_a_flat_face_gets_no_noise() -> None:
    flat = np.full((8, 8, 3), 90, np.uint8)
    own, other = (colours_of(image, everywhere(image)) for image in (flat, LIGHT))
    assert np.ptp(transferred(plain(), own, other)[88:93], axis=0).max() < 0.04


@given(st.integers(0, 10**6))
def test_light_stays_within_its_ranges(seed: int) -> None:
    table = relit(plain(), np.random.default_rng(seed), 0.25, 0.125, 0.083)
    assert table.dtype == np.float32
    assert table.min() >= 0 and table.max() <= 1
    assert (np.diff(table, axis=0) >= 0).all()
    middle = table[128] * 255 / 128
    assert middle.min() >= 0.75 * 0.875 - 0.17 and middle.max() <= 1.25 * 1.125 + 0.17


def test_no_range_is_no_change() -> None:
    assert np.allclose(relit(plain(), np.random.default_rng(0), 0, 0, 0), plain())


WAYS = (shaken, softened, shrunk, compressed)


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
        line = shaken(dot, np.random.default_rng(seed))[..., 0]
        y, x = np.nonzero(line)
        along, across = np.linalg.svd(np.stack([x - x.mean(), y - y.mean()]), compute_uv=False)
        assert along > 2.5 * across
        assert abs(x.mean() - 48) < 0.6 and abs(y.mean() - 48) < 0.6


@pytest.mark.parametrize("side", [16, 33, 200])
def test_any_size_will_do(side: int) -> None:
    image = np.full((side, side, 3), 128, np.uint8)
    for way in WAYS:
        assert np.abs(way(image, np.random.default_rng(1)).astype(int) - 128).max() <= 1
