import keras
import numpy as np
import pytest

from faceswap_ae.training.keras_optimisers import AdaBelief


def by_hand(weight: np.ndarray, slopes: list[np.ndarray], rate: float) -> np.ndarray:
    """The weight after AdaBelief steps in 64 bits, with betas 0.8 and 0.95 and epsilon 1e-3."""
    weight, mean, belief = weight.astype(np.float64), np.zeros(()), np.zeros(())
    for slope in slopes:
        mean = 0.8 * mean + 0.2 * slope
        belief = 0.95 * belief + 0.05 * (slope - mean) ** 2
        weight = weight - rate * mean / (np.sqrt(belief) + 1e-3)
    return weight


def moved(weight: np.ndarray, slopes: list[np.ndarray], rule: AdaBelief) -> np.ndarray:
    variable = keras.Variable(weight)
    for slope in slopes:
        rule.apply([keras.ops.convert_to_tensor(slope)], [variable])
    return np.asarray(variable)


def test_it_is_the_papers() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(20, 30)).astype(np.float32)
    slopes = [rng.normal(0.3, 1, size=start.shape).astype(np.float32) for _ in range(8)]
    end = moved(start, slopes, AdaBelief(0.01, 0.8, 0.95, 1e-3))
    assert np.abs(end - by_hand(start, slopes, 0.01)).max() < 1e-6
    assert np.abs(end - start).max() > 0.05


def test_a_steady_slope_goes_farther_than_a_wavering_one() -> None:
    start = np.zeros(2, np.float32)
    slopes = [np.array([1, wave], np.float32) for wave in (1, 3) * 20]
    steady, wavering = -moved(start, slopes, AdaBelief(0.01))
    assert steady > 1.3 * wavering > 0  # with Adam it is 1.1


@pytest.mark.parametrize(("beta", "rates"), [(0.9, 3.5), (0.5, 32)])
def test_the_first_step_is_as_long_as_the_docstring_says(beta: float, rates: float) -> None:
    end = moved(np.zeros(1, np.float32), [np.ones(1, np.float32)], AdaBelief(0.01, beta))
    assert -end[0] == pytest.approx(0.01 * rates, rel=0.02)


def test_keras_builds_it_again() -> None:
    rule = AdaBelief(0.25, 0.8, 0.95, 1e-3, global_clipnorm=2.0)
    again = AdaBelief.from_config(rule.get_config())
    assert again.get_config() == rule.get_config()
    own = again.beta_1, again.beta_2, again.epsilon, again.global_clipnorm
    assert own == (0.8, 0.95, 1e-3, 2.0)
