from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.pixel import blurred, softened

Floats = NDArray[np.float32]
Loss = Callable[[Any, Any], Any]

# Pictures of 2 x 2 pixels and one channel. The differences are 0, .5, 0 and -.25.
FLAT = np.array([[0, 0.5], [1, 0.75]], np.float32)[None, :, :, None]
OTHER = np.array([[0, 0], [1, 1]], np.float32)[None, :, :, None]
RIGHT_HALF = np.array([[0, 1], [0, 1]], np.float32)[None, :, :, None]

BOTH: dict[str, Loss] = {
    "mae": pixel.mae,
    "mse": pixel.mse,
    "edge": pixel.edge,
    "dssim": pixel.dssim,
    "dssim gaussian": lambda t, p: pixel.dssim(t, p, 11, gaussian=True),
    "multiscale": pixel.multiscale_dssim,
    "ssim": lambda t, p: ops.mean(pixel.ssim(t, p)),
}
OF_A_MASK: dict[str, Loss] = {
    "sparsity": lambda _, p: pixel.sparsity(p),
    "hinge": lambda _, p: pixel.hinge(p, 0.4),
    "total variation": lambda _, p: pixel.total_variation(p),
}
ALL = BOTH | OF_A_MASK
every = pytest.mark.parametrize("loss", ALL.values(), ids=ALL)
between = pytest.mark.parametrize("loss", BOTH.values(), ids=BOTH)


def pictures(size: int = 40, channels: int = 3, seed: int = 0) -> tuple[Floats, Floats]:
    """Two pictures with soft shapes, and the same pictures with noise and less contrast."""
    rng = np.random.default_rng(seed)
    waves = rng.uniform(0, 0.5, (2, 1, 1, channels, 2))
    y, x = np.mgrid[:size, :size][..., None]
    soft = 0.5 + 0.4 * np.sin(waves[..., 0] * x + waves[..., 1] * y)
    noisy = np.clip(0.2 + 0.6 * soft + rng.normal(0, 0.1, soft.shape), 0, 1)
    return soft.astype(np.float32), noisy.astype(np.float32)


def number(tensor: Any) -> float:
    return float(ops.convert_to_numpy(tensor))


def test_mean_differences() -> None:
    assert number(pixel.mae(FLAT, OTHER)) == pytest.approx(0.75 / 4)
    assert number(pixel.mse(FLAT, OTHER)) == pytest.approx((0.25 + 0.0625) / 4)


def test_a_weight_multiplies_and_divides_nothing() -> None:
    colours = np.repeat(FLAT, 3, axis=-1), np.repeat(OTHER, 3, axis=-1)
    assert number(pixel.mae(*colours, 30 * RIGHT_HALF)) == pytest.approx(30 * 0.75 / 4)
    assert number(pixel.mse(*colours, 1 - RIGHT_HALF)) == 0


def test_edges_differ_by_how_steep_they_are() -> None:
    # The slopes along x: |.5| and |-.25|, compared with 0 and 0. Along y: |1| and |.25|, compared
    # with 1 and 1.
    assert number(pixel.edge(FLAT, OTHER)) == pytest.approx((0.5 + 0.25) / 2 + (0 + 0.75) / 2)
    assert number(pixel.edge(FLAT, 1 - FLAT)) == pytest.approx(0)
    # The weight between two pixels is half of the first plus half of the second.
    weighed = (0.5 + 0.25) / 2 / 2 + 0.75 / 2
    assert number(pixel.edge(FLAT, OTHER, RIGHT_HALF)) == pytest.approx(weighed)


@pytest.mark.parametrize("window", [3, 9])
def test_ssim_is_that_of_skimage(window: int) -> None:
    target, made = pictures()
    options: Any = {"data_range": 1, "channel_axis": -1, "use_sample_covariance": False}
    for one, other, found in zip(target, made, pixel.ssim(target, made, window), strict=True):
        true = structural_similarity(  # type: ignore[no-untyped-call]
            one, other, win_size=window, **options
        )
        assert number(found) == pytest.approx(true, abs=1e-5)


def test_gaussian_ssim_is_that_of_skimage() -> None:
    target, made = pictures()
    options: Any = {"data_range": 1, "channel_axis": -1, "use_sample_covariance": False}
    true = structural_similarity(  # type: ignore[no-untyped-call]
        target[1], made[1], gaussian_weights=True, **options
    )
    found = pixel.ssim(target, made, 11, gaussian=True)
    assert number(found[1]) == pytest.approx(true, abs=1e-5)


def test_even_windows() -> None:
    target, made = pictures(12, 1)
    view = np.lib.stride_tricks.sliding_window_view
    one, other = (view(x[0, ..., 0].astype(float), (8, 8)) for x in (target, made))
    a, b = one.mean((2, 3)), other.mean((2, 3))
    together = (one * other).mean((2, 3)) - a * b
    light = (2 * a * b + 1e-4) / (a**2 + b**2 + 1e-4)
    likeness = light * (2 * together + 9e-4) / (one.var((2, 3)) + other.var((2, 3)) + 9e-4)
    assert number(pixel.ssim(target, made, 8)[0]) == pytest.approx(likeness.mean(), abs=1e-5)


def test_dssim_is_half_of_what_ssim_lacks() -> None:
    target, made = pictures()
    true = (1 - np.asarray(pixel.ssim(target, made)).mean()) / 2
    assert number(pixel.dssim(target, made)) == pytest.approx(true, abs=1e-6)


def test_multiscale_is_that_of_tensorflow() -> None:
    target, made = pictures(192)
    true = (1 - tf.reduce_mean(tf.image.ssim_multiscale(target, made, 1.0))) / 2
    found = pixel.multiscale_dssim(target, made, 11, gaussian=True)
    assert number(found) == pytest.approx(number(true), abs=1e-5)


def test_small_pictures_have_fewer_scales() -> None:
    target, made = pictures(9)
    assert number(pixel.multiscale_dssim(target, made)) == pytest.approx(
        number(pixel.dssim(target, made)), abs=1e-5
    )


@pytest.mark.parametrize("loss", [pixel.dssim, pixel.multiscale_dssim])
def test_what_weighs_nothing_is_not_seen(loss: Callable[..., Any]) -> None:
    target, made = pictures(64)
    weight = np.zeros((2, 64, 64, 1), np.float32)
    weight[:, :, :20] = 1
    spoilt = made.copy()
    spoilt[:, :, 52:] = 1  # outside the coarsest window
    assert number(loss(target, made, 9, weight)) == number(loss(target, spoilt, 9, weight))
    assert number(loss(target, made)) < number(loss(target, spoilt))


def test_equal_weights_change_no_dissimilarity() -> None:
    target, made = pictures()
    weight = np.full((2, 40, 40, 1), 2, np.float32)
    twice = 2 * number(pixel.dssim(target, made))
    assert number(pixel.dssim(target, made, 9, weight)) == pytest.approx(twice, rel=1e-5)
    same = number(pixel.multiscale_dssim(target, made))
    assert number(pixel.multiscale_dssim(target, made, 9, weight)) == pytest.approx(same, rel=1e-5)
    nothing = number(pixel.multiscale_dssim(target, made, 9, 0 * weight))
    assert np.isfinite(nothing)


def test_masks() -> None:
    assert number(pixel.sparsity(FLAT)) == pytest.approx(2.25 / 4)
    assert number(pixel.hinge(FLAT, 0.6)) == pytest.approx((0.6 + 0.1) / 4)
    assert number(pixel.hinge(FLAT, 0.0)) == 0
    across, along = (0.5 + 0.25) / 2, (1 + 0.25) / 2
    assert number(pixel.total_variation(FLAT)) == pytest.approx(across + along)


def test_a_window_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="window of 9 pixels does not fit into 8"):
        pixel.dssim(*pictures(8))


@between
def test_a_picture_is_no_distance_from_itself(loss: Loss) -> None:
    target, _ = pictures()
    wanted = 1 if loss is BOTH["ssim"] else 0
    assert number(loss(target, target)) == pytest.approx(wanted, abs=1e-6)
    assert np.isfinite(slope(loss, target, target)).all()


@every
def test_gradients_lead_uphill_at_the_true_rate(loss: Loss) -> None:
    target, made = pictures(seed=1)
    made += np.random.default_rng(2).normal(0, 0.01, made.shape).astype(np.float32)  # no ties
    steepest = slope(loss, target, made)
    way = steepest / np.abs(steepest).max()
    step = np.float32(1e-3)
    rise = number(loss(target, made + step * way)) - number(loss(target, made - step * way))
    assert rise / (2 * step) == pytest.approx(float((steepest * way).sum()), rel=0.02)


@every
@pytest.mark.parametrize("coarse", ["bfloat16", "float16"])
def test_sixteen_bits_are_not_computed_with(loss: Loss, coarse: str) -> None:
    target, made = (ops.cast(one, coarse) for one in pictures())
    found = loss(target, made)
    fine = loss(ops.cast(target, "float32"), ops.cast(made, "float32"))
    assert found.dtype == fine.dtype
    assert number(found) == number(fine)


@between
def test_nothing_worse_than_the_opposite_of_a_picture(loss: Loss) -> None:
    black, white = np.zeros((1, 40, 40, 3), np.float32), np.ones((1, 40, 40, 3), np.float32)
    assert np.isfinite(number(loss(black, white)))
    assert np.isfinite(slope(loss, black, white)).all()


def slope(loss: Loss, target: Floats, made: Floats) -> Floats:
    variable = tf.convert_to_tensor(made)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = loss(target, variable)
    found: Floats = tape.gradient(value, variable).numpy()
    return found


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
