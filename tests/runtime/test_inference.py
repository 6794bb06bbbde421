"""Is a network compiled once for all numbers and sizes of pictures, and right for each of them?"""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from faceswap_ae.runtime.inference import CompiledNetwork


class Counted(keras.layers.Layer):  # type: ignore[misc]
    """Doubles its input; counts how often Python runs it."""

    def __init__(self) -> None:
        super().__init__(dtype="float32")
        self.count = 0

    def call(self, x: Any) -> Any:
        self.count += 1
        return 2 * x


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def model(counted: Counted) -> Any:
    pictures = keras.Input((None, None, 1), dtype="float32")
    twice = counted(pictures)
    return keras.Model(pictures, [twice, ops.mean(twice, axis=(1, 2))])


@pytest.mark.parametrize("most", [1, 4, 16])
def test_any_number_is_as_each_alone(model: Any, most: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (9, 6, 8, 1)).astype(np.uint8)
    network = CompiledNetwork(model, most)
    for count in (9, 1, 4, 5):
        twice, mean = network(pictures[:count])
        assert np.array_equal(twice, 2.0 * pictures[:count])
        assert np.allclose(mean, 2 * pictures[:count].mean(axis=(1, 2)))


def test_of_no_picture_there_is_nothing(model: Any) -> None:
    twice, mean = CompiledNetwork(model)(np.zeros((0, 6, 8, 1)))
    assert twice.shape == (0, 0, 0, 1) and mean.shape == (0, 1)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others compile each shape")
def test_it_is_compiled_once(model: Any, counted: Counted) -> None:
    network, before = CompiledNetwork(model), counted.count
    for shape in ((1, 4, 4, 1), (2, 4, 4, 1), (3, 5, 7, 1), (20, 2, 2, 1)):
        network(np.zeros(shape))
    assert counted.count == before + 1
