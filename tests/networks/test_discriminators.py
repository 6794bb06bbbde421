import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from faceswap_ae.networks import discriminators
from faceswap_ae.networks.discriminators import Kind, resized

Floats = NDArray[np.float32]
KINDS: list[Kind] = ["patch", "unet"]
every = pytest.mark.parametrize("kind", KINDS)


def faces(size: int, count: int = 2, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((count, size, size, 3), np.float32)


@pytest.mark.parametrize(
    ("kind", "size", "sides"),
    [
        ("patch", 32, [4]),
        ("patch", 64, [8]),
        ("patch", 80, [10]),
        ("patch", 128, [8]),
        ("unet", 64, [16, 64]),
        ("unet", 90, [23, 90]),
        ("unet", 128, [16, 128]),
    ],
)
def test_scores_of_patches(kind: Kind, size: int, sides: list[int]) -> None:
    judge = discriminators.build(kind, size, "judge", width=0.1)
    verdict = judge.judge(faces(size), faces(size, seed=1))
    assert [tuple(score.shape) for score in verdict.scores] == [(2, s, s, 1) for s in sides]
    assert len(verdict.features) >= 3


@every
def test_a_score_depends_on_the_face_and_on_the_bent_one(kind: Kind) -> None:
    judge = discriminators.build(kind, 32, "judge", width=0.2)
    one, other = faces(32), faces(32, seed=1)
    scores = [
        judge.judge(*pair).scores[0].numpy() for pair in ((one, one), (other, one), (one, other))
    ]
    assert np.abs(scores[0] - scores[1]).max() > 1e-3
    assert np.abs(scores[0] - scores[2]).max() > 1e-3


def test_the_bent_face_may_have_another_size() -> None:
    judge = discriminators.build("patch", 64, "judge", width=0.1)
    assert judge.judge(faces(64), faces(32)).scores[0].shape == (2, 8, 8, 1)


def test_resizing_keeps_flat_pictures_and_equal_sizes() -> None:
    flat = np.full((1, 8, 8, 3), 0.25, np.float32)
    for size in (4, 12):
        assert np.allclose(resized(flat, size), np.full((1, size, size, 3), 0.25))
    assert np.array_equal(resized(faces(8), 8), faces(8))


@every
def test_every_weight_takes_part(kind: Kind) -> None:
    judge = discriminators.build(kind, 32, "judge", width=0.2)
    with tf.GradientTape() as tape:
        verdict = judge.judge(faces(32), faces(32, seed=1))
        loss = sum(tf.reduce_mean(tf.square(score - 1)) for score in verdict.scores)
    weights = judge.model.trainable_variables
    found = tape.gradient(loss, [weight.value for weight in weights])
    assert all(slope is not None for slope in found)


def test_the_published_one_has_its_size() -> None:
    """4 x 4 kernels from 6 channels to 64, 128 and 256; attention; a head."""
    model = discriminators.build("patch", 64, "judge").model
    convolutions = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256) + 64 + 128 + 256
    attention = 256 * 32 + 32 + 256 * 32 + 256 * 256 + 256 + 1
    assert model.count_params() == convolutions + attention + 2 * 2  # two normalisation layers


@every
def test_it_learns_to_tell_dark_from_light(kind: Kind) -> None:
    """A few steps of plain gradient descent reduce the error of the scores."""
    keras.utils.set_random_seed(0)
    judge = discriminators.build(kind, 32, "judge", width=0.1)
    bent = faces(32)
    light, dark = 0.5 + bent / 2, bent / 2
    weights = [weight.value for weight in judge.model.trainable_variables]
    wrong = []
    for _ in range(6):
        with tf.GradientTape() as tape:
            loss = tf.add_n(
                [
                    tf.reduce_mean(tf.square(score - wanted))
                    for face, wanted in ((light, 1.0), (dark, 0.0))
                    for score in judge.judge(face, bent).scores
                ]
            )
        wrong.append(float(loss))
        for weight, slope in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(1e-3 * slope)
    assert wrong[-1] < wrong[0]
