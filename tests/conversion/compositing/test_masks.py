import logging

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Mask, Points, transform
from faceswap_ae.conversion.compositing.masks import (
    MASK,
    WIDE_RIM,
    MaskInputs,
    choose_mask,
    cleaned,
    face_side,
    hull,
    learned,
    refine_mask,
)
from faceswap_ae.faces.alignment import CROPS, TEMPLATE, crop_matrix, matrix_of
from faceswap_ae.faces.landmark_masks import hull_mask
from tests.support.face_folders import shot

SIZE = 96
FACE = face_side("whole", SIZE)
EVERY_WAY = pytest.mark.parametrize("name", MASK)


def landmarks(size: int = SIZE, crop: str = "whole") -> Points:
    points = shot("ada", -10.0)[1]
    return transform(points, matrix_of(points, crop, size))


OUTLINE = hull(MaskInputs(SIZE, landmarks()))


def known(mask: Mask | None, size: int = SIZE) -> MaskInputs:
    return MaskInputs(size, landmarks(size), mask)


def soft(mask: Mask) -> Mask:
    """A mask like a network's output: blurred, and nowhere exactly 0 or 1."""
    return np.asarray(0.03 + 0.94 * cv2.GaussianBlur(mask, (0, 0), 1.2), np.float32)


def covered(one: Mask, other: Mask) -> float:
    """The intersection of two masks over their union (IoU)."""
    return float(np.minimum(one, other).sum() / np.maximum(one, other).sum())


def disk(centre: tuple[float, float], radius: float) -> Mask:
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    return np.asarray(np.hypot(x - centre[0], y - centre[1]) < radius, np.float32)


NOSE = (float(landmarks()[30, 0]), float(landmarks()[30, 1]))


@given(st.integers(0, 10**6))
def test_dots_and_holes_go(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noisy = soft(OUTLINE) + rng.normal(0, 0.01, OUTLINE.shape).astype(np.float32)
    for x, y in rng.integers(0, SIZE - 3, (10, 2)):
        noisy[y : y + 3, x : x + 3] = 1 - noisy[y : y + 3, x : x + 3]
    found = learned(known(noisy.clip(0, 1)))
    depth = cv2.distanceTransform((OUTLINE > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    away = cv2.distanceTransform((OUTLINE < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    # Correct inside and outside, except near the edge.
    assert np.all(found[np.asarray(depth) > 7] == 1) and np.all(found[np.asarray(away) > 7] == 0)
    assert covered(found, OUTLINE) > 0.9


def test_a_good_mask_stays() -> None:
    assert covered(learned(known(soft(OUTLINE))), OUTLINE) > 0.95


@pytest.mark.parametrize("name", ["learned", "learned-and-hull"])
def test_what_is_before_the_face_stays_there(name: str) -> None:
    finger = disk(NOSE, 5.0)
    stand = np.zeros_like(OUTLINE)
    stand[:, 45:49] = 1
    for hidden in (finger, stand):
        found = MASK[name](known(soft(OUTLINE * (1 - hidden))))
        core = np.asarray(cv2.erode(hidden, np.ones((3, 3)))) > 0
        assert np.all(refine_mask(found, FACE)[core] < 0.05)
        assert found.sum() > 0.7 * (OUTLINE * (1 - hidden)).sum()


def test_both_halves_of_a_divided_face_are_kept() -> None:
    across = OUTLINE.copy()
    across[:, 40:52] = 0
    found = learned(known(soft(across)))
    assert covered(found, across) > 0.85 and found[:, :40].any() and found[:, 52:].any()


def test_of_both_the_lesser_counts() -> None:
    shifted = soft(np.roll(OUTLINE, 9, axis=1))
    found = MASK["learned-and-hull"](known(shifted))
    assert np.array_equal(found, np.minimum(learned(known(shifted)), OUTLINE))
    assert 0 < found.sum() < 0.95 * OUTLINE.sum()


def test_without_a_mask_of_its_own_the_hull_serves() -> None:
    for name in MASK:
        assert np.array_equal(MASK[name](known(None)), OUTLINE)
    drawn = hull_mask(landmarks(), (SIZE, SIZE))
    assert np.array_equal(np.round(OUTLINE * 255), drawn)


def test_and_that_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert choose_mask("learned", has_mask=True) is learned
        assert choose_mask("hull", has_mask=False) is hull
        assert not caplog.messages
        way = choose_mask("learned", has_mask=False)
        way(known(None)), way(known(None))
    assert len(caplog.messages) == 1 and "hull" in caplog.text
    with pytest.raises(UserError, match="did you mean 'learned'"):
        choose_mask("lerned", has_mask=True)


def test_a_mask_that_is_white_all_over_has_learned_nothing() -> None:
    white = np.ones((SIZE, SIZE), np.float32)
    assert np.array_equal(learned(known(white)), OUTLINE)
    # If a face fills the crop, a white mask is right. The hole for a hand in front must stay.
    inner = landmarks(crop="half")
    hand = 1 - disk((10, 90), 30)
    found = learned(MaskInputs(SIZE, inner, hand))
    assert found[90, 10] == 0 and found[30, 60] == 1


@EVERY_WAY
def test_no_mask_is_none(name: str) -> None:
    black = np.zeros((SIZE, SIZE), np.float32)
    made = MASK[name](MaskInputs(SIZE, landmarks() + 5000, black, black.astype(np.uint8)))
    assert not made.any()
    for erode in (-0.1, 0.0, 0.1):
        assert not refine_mask(made, FACE, erode).any()


@EVERY_WAY
@pytest.mark.parametrize("side", [48, SIZE, 200])
def test_masks_are_as_large_as_the_crop(name: str, side: int) -> None:
    given_ = np.asarray(cv2.resize(OUTLINE, (side, side)), np.float32)
    painted = (given_ * 255).astype(np.uint8)
    both = given_.copy(), painted.copy()
    made = [
        MASK[name](MaskInputs(SIZE, landmarks(), one, painted))
        for one in (given_, given_[..., None])
    ]
    assert np.array_equal(made[0], made[1])
    assert made[0].shape == (SIZE, SIZE) and made[0].dtype == np.float32
    assert made[0].min() >= 0 and made[0].max() <= 1 and covered(made[0], OUTLINE) > 0.9
    assert np.array_equal(given_, both[0]) and np.array_equal(painted, both[1])


def test_a_painted_mask_stays_as_it_is() -> None:
    dots = (np.indices((SIZE, SIZE)).sum(axis=0) % 5 == 0) * np.uint8(200)
    made = MASK["image"](MaskInputs(SIZE, landmarks(), OUTLINE, dots))
    assert np.allclose(made * 255, dots, atol=1e-4)


@given(st.floats(0, 0.15), st.floats(0, 0.2))
def test_a_mask_is_drawn_in_and_rises(erode: float, feather: float) -> None:
    face = disk((47.5, 47.5), 36)
    depth = 36 - np.hypot(*(np.indices((SIZE, SIZE)) - 47.5))
    made = refine_mask(face, FACE, erode, feather)
    begin, end = erode * FACE, erode * FACE + max(feather * FACE, 1)
    assert np.all(made[depth < begin - 0.6] == 0)
    edge = np.minimum(np.arange(SIZE), np.arange(SIZE)[::-1])
    away = np.minimum(edge, edge[:, None]) > WIDE_RIM * max(feather * FACE, 1) + 1
    # Inside a round edge the measured depth is larger than inside a straight one.
    assert np.all(made[(depth > end + 2.5) & away] == 1)
    assert np.all(np.diff(made[48, 48:]) <= 0)


@given(st.floats(-0.1, 0.1), st.floats(0, 0.05), st.floats(0, 0.2))
def test_the_more_the_less(erode: float, more: float, feather: float) -> None:
    one, other = (refine_mask(OUTLINE, FACE, share, feather) for share in (erode, erode + more))
    assert np.all(other <= one + 0.05) and other.sum() <= one.sum() + 0.5


def test_less_than_nothing_widens() -> None:
    assert refine_mask(OUTLINE, FACE, -0.08, 0.08).sum() > OUTLINE.sum()
    assert refine_mask(OUTLINE, FACE, 0, 0.08).sum() < OUTLINE.sum()


@given(st.floats(-0.2, 0.2), st.floats(0, 0.3))
def test_the_crop_s_edge_never_shows(erode: float, feather: float) -> None:
    made = refine_mask(np.ones((SIZE, SIZE), np.float32), FACE, erode, feather)
    assert not made[0].any() and not made[-1].any()
    assert not made[:, 0].any() and not made[:, -1].any()
    assert made[SIZE // 2, SIZE // 2] == 1
    steps = np.abs(np.diff(made[SIZE // 2]))
    assert steps.max() <= 1.6 / max(feather * FACE, 1)


@given(st.integers(0, 10**6), st.floats(0, 0.1), st.floats(0, 0.3))
def test_nothing_left_out_is_painted_over(seed: int, erode: float, feather: float) -> None:
    drawn = cv2.resize(np.random.default_rng(seed).random((12, 12)), (SIZE, SIZE))
    mask = np.asarray(np.clip(4 * np.asarray(drawn) - 1.5, 0, 1), np.float32)
    assert np.all(refine_mask(mask, FACE, erode, feather) <= mask)


def test_edges_grow_with_the_face() -> None:
    small = refine_mask(OUTLINE, FACE, 0.05, 0.2)
    large = refine_mask(hull(known(None, 2 * SIZE)), 2 * FACE, 0.05, 0.2)
    shrunk = np.asarray(cv2.resize(large, (SIZE, SIZE), interpolation=cv2.INTER_AREA))
    assert np.abs(small - shrunk).max() < 0.1


def test_parts_of_a_pixel_count() -> None:
    beside = np.roll(OUTLINE, 1, axis=1)
    there, next_ = (refine_mask(mask, FACE, 0.05, 0.15) for mask in (OUTLINE, beside))
    between = refine_mask((OUTLINE + beside) * np.float32(0.5), FACE, 0.05, 0.15)
    assert np.abs(between - (there + next_) / 2).max() < 0.06


@pytest.mark.parametrize("crop", CROPS)
def test_a_face_is_as_wide_as_its_brows(crop: str) -> None:
    placed = transform(TEMPLATE, crop_matrix(crop, SIZE))
    assert abs(np.ptp(placed[:, 0]) / face_side(crop, SIZE) - 1) < 0.03


def test_nothing_given_is_changed() -> None:
    before, noisy = OUTLINE.copy(), soft(OUTLINE)
    kept = noisy.copy()
    first, second = (refine_mask(cleaned(noisy), FACE) for _ in range(2))
    refine_mask(OUTLINE, FACE)
    assert np.array_equal(first, second)
    assert np.array_equal(OUTLINE, before) and np.array_equal(noisy, kept)
