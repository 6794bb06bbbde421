from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from faceswap_ae.common import config
from faceswap_ae.common.errors import RecipeError
from faceswap_ae.networks.model_interface import Output
from faceswap_ae.training.losses import pixel
from faceswap_ae.training.losses.reconstruction import LossWeights, reconstruction_terms, structure
from tests.support.toys import SIZE, faces

Floats = NDArray[np.float32]
ALONE = {"mae": 0.0, "smaller": 0.0, "mask": 0.0}


def options(**changes: Any) -> LossWeights:
    return LossWeights(**{**ALONE, **changes})


def box(size: int = SIZE, channels: int = 1) -> Floats:
    """A mask of the middle half of a picture."""
    mask = np.zeros((2, size, size, channels), np.float32)
    mask[:, size // 4 : -size // 4, size // 4 : -size // 4] = 1
    return mask


def test_equal_faces_cost_nothing() -> None:
    one = faces(0)
    every = options(mae=1.0, mse=1.0, edge=1.0, dssim=1.0, eyes=5.0, mouth=1.0, masked=True)
    found = reconstruction_terms(Output(one.target), one, every)
    assert set(found) == {"mae", "mse", "edge", "dssim"}
    assert all(float(term) == pytest.approx(0, abs=1e-5) for term in found.values())


def test_terms_without_weight_are_left_out() -> None:
    one = faces(0)
    assert (
        reconstruction_terms(
            Output(one.warped, one.mask, (one.warped[:, ::2, ::2],)), one, options()
        )
        == {}
    )


def test_a_pixel_of_an_eye_counts_more() -> None:
    one = faces(0)
    eye = np.zeros_like(one.eyes)
    eye[:, 3, 4] = 1
    made = Output(one.target + 0.5)
    found = reconstruction_terms(made, replace(one, eyes=eye), options(mae=2.0, mse=1.0, eyes=30.0))
    assert float(found["mae"]) == pytest.approx(2 * 0.5 * (1 + 30 / SIZE**2))
    assert float(found["mse"]) == pytest.approx(0.25)


def test_what_is_outside_counts_less() -> None:
    one = replace(faces(0), mask=box())
    found = reconstruction_terms(Output(one.target + 0.5), one, options(mae=1.0, outside=0.2))
    assert float(found["mae"]) == pytest.approx(0.5 * (0.25 + 0.2 * 0.75), rel=1e-5)


def test_smaller_faces_are_compared_with_means() -> None:
    one = faces(0)
    means = tf.nn.avg_pool2d(one.target, 4, 4, "VALID")
    made = Output(one.target, None, (means + 0.25,))
    found = reconstruction_terms(made, one, options(mae=2.0, smaller=0.5))
    assert float(found["smaller"]) == pytest.approx(0.25, rel=1e-4)
    assert float(found["mae"]) == 0


def test_a_mask_is_told_the_true_one() -> None:
    one, mask = faces(0), tf.constant(box())
    found = reconstruction_terms(Output(one.target, mask), one, options(mask=2.0))
    assert float(found["mask"]) == pytest.approx(2 * np.square(mask - one.mask).mean(), rel=1e-5)


def test_masked_nothing_around_a_face_is_seen() -> None:
    one = replace(faces(0), mask=box())
    far = np.ones_like(one.target)
    far[:, 4:-4, 4:-4] = 0
    small = far[:, ::4, ::4]
    every = {"mae": 1.0, "mse": 1.0, "edge": 1.0, "dssim": 1.0, "smaller": 1.0}

    def found(change: float, masked: bool) -> dict[str, float]:
        made = Output(one.warped + change * far, None, (one.warped[:, ::4, ::4] + change * small,))
        terms = reconstruction_terms(made, one, options(masked=masked, window=5, **every))
        return {name: float(term) for name, term in terms.items()}

    assert found(0.0, True) == pytest.approx(found(0.5, True))
    plain, spoilt = found(0.0, False), found(0.5, False)
    assert all(abs(plain[name] - spoilt[name]) > 1e-3 for name in every)
    assert all(value > 0 for value in found(0.0, True).values())


@pytest.mark.parametrize(("size", "windows"), [(64, [5]), (128, [11]), (256, [22, 11])])
def test_a_window_by_the_size(size: int, windows: list[int]) -> None:
    one = faces(0, size)
    true = [float(pixel.dssim(one.target, one.warped, window)) for window in windows]
    assert float(structure(one.target, one.warped, 0)) == pytest.approx(np.mean(true), rel=1e-5)
    assert float(structure(one.target, one.warped, 7)) == pytest.approx(
        float(pixel.dssim(one.target, one.warped, 7))
    )


def test_a_recipe_says_which_network() -> None:
    text = "perceptual: 1\nperceptual_net: vggface2\nperceptual_file: own/net.h5\nmasked: on\n"
    found = config.parse(LossWeights, text, "recipe")
    assert found == LossWeights(
        perceptual=1.0, perceptual_net="vggface2", perceptual_file=Path("own/net.h5"), masked=True
    )
    assert config.parse(LossWeights, config.dump(found), "recipe") == found
    with pytest.raises(RecipeError, match="perceptual_net: unknown choice 'vgface2'; did you mean"):
        config.parse(LossWeights, "perceptual_net: vgface2", "recipe")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mae": -1.0}, "mae: -1"),
        ({"mse": -1}, "mse: -1"),
        ({"eyes": 1e9}, "eyes"),
        ({"dssim": float("nan")}, "dssim: nan"),
        ({"face_style": 101.0}, "face_style: 101.0 is not from 0 to 100"),
        ({"window": 1}, "window: 1"),
        ({"perceptual_net": "vgface"}, "did you mean 'vggface'"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        LossWeights(**wrong)
