from typing import Any

import numpy as np
import tensorflow as tf

from faceswap_ae.networks.variables import assign_arrays, named_variables, to_arrays
from faceswap_ae.training.losses.random_state import mixing, ramp

ONE = np.ones((1, 1), np.float32)


def test_mixtures_are_what_their_share_says() -> None:
    mix = mixing(8, "mixing")
    one, other = np.ones((2, 8, 8, 3), np.float32), np.zeros((2, 8, 8, 3), np.float32)
    shares = []
    for _ in range(64):
        mixture, share = mix([one, other])
        assert np.allclose(mixture, share)
        shares.append(float(share[0, 0, 0, 0]))
    assert 0 <= min(shares) < 0.1 and 0.9 < max(shares) <= 1
    assert len(set(shares)) > 32
    # In a Beta(.2, .2) distribution, 62 % of the values are within .1 of either end.
    assert 0.4 < np.mean([min(share, 1 - share) < 0.1 for share in shares]) < 0.85


def powers(grown: Any, count: int) -> list[float]:
    return [float(grown(2 * ONE)[0, 0]) for _ in range(count)]


def test_a_ramp_begins_at_nothing_and_ends_at_everything() -> None:
    assert powers(ramp(4), 6) == [0, 0.5, 1, 1.5, 2, 2]


def test_a_ramp_goes_on_where_it_was_saved() -> None:
    one, other = ramp(4), ramp(4)
    powers(one, 3)
    assign_arrays(
        named_variables({"ramp": other}), to_arrays(named_variables({"ramp": one})), "run"
    )
    assert powers(other, 3) == [1.5, 2, 2]


def test_compiled_it_counts_too() -> None:
    grown = ramp(2)
    compiled = tf.function(grown, autograph=False)
    assert [float(compiled(ONE)[0, 0]) for _ in range(4)] == [0, 0.5, 1, 1]
    assert not grown.trainable_variables
