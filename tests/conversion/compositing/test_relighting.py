import cv2
import numpy as np
import pytest

from faceswap_ae.common.geometry import Floats
from faceswap_ae.conversion.compositing.relighting import brightness, relight

SIDE = 96
EVERYWHERE = np.ones((SIDE, SIDE), np.float32)


def skin(seed: int = 0) -> Floats:
    """A flat colour with pores."""
    rng = np.random.default_rng(seed)
    pores = rng.normal(0, 0.02, (SIDE, SIDE, 1))
    return np.asarray(np.array([0.6, 0.45, 0.4]) + pores, np.float32)


def lamp(angle: float) -> Floats:
    """Light from one side: a smooth factor from .6 to 1.4."""
    x, y = np.meshgrid(*[np.linspace(-1, 1, SIDE)] * 2)
    along = np.cos(angle) * x + np.sin(angle) * y
    return np.asarray(1 + 0.4 * along / np.abs(along).max(), np.float32)[..., None]


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5, 4.0])
def test_a_face_gets_the_light_of_the_frame(angle: float) -> None:
    face, frame = skin(1) * lamp(angle + 2), skin(2) * lamp(angle)
    of, to = (brightness(one, EVERYWHERE) for one in (face, frame))
    assert of is not None and to is not None
    lit = relight(face, of, to)
    soft = [cv2.GaussianBlur(one, (0, 0), 8) for one in (lit, frame, face)]
    assert np.abs(soft[0] - soft[1]).max() < 0.05 < np.abs(soft[2] - soft[1]).max()


def test_pores_stay() -> None:
    face = skin(1)
    of, to = brightness(face, EVERYWHERE), brightness(skin(2) * lamp(0.5), EVERYWHERE)
    assert of is not None and to is not None
    pores, lit = ((one / cv2.GaussianBlur(one, (0, 0), 4)) for one in (face, relight(face, of, to)))
    inner = slice(16, -16)
    assert np.abs(lit - pores)[inner, inner].mean() < 0.05 * pores[inner, inner].std()


def test_a_beard_makes_no_shadow() -> None:
    bearded = skin(1)
    bearded[70:, 20:76] *= 0.3
    with_beard, without = brightness(bearded, EVERYWHERE), brightness(skin(1), EVERYWHERE)
    assert with_beard is not None and without is not None
    lit = relight(skin(1), without, with_beard)
    assert lit[:60].mean() > 0.9 * skin(1)[:60].mean()


def test_a_mask_that_shows_nothing_tells_nothing() -> None:
    nowhere = np.zeros((SIDE, SIDE), np.float32)
    assert brightness(skin(), nowhere) is None
