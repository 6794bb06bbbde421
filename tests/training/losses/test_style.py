from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from faceswap_ae.networks.model_interface import FACE, ONTO, Networks
from faceswap_ae.training.losses.style import colours_apart, styles
from tests.support.toys import SIZE, faces, toy

BOTH = {"face": 5.0, "background": 5.0}


def slopes(networks: Networks, term: str) -> dict[str, float]:
    """The size of a loss term's gradient for each part."""
    # In a graph, as in training. In eager mode TensorFlow warns about variables without a gradient.
    variables = {name: list(part.trainable_variables) for name, part in networks.parts.items()}

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def found() -> Any:
        with tf.GradientTape() as tape:
            loss = styles(networks, faces(1), **BOTH)[term]
        sources = {name: [one.value for one in many] for name, many in variables.items()}
        return tape.gradient(loss, sources, unconnected_gradients="zero")

    return {name: max(float(np.abs(one).max()) for one in many) for name, many in found().items()}


def test_a_faces_style_moves_what_comes_after_the_code() -> None:
    found = slopes(toy(), "face_style")
    assert found["encoder"] == 0 == found["decoder_onto"]
    assert found["inter"] > 0 and found["decoder_face"] > 0


def test_what_is_around_moves_the_encoder_too() -> None:
    found = slopes(toy(), "background_style")
    assert found["decoder_onto"] == 0
    assert min(found["encoder"], found["inter"], found["decoder_face"]) > 0


def test_without_power_nothing_is_made() -> None:
    assert styles(toy(), faces(1), 0.0, 0.0) == {}
    assert set(styles(toy(), faces(1), 1.0, 0.0)) == {"face_style"}


def test_only_the_face_has_a_faces_style() -> None:
    """The style of the face and the style of the background are compared separately."""
    networks, one = toy(), faces(1)
    mask = np.zeros((2, SIZE, SIZE, 1), np.float32)
    mask[:, 8:-8, 8:-8] = 1
    rim = np.ones((2, SIZE, SIZE, 3), np.float32)
    rim[:, 4:-4, 4:-4] = 0

    def found(target: Any) -> dict[str, float]:
        terms = styles(networks, replace(one, mask=mask, target=target), **BOTH)
        return {name: float(term) for name, term in terms.items()}

    plain, around = found(one.target), found(one.target * (1 - rim))
    within = found(np.where(mask > 0, one.target[:, ::-1], one.target) * (mask * 0.5 + 1 - mask))
    assert around["face_style"] == pytest.approx(plain["face_style"], rel=1e-5)
    assert around["background_style"] != pytest.approx(plain["background_style"], rel=1e-3)
    assert within["face_style"] != pytest.approx(plain["face_style"], rel=1e-3)


def test_percents_are_published_weights() -> None:
    networks, one = toy(), faces(1)
    swap = networks.swap(one.warped, FACE).face
    true = 1e4 * 0.05 * colours_apart(one.target * one.mask, swap * one.mask)
    found = styles(networks, one, 5.0, 0.0)["face_style"]
    assert float(found) == pytest.approx(float(true), rel=1e-5)
    assert float(styles(networks, one, 10.0, 0.0)["face_style"]) == pytest.approx(2 * float(found))


def test_colours_apart() -> None:
    flat = np.full((1, 16, 16, 3), 0.5, np.float32)
    assert float(colours_apart(flat, flat)) == 0
    assert float(colours_apart(flat, flat + 0.2)) == pytest.approx(0.04, rel=1e-4)
    half = flat.copy()
    half[:, :8] = 0.1
    # A picture that is mirrored has the same mean and deviation.
    assert float(colours_apart(half, half[:, ::-1])) == pytest.approx(0, abs=1e-6)
    assert float(colours_apart(half, np.full_like(half, half.mean()))) > 1e-3


def test_swaps_are_of_the_other_identity() -> None:
    """The encoder is called once, for a swap from `onto` to `face`."""
    networks, asked = toy(), []

    def encode(x: Any, of: Any, to: Any) -> Any:
        asked.append((of, to))
        return networks.encode(x, of, to)

    styles(replace(networks, encode=encode), faces(1), **BOTH)
    assert asked == [(ONTO, FACE)]
