import cv2
import numpy as np
import pytest

from faceswap_ae.common.geometry import Floats, Image, Matrix, transform, warp
from faceswap_ae.conversion.compositing.blending import feather
from faceswap_ae.conversion.compositing.detail import (
    exposed,
    grain,
    motion_blur,
    noise,
    sharpen,
    shift,
)
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIDE = 128
SEEDS = (7, 3, 0)
PLACE = np.array([[0.6, 0.1, -12.0], [-0.1, 0.6, 2.0]])


def oval() -> Floats:
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(mask, (64, 64), (40, 52), 0, 0, 360, 1, -1)
    return np.asarray(cv2.blur(mask, (9, 9)), np.float32)


def blotches(seed: int, size: float = 3.0) -> Floats:
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE, 3), np.float32), (0, 0), size)
    return np.asarray(np.clip(0.5 + 0.15 * soft / soft.std(), 0, 1), np.float32)


def skin() -> Image:
    """A picture that is flat apart from a slope of brightness."""
    x = np.linspace(90, 170, 240)
    rows = [np.tile(x + tint, (200, 1)) for tint in (40, 0, -30)]
    return np.dstack(rows).round().astype(np.uint8)


def filmed(image: Image, deviation: float, coarse: float = 0.0) -> Image:
    grains = np.random.default_rng(5).standard_normal(image.shape)
    if coarse:
        grains = np.asarray(cv2.GaussianBlur(grains, (0, 0), coarse), np.float64)
    noisy = image + deviation * grains / grains.std()
    return np.asarray(np.clip(noisy.round(), 0, 255), np.uint8)


def cut(image: Image, matrix: Matrix) -> Floats:
    return np.asarray(warp(image, matrix, (SIDE, SIDE)) / 255, np.float32)


def luma_noise(image: Image, clean: Image) -> float:
    off = (image.astype(float) - clean) @ [0.299, 0.587, 0.114]
    return float(off[cover() > 0.95].std())


def cover() -> Floats:
    """The oval mask, transformed into the frame."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(oval(), PLACE, (240, 200), flags=flags), np.float32)


def test_sharpening_doubles_details_and_keeps_what_is_flat() -> None:
    face = blotches(0, 0.5)
    assert np.array_equal(sharpen(face, 0), face)
    assert 1.25 < float(sharpen(face, 0.5).std() / face.std()) < 1.5
    flat = np.full((SIDE, SIDE, 3), 0.3, np.float32)
    assert np.allclose(sharpen(flat, 2), 0.3, atol=1e-6)
    strong = sharpen(face, 9)
    assert strong.min() == 0 and strong.max() == 1


def test_sharpening_looks_the_same_at_every_size() -> None:
    edge = np.zeros((SIDE, SIDE, 3), np.float32) + 0.3
    edge[:, 64:] = 0.6
    large = np.repeat(np.repeat(edge, 4, axis=0), 4, axis=1)
    small, big = (
        sharpen(edge, 1)[64, :, 0],
        sharpen(large, 1)[256, :, 0].reshape(-1, 4).mean(axis=1),
    )
    assert np.abs(small - big).max() < 0.05 and big.max() > 0.62


def test_a_shift_is_told_in_crop_pixels_per_frame() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (68, 2))
    turned = np.array([[0.0, -2.0, 5.0], [2.0, 0.0, 9.0]])
    assert np.allclose(shift(points, points + np.array([6, 2]), turned), [-2, 6])


def test_no_motion_changes_nothing() -> None:
    face = blotches(0)
    assert np.array_equal(motion_blur(face, oval(), np.zeros(2)), face)
    assert np.array_equal(exposed(face, face, oval(), np.array([1.0, 0.0])), [0, 0])


@pytest.mark.parametrize("path", [(8.0, 0.0), (0.0, 6.0), (-5.0, 5.0), (2.0, 7.5)])
def test_a_point_becomes_a_line_along_the_path(path: tuple[float, float]) -> None:
    face = np.zeros((SIDE, SIDE, 3), np.float32)
    face[64, 64] = 1
    light = motion_blur(face, np.ones((SIDE, SIDE), np.float32), np.array(path))[..., 0]
    y, x = np.indices(light.shape) - 64
    assert light.sum() == pytest.approx(1, abs=1e-4)
    spread = [[(light * a * b).sum() for a in (x, y)] for b in (x, y)]
    # A uniform line of length l has the variance l^2 / 12.
    assert np.allclose(spread, np.outer(path, path) / 12, atol=0.6)


def test_what_is_outside_the_mask_is_not_smeared_in() -> None:
    mask = (oval() > 0.5).astype(np.float32)
    face = np.dstack([mask * np.float32(0.6)] * 3)
    blurred = motion_blur(face, mask, np.array([9.0, 3.0]))
    assert blurred[mask > 0].min() > 0.57


@pytest.mark.parametrize("moved", [(24.0, 0.0), (-14.0, 14.0), (0.0, -18.0)])
def test_the_blur_is_that_of_the_frame(moved: tuple[float, float]) -> None:
    """For a usual shutter time, for half of it, and for a very short one."""
    way, everywhere = np.array(moved), np.ones((SIDE, SIDE), np.float32)
    face, other = blotches(1), blotches(2)
    for share in (0.5, 0.25, 0.0):
        seen = motion_blur(other, everywhere, share * way)
        found = exposed(seen, face, oval(), way) @ way / (way @ way)
        assert abs(found - share) < 0.2


@pytest.mark.parametrize(
    ("deviation", "coarse"), [(1.5, 0), (4, 0), (10, 0), (3, 0.6), (6, 0.8), (10, 0.9)]
)
def test_a_face_gets_the_grain_of_its_frame(deviation: float, coarse: float) -> None:
    clean, mask = skin(), oval()
    frame = filmed(clean, deviation, coarse)
    face = cut(clean, PLACE)
    smooth = feather(frame, face, mask, PLACE)
    result = grain(smooth, noise(frame, mask, PLACE), mask, PLACE, SEEDS)
    assert luma_noise(smooth, clean) < 0.6
    assert luma_noise(result, clean) == pytest.approx(luma_noise(frame, clean), rel=0.2)
    assert abs(float((result.astype(float) - smooth)[cover() > 0.95].mean())) < 0.05 * deviation


def test_grain_is_the_same_for_the_same_seeds_only_and_stays_under_the_mask() -> None:
    smooth, mask = skin(), oval()
    wanted = np.array([9.0, 9.0, 4.0, 4.0])
    result = grain(smooth, wanted, mask, PLACE, SEEDS)
    assert np.array_equal(result, grain(smooth, wanted, mask, PLACE, SEEDS))
    for other in ((8, 3, 0), (7, 4, 0), (7, 3, 1)):
        assert (result != grain(smooth, wanted, mask, PLACE, other)).mean() > 0.05
    assert np.array_equal(result[cover() == 0], skin()[cover() == 0])
    assert np.array_equal(smooth, skin())


def test_grain_that_is_there_already_is_not_added_again() -> None:
    frame, mask = filmed(skin(), 4), oval()
    assert np.array_equal(grain(frame, noise(frame, mask, PLACE), mask, PLACE, SEEDS), frame)


def test_colour_alone_is_no_grain() -> None:
    wanted = np.array([0.0, 3.0, 90.0, 90.0])
    assert np.array_equal(grain(skin(), wanted, oval(), PLACE, SEEDS), skin())


def test_grey_grain_stays_grey() -> None:
    wanted, mask = np.array([16.0, 16.0, 0.0, 0.0]), oval()
    added = grain(skin(), wanted, mask, PLACE, SEEDS).astype(int) - skin()
    assert np.ptp(added, axis=-1).max() == 0 and added.std() > 1


@pytest.mark.parametrize("matrix", [np.array([[0.6, 0.0, 9e3], [0.0, 0.6, 0.0]]), PLACE * 40])
def test_a_face_of_which_too_little_is_seen_has_no_noise(matrix: Matrix) -> None:
    frame = filmed(skin(), 4)
    assert not noise(frame, oval(), matrix).any()
    assert np.array_equal(grain(frame, np.zeros(4), oval(), matrix, SEEDS), frame)


def test_nothing_is_added_to_a_picture_without_grain_and_enough_to_one_with() -> None:
    """The pores, freckles and edges of a rendered face must not count as noise."""
    setting = Setting((160, 160), grain=0)
    shown = render(alone(person("dina")), Act(face=110), setting)
    matrix = matrix_of(shown.landmarks.picture, "full", SIDE)
    outline = hull_mask(transform(shown.landmarks.picture, matrix), (SIDE, SIDE))
    mask = (cv2.erode(outline, np.ones((9, 9), np.uint8)) / 255).astype(np.float32)
    face = cut(shown.image, matrix)
    soft = np.asarray(cv2.GaussianBlur(face, (0, 0), 1), np.float32)
    for deviation in (0.0, 2.0):
        frame = filmed(shown.image, deviation)
        swapped = feather(frame, soft, mask, matrix)
        wanted = noise(frame, mask, matrix)
        result = grain(swapped, wanted, mask, matrix, SEEDS)
        if deviation == 0:
            assert np.array_equal(result, swapped)
        else:
            reached = noise(result, mask, matrix)
            assert np.allclose(np.sqrt(reached[[0, 2, 3]] / wanted[[0, 2, 3]]), 1, atol=0.2)
