import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.training.data.sampling import MOST_HELD, RAISED, drawn, held_out, weights


def ids(count: int) -> list[str]:
    return [f"clip-{number:06d}" for number in range(count)]


@given(st.integers(2, 5000))
def test_about_a_twentieth_is_held_out(count: int) -> None:
    held = held_out(ids(count))
    assert len(held) == min(max(round(0.05 * count), 1), MOST_HELD)
    assert len(set(held.tolist())) == len(held) < count
    assert held.min() >= 0 and held.max() < count
    assert np.array_equal(held, held_out(ids(count)))


def test_held_out_faces_lie_in_runs_over_all_the_time() -> None:
    held = held_out(ids(2000))
    begins = held[np.flatnonzero(np.diff(held, prepend=-2) != 1)]
    assert len(begins) == 8
    assert np.array_equal(begins // 250, np.arange(8))


def test_which_ones_is_told_by_the_ids() -> None:
    others = [name.replace("clip", "film") for name in ids(400)]
    assert not np.array_equal(held_out(ids(400)), held_out(others))


def test_clips_are_balanced() -> None:
    clips, yaw = ["long"] * 900 + ["short"] * 100, np.zeros(1000)
    shares = {
        balance: weights(clips, yaw, balance, even_yaw=False)[:900].sum()
        for balance in (0.0, 0.5, 1.0)
    }
    assert np.isclose(shares[0.0], 0.9)
    assert np.isclose(shares[0.5], 0.75)  # 30 : 10
    assert np.isclose(shares[1.0], 0.5)


def test_faces_turned_as_few_are_come_more_often() -> None:
    yaw = np.concatenate([np.zeros(90), np.full(90, 12.0), np.full(20, 31.0), np.full(2, -44.0)])
    likely = weights(["one"] * len(yaw), yaw, 0.5, even_yaw=True)
    usual = likely[0]
    assert np.isclose(likely[100], usual)
    # Half of the mean number of faces in a bin is 25.25.
    assert np.isclose(likely[185] / usual, 25.25 / 20)
    assert np.isclose(likely[-1] / usual, RAISED)
    assert np.ptp(weights(["one"] * len(yaw), yaw, 0.5, even_yaw=False)) == 0


def test_even_poses_stay_as_they_are() -> None:
    yaw = np.repeat([-20.0, 0.0, 20.0], 50)
    assert np.ptp(weights(["one"] * 150, yaw, 0.5, even_yaw=True)) == 0


def test_each_is_drawn_as_often_as_it_is_likely() -> None:
    likely = np.array([0.5, 0.0, 0.2, 0.3])
    rng = np.random.default_rng(0)
    found = np.concatenate([drawn(likely, 3, rng) for _ in range(4000)])
    shares = np.bincount(found, minlength=4) / len(found)
    assert shares[1] == 0
    assert np.abs(shares - likely).max() < 0.015


@given(st.integers(1, 40), st.integers(0, 10**6))
def test_a_batch_is_spread_over_all_faces(count: int, seed: int) -> None:
    found = drawn(np.full(400, 1 / 400), count, np.random.default_rng(seed))
    parts = np.sort(found) * count // 400
    assert np.abs(parts - np.arange(count)).max() <= 1
    assert len(set(found.tolist())) >= count - 1
