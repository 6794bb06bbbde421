import itertools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from faceswap_ae.networks import blocks
from faceswap_ae.networks.blocks import (
    Convolution,
    Icnr,
    PixelBias,
    PixelShuffle,
    check,
    down,
    grid,
    picture,
    residual,
    scaled,
    up,
)

Floats = NDArray[np.float32]
# Height, width, side of the kernel, stride, padding.
PLACES = [
    place
    for place in itertools.product((4, 7), (5, 8), (1, 2, 3, 5), (1, 2, 3), ("same", "valid"))
    if place[4] == "same" or place[2] <= 4
]


def noise(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("place", PLACES)
def test_a_convolution_is_one_either_way(
    place: tuple[int, int, int, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    high, wide, kernel, stride, padding = place
    x, layer = noise(2, high, wide, 3), Convolution(6, kernel, stride, padding=padding)
    found = []
    for threshold in (np.inf, 0):
        monkeypatch.setattr(blocks, "WEIGHTS_PER_PIXEL", threshold)
        found.append(made_and_slopes(layer, x))
    plain = layers.Conv2D(6, kernel, stride, padding)
    plain.build(x.shape)
    plain.set_weights(layer.get_weights())
    for one, other, true in zip(*found, made_and_slopes(plain, x), strict=True):
        assert one.shape == other.shape == true.shape
        assert np.allclose(one, true, atol=1e-5) and np.allclose(other, true, atol=1e-4)


def made_and_slopes(layer: Any, x: Floats) -> list[Floats]:
    """The output of a layer, and the gradients of a loss for the input and the weights."""
    given = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(given)
        made = layer(given)
        loss = tf.reduce_sum(made**2)
    weights = [one.value for one in layer.trainable_variables]
    return [one.numpy() for one in [made, *tape.gradient(loss, [given, *weights])]]


def test_large_kernels_on_small_pictures_become_products() -> None:
    def operations(side: int, channels: int) -> set[str]:
        layer = Convolution(channels, 3)
        layer.build((None, side, side, channels))
        traced = tf.function(layer).get_concrete_function(tf.zeros((2, side, side, channels)))
        return {one.type for one in traced.graph.get_operations()}

    assert "Conv2D" not in operations(2, 256)
    assert "Conv2D" in operations(2, 8)
    assert "Conv2D" in operations(16, 256)


def test_pictures_of_any_size() -> None:
    picture = keras.Input((None, None, 3))
    model = keras.Model(picture, Convolution(4, 3, 2)(picture))
    assert model(noise(1, 9, 6, 3)).shape == (1, 5, 3, 4)


@pytest.mark.parametrize("scale", [2, 3])
def test_shuffle_is_in_tensorflows_order(scale: int) -> None:
    x = noise(2, 3, 4, 5 * scale**2)
    true = tf.nn.depth_to_space(x, scale).numpy()
    assert np.array_equal(PixelShuffle(scale)(x).numpy(), true)


def test_a_block_of_pixels_begins_equal() -> None:
    features = keras.Input((4, 4, 6))
    made = keras.Model(features, up(features, 5))(noise(2, 4, 4, 6)).numpy()
    assert made.shape == (2, 8, 8, 5)
    cells = made.reshape(2, 4, 2, 4, 2, 5)
    assert np.array_equal(cells, np.broadcast_to(cells[:, :, :1, :, :1], cells.shape))
    assert made.std() > 0.1


def test_a_start_of_ones_own() -> None:
    features = keras.Input((4, 4, 6))
    made = keras.Model(features, up(features, 5, init="he_normal"))(noise(2, 4, 4, 6)).numpy()
    assert not np.allclose(made[:, 0::2], made[:, 1::2])


def test_down_halves_and_leaks() -> None:
    face = keras.Input((8, 6, 3))
    model = keras.Model(face, down(face, 4))
    x = noise(1, 8, 6, 3)
    linear = model.layers[1](x).numpy()
    assert model(x).shape == (1, 4, 3, 4)
    assert np.allclose(model(x).numpy(), np.where(linear > 0, linear, 0.1 * linear), atol=1e-6)


def test_a_residual_adds() -> None:
    features = keras.Input((4, 4, 6))
    model = keras.Model(features, residual(features))
    x = noise(1, 4, 4, 6)
    for layer in model.layers:
        layer.set_weights([0 * weight for weight in layer.get_weights()])
    assert np.allclose(model(x).numpy(), np.where(x > 0, x, 0.2 * x), atol=1e-6)
    assert model.count_params() == 2 * (9 * 6 * 6 + 6)


def test_a_bias_for_each_pixel() -> None:
    layer, x, bias = PixelBias(), noise(2, 3, 4, 2), noise(3, 4, 2)
    assert np.array_equal(layer(x).numpy(), x)
    layer.bias.assign(bias)
    assert np.allclose(layer(x).numpy(), x + bias)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_blocks_come_back_from_a_file(tmp_path: Path) -> None:
    code = keras.Input((7,))
    x = residual(up(grid(code, 4, 8), 6))
    x = Convolution(8, 5, kernel_initializer=Icnr("he_normal"))(x)
    model = keras.Model(code, picture(PixelBias()(PixelShuffle(2)(x))))
    model.save(tmp_path / "blocks.keras")
    back = keras.models.load_model(tmp_path / "blocks.keras")
    assert np.array_equal(back(noise(2, 7)).numpy(), model(noise(2, 7)).numpy())
    assert back.output_shape == (None, 16, 16, 2)


def test_widths() -> None:
    assert [scaled(128, width) for width in (1, 0.5, 0.25, 1 / 16, 1e-3)] == [128, 64, 32, 8, 4]
    assert scaled(100, 1.5) % 4 == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((70, 16, 1.0, 128), "size: 70 is not a multiple of 16 from 32; try 64"),
        ((16, 16, 1.0, 128), "size: 16"),
        ((64, 16, 0.0, 128), "width: 0"),
        ((64, 16, float("nan"), 128), "width: nan"),
        ((64, 16, 1.0, 0), "latent: 0"),
    ],
)
def test_what_cannot_be_built(given: tuple[int, int, float, int], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check(*given)
