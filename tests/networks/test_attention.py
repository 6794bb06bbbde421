from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from faceswap_ae.networks import attention
from faceswap_ae.networks.attention import PictureNorm, SelfAttention

Floats = NDArray[np.float32]


def noise(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def built(shape: tuple[int, ...], gamma: float) -> SelfAttention:
    layer = SelfAttention(squeeze=2)
    layer.build((None, *shape))
    layer.query.bias.assign(noise(*layer.query.bias.shape))
    layer.value.bias.assign(noise(*layer.value.bias.shape))
    layer.gamma.assign(gamma)
    return layer


def test_it_begins_as_if_it_were_not_there() -> None:
    x = noise(2, 5, 4, 6)
    assert np.array_equal(SelfAttention()(x).numpy(), x)


def test_every_place_takes_from_all_places() -> None:
    x, layer = noise(2, 3, 4, 6), built((3, 4, 6), 0.5)
    rows = x.reshape(2, 12, 6)
    query = rows @ layer.query.kernel.numpy() + layer.query.bias.numpy()
    key = rows @ layer.key.kernel.numpy()
    value = rows @ layer.value.kernel.numpy() + layer.value.bias.numpy()
    weights = np.exp(np.einsum("npc,nqc->npq", query, key))
    weights /= weights.sum(axis=-1, keepdims=True)
    true = rows + 0.5 * np.einsum("npq,nqc->npc", weights, value)
    assert np.allclose(layer(x).numpy(), true.reshape(x.shape), atol=1e-5)


def test_of_equal_places_it_takes_the_value() -> None:
    x, layer = np.ones((1, 4, 4, 4), np.float32), built((4, 4, 4), 2.0)
    value = x @ layer.value.kernel.numpy() + layer.value.bias.numpy()
    assert np.allclose(layer(x).numpy(), x + 2 * value, atol=1e-5)


def test_large_pictures_are_seen_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, layer = noise(1, 2, 2, 4).repeat(3, axis=1).repeat(3, axis=2), built((6, 6, 4), 1.0)
    whole = layer(x).numpy()
    monkeypatch.setattr(attention, "MOST_SEEN", 2)
    assert np.allclose(layer(x).numpy(), whole, atol=1e-5)  # blocks of equal pixels lose nothing
    x = noise(1, 6, 6, 4)
    assert layer(x).shape == x.shape


def test_few_channels_still_ask() -> None:
    layer = SelfAttention()
    layer.build((None, 4, 4, 4))
    assert layer.query.units == 1


def test_a_picture_is_brought_to_scale() -> None:
    x, layer = 7 + 3 * noise(2, 4, 5, 6), PictureNorm()
    made = layer(x).numpy()
    assert made.mean(axis=(1, 2, 3)) == pytest.approx([0, 0], abs=1e-5)
    assert made.std(axis=(1, 2, 3)) == pytest.approx([1, 1], abs=1e-4)
    layer.gain.assign(2.0)
    layer.bias.assign(-1.0)
    assert np.allclose(layer(x).numpy(), 2 * made - 1, atol=1e-5)
    assert layer.count_params() == 2


def test_in_sixteen_bits_it_computes_with_thirty_two() -> None:
    x = noise(1, 8, 8, 8)
    layer, coarse = built((8, 8, 8), 1.0), SelfAttention(2, dtype="mixed_bfloat16")
    coarse.build((None, 8, 8, 8))
    coarse.set_weights(layer.get_weights())
    made = keras.ops.cast(coarse(x), "float32").numpy()
    assert keras.backend.standardize_dtype(coarse(x).dtype) == "bfloat16"
    assert np.abs(made - layer(x).numpy()).max() < 0.1
    assert (
        keras.backend.standardize_dtype(PictureNorm(dtype="mixed_bfloat16")(x).dtype) == "bfloat16"
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_layers_come_back_from_a_file(tmp_path: Path) -> None:
    face = keras.Input((4, 4, 6))
    attentive = SelfAttention(squeeze=3)
    model = keras.Model(face, PictureNorm()(attentive(face)))
    attentive.gamma.assign(0.7)
    model.save(tmp_path / "attention.keras")
    back = keras.models.load_model(tmp_path / "attention.keras")
    assert np.array_equal(back(noise(2, 4, 4, 6)).numpy(), model(noise(2, 4, 4, 6)).numpy())
    assert back.layers[1].squeeze == 3
