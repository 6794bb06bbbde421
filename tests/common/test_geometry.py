import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import (
    Matrix,
    Points,
    compose,
    fit_similarity,
    invert,
    scale_of,
    transform,
    unwarp,
    warp,
)

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [3.0, 7.0]])


@st.composite
def similarities(draw: st.DrawFn) -> Matrix:
    angle = draw(st.floats(-np.pi, np.pi))
    scale = draw(st.floats(0.05, 20))
    x, y = draw(st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cosine, -sine, x], [sine, cosine, y]])


def blob(at: tuple[float, float], size: tuple[int, int] = (96, 96), width: float = 4.0) -> Points:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    away = (x - at[0]) ** 2 + (y - at[1]) ** 2
    return np.asarray(250 * np.exp(-away / (2 * width**2)))


def centre_of(image: Points) -> tuple[float, float]:
    x, y = np.meshgrid(np.arange(image.shape[1]), np.arange(image.shape[0]))
    return float((x * image).sum() / image.sum()), float((y * image).sum() / image.sum())


@given(similarities())
def test_fit_recovers_the_similarity(matrix: Matrix) -> None:
    found = fit_similarity(SQUARE, transform(SQUARE, matrix))
    assert np.allclose(found, matrix, atol=1e-6 * (1 + np.abs(matrix).max()))


@given(similarities())
def test_inverse_brings_points_back(matrix: Matrix) -> None:
    back = transform(transform(SQUARE, matrix), invert(matrix))
    assert np.allclose(back, SQUARE, atol=1e-6)


@given(similarities(), similarities())
def test_composing_is_doing_one_after_the_other(first: Matrix, second: Matrix) -> None:
    both = transform(SQUARE, compose(second, first))
    assert np.allclose(both, transform(transform(SQUARE, first), second), rtol=1e-9, atol=1e-6)


def test_fit_never_mirrors() -> None:
    matrix = fit_similarity(SQUARE, SQUARE * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) > 0


def test_fit_is_the_least_squares_one() -> None:
    rng = np.random.default_rng(0)
    noisy = SQUARE + rng.normal(0, 0.5, SQUARE.shape)
    best = fit_similarity(SQUARE, noisy)
    error = ((transform(SQUARE, best) - noisy) ** 2).sum()
    for _ in range(200):
        other = best + rng.normal(0, 0.01, best.shape) * [[1, 0, 1], [0, 0, 1]]
        other[1, :2] = -other[0, 1], other[0, 0]
        assert ((transform(SQUARE, other) - noisy) ** 2).sum() >= error


def test_points_in_one_place_fit_nothing() -> None:
    with pytest.raises(ValueError, match="coincide"):
        fit_similarity(np.zeros((4, 2)), SQUARE[:4])


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.25, 0.5), (0.37, -0.81), (-3.4, 2.6)])
def test_warp_moves_by_parts_of_a_pixel(shift: tuple[float, float]) -> None:
    image = blob((48, 48)).round().astype(np.uint8)
    moved = warp(image, np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]]), (96, 96))
    x, y = centre_of(moved.astype(float))
    assert abs(x - 48 - shift[0]) < 0.03 and abs(y - 48 - shift[1]) < 0.03


@pytest.mark.parametrize("scale", [0.5, 0.3, 0.12])
def test_warp_shrinks_in_place_and_without_aliasing(scale: float) -> None:
    image = blob((200.0, 160.0), (400, 400), width=30).round().astype(np.uint8)
    size = round(400 * scale)
    matrix = np.array([[scale, 0.0, 0.3], [0.0, scale, -0.2]])
    small = warp(image, matrix, (size, size))
    x, y = centre_of(small.astype(float))
    assert abs(x - (200 * scale + 0.3)) < 0.06 and abs(y - (160 * scale - 0.2)) < 0.06
    stripes = np.tile(np.array([0, 255], np.uint8), (400, 200))
    inner = warp(stripes, matrix, (size, size))[4:-4, 4:-4]
    assert inner.std() < 20


@pytest.mark.parametrize("angle", [0.0, 0.3, -1.2])
def test_warp_then_unwarp_is_the_same_picture(angle: float) -> None:
    smooth = np.stack([blob((90, 70), (200, 160), width=25)] * 3, axis=-1).round()
    image = smooth.astype(np.uint8)
    corners = np.array([[50.0, 40.0], [150.0, 40.0], [50.0, 120.0]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = fit_similarity(corners, (corners - 90) @ turn.T * 1.3 + 128)
    back, cover = unwarp(warp(image, matrix, (256, 256)), matrix, (200, 160))
    inside = cover == 1
    assert inside.sum() > 5000
    assert np.abs(back.astype(int) - image)[inside].max() <= 3
    assert cover.min() >= 0 and cover.max() <= 1


@given(similarities())
def test_scale_is_that_of_the_matrix(matrix: Matrix) -> None:
    assert np.isclose(scale_of(matrix), np.hypot(*matrix[:, 0]))
