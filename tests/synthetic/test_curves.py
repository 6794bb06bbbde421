import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.synthetic.curves import (
    bell2,
    larger,
    monotone,
    noise,
    spline,
    step,
    to_display,
    to_light,
)

VALUES = st.lists(st.floats(-100, 100), min_size=4, max_size=8)


@given(st.floats(-10, 10), st.floats(0.1, 10), st.floats(-30, 30))
def test_steps_rise_from_0_to_1(low: float, length: float, x: float) -> None:
    up, down = float(step(low, low + length, x)), float(step(low + length, low, x))
    assert 0 <= up <= 1 and up + down == pytest.approx(1)
    assert float(step(low, low + length, low + length / 2)) == pytest.approx(0.5)


@given(VALUES)
def test_curves_go_through_their_points(values: list[float]) -> None:
    knots = np.arange(len(values))
    assert np.allclose(spline(knots, np.array(values)[:, None], knots)[:, 0], values, atol=1e-6)
    assert np.allclose(monotone(knots, values, knots), values, atol=1e-6)


@given(VALUES)
def test_the_monotone_curve_never_overshoots(values: list[float]) -> None:
    between = monotone(np.arange(len(values)), values, np.linspace(0, len(values) - 1, 200))
    assert between.min() >= min(values) - 1e-6 and between.max() <= max(values) + 1e-6


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_the_larger_of_two_is_never_less_than_either(a: float, b: float) -> None:
    assert float(larger(a, b, 2.0)) >= max(a, b) - 1e-9
    assert float(larger(a, b, 2.0)) <= max(a, b) + 0.5 + 1e-9


def test_a_bell_has_its_top_where_it_is_told() -> None:
    x, y = np.meshgrid(np.arange(-20, 21), np.arange(-20, 21))
    bump = bell2(x, y, (5, -7), (3, 6), 0.4)
    assert np.unravel_index(bump.argmax(), bump.shape) == (13, 25)


def test_noise_is_the_same_for_a_seed() -> None:
    one, other = (noise(np.random.default_rng(5), (40, 60), (3, 4), 3) for _ in range(2))
    assert np.array_equal(one, other)
    assert 0.1 < one.std() < 1.5


def test_light_goes_to_the_screen_and_back() -> None:
    colours = np.linspace(0, 0.85, 200)  # below the roll-off of highlights
    assert np.allclose(to_display(to_light(colours)), colours, atol=2e-3)
    assert to_display(np.array([100.0], np.float32))[0] <= 1
