import keras
import numpy as np
import pytest

from faceswap_ae.fused import FusedAdam
from faceswap_ae.optimiser import Optimiser, built


def test_the_rate_rises_then_sinks() -> None:
    rule = Optimiser(rate=0.1, warmup=9, decay="cosine")
    assert rule.at(0, 0) == pytest.approx(0.01)
    assert rule.at(9, 0) == pytest.approx(0.1)
    assert rule.at(500, 0.5) == pytest.approx(0.05)
    assert rule.at(1000, 1.0) == pytest.approx(0)
    assert rule.at(2000, 2.0) == pytest.approx(0)


def test_without_decay_it_stays() -> None:
    assert Optimiser(rate=0.1).at(10**6, 0.99) == 0.1


def test_keras_gets_what_is_said() -> None:
    adam = built(Optimiser(rate=0.2, beta1=0.8, beta2=0.9, clip=1.5))
    assert float(adam.learning_rate) == pytest.approx(0.2)
    assert (adam.beta_1, adam.beta_2, adam.global_clipnorm) == (0.8, 0.9, 1.5)


def test_fused_it_is_adam_but_for_rounding() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(40, 30)).astype(np.float32)
    slopes = [rng.normal(size=start.shape).astype(np.float32) for _ in range(20)]
    ends = []
    for kind in (keras.optimizers.Adam, FusedAdam):
        weight = keras.Variable(start)
        rule = kind(0.01, 0.5, 0.999, global_clipnorm=5.0)
        rule.build([weight])
        for slope in slopes:
            rule.apply([keras.ops.convert_to_tensor(slope)], [weight])
        ends.append(np.asarray(weight))
    assert np.abs(ends[0] - ends[1]).max() < 1e-5
    assert np.abs(ends[0] - start).max() > 0.05
