import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.conversion.smoothing import KEPT, SMOOTH, Frames, Track, rts

SIDE = 200.0  # of the face, pixels
TREMBLE = 0.005 * SIDE  # standard deviation of the landmarks' jitter, pixels
COUNT = 240
ALL = np.arange(COUNT)
EVERY_WAY = pytest.mark.parametrize("way", SMOOTH)


def moving(seed: int) -> Track:
    """The track of a head in motion: five points that move together by up to half a face."""
    rng = np.random.default_rng(seed)
    rates, phases = rng.uniform(0.02, 0.09, (2, 3)), rng.uniform(0, 6, (2, 3))
    waves = np.sin(ALL[:, None, None] * rates + phases).sum(axis=-1)
    return np.asarray(30 * waves[:, None] + rng.uniform(100, 300, (5, 2)))


def seen(truth: Track, seed: int, outliers: float = 0.0) -> Track:
    """The track as a detector measures it: with jitter, and with some outliers."""
    rng = np.random.default_rng([seed, 1])
    points = truth + rng.normal(0, TREMBLE, truth.shape)
    far = rng.random(len(points)) < outliers
    return np.asarray(points + far[:, None, None] * rng.normal(0, 25, (len(points), 1, 2)))


def jitter(points: Track) -> float:
    return float(np.linalg.norm(np.diff(points, 2, axis=0), axis=-1).mean())


def error(points: Track, truth: Track) -> float:
    return float(np.linalg.norm(points - truth, axis=-1).mean())


def straight(count: int, speed: tuple[float, float]) -> Track:
    return np.asarray(np.arange(count)[:, None, None] * np.array(speed) + [[3.0, 7.0], [40, 2]])


@pytest.mark.parametrize("outliers", [0.0, 0.04])
@pytest.mark.parametrize("other", ["none", "ema", "kalman", "savgol"])
def test_forward_and_back_is_steadiest_and_nearest(other: str, outliers: float) -> None:
    for seed in range(3):
        truth = moving(seed)
        points = seen(truth, seed, outliers)
        ours, theirs = rts(points, ALL, SIDE), SMOOTH[other](points, ALL, SIDE)
        assert jitter(ours) < 0.8 * jitter(theirs)
        assert error(ours, truth) < 0.95 * error(theirs, truth)


def test_one_frame_elsewhere_hardly_moves_the_track() -> None:
    clean = seen(moving(0), 0)
    bad = clean.copy()
    bad[100] += 60
    assert np.abs(rts(bad, ALL, SIDE) - rts(clean, ALL, SIDE)).max() < 1


@pytest.mark.parametrize("way", ["rts", "kalman", "savgol", "none"])
@given(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), st.integers(1, 40))
def test_even_motion_is_left_alone(way: str, speed: tuple[float, float], count: int) -> None:
    track = straight(count, speed)
    assert np.allclose(SMOOTH[way](track, np.arange(count), SIDE), track, atol=1e-4)


def test_the_mean_that_forgets_lags() -> None:
    track = straight(60, (2.0, 0.0))
    late = (track - SMOOTH["ema"](track, np.arange(60), SIDE))[-1, :, 0]
    assert np.allclose(late, 2 * (1 - KEPT) / KEPT)


def test_a_parabola_is_left_alone_to_its_ends() -> None:
    track = straight(30, (1.0, 1.0)) ** 2
    assert np.allclose(SMOOTH["savgol"](track, np.arange(30), SIDE), track)


@EVERY_WAY
def test_gaps_are_bridged(way: str) -> None:
    truth = moving(4)
    numbers = np.delete(ALL, np.s_[60:72])
    points = seen(truth, 4)[numbers]
    whole = SMOOTH[way](points, numbers + 1000, SIDE)
    assert whole.shape == truth.shape
    assert error(whole[60:72], truth[60:72]) < 20  # the head moves 40 pixels in this time


def test_gaps_are_bridged_along_the_motion() -> None:
    truth = np.asarray(150 * np.sin(0.1 * ALL)[:, None, None] + np.zeros((1, 3, 2)))
    numbers = np.delete(ALL, np.s_[70:85])  # the gap is over a turning point
    points = seen(truth, 5)[numbers]
    curved, lines = (SMOOTH[way](points, numbers, SIDE) for way in ("rts", "none"))
    assert error(curved[70:85], truth[70:85]) < 0.4 * error(lines[70:85], truth[70:85])


def test_time_may_run_backwards() -> None:
    numbers = np.delete(ALL, [20, 21, 90])
    points = seen(moving(6), 6, 0.03)[numbers]
    there = rts(points, numbers, SIDE)
    back = rts(points[::-1], COUNT - 1 - numbers[::-1], SIDE)[::-1]
    assert np.allclose(there, back, atol=1e-3)


@EVERY_WAY
def test_what_is_twice_as_large_is_smoothed_alike(way: str) -> None:
    points = seen(moving(7), 7, 0.03)
    one, twice = SMOOTH[way](points, ALL, SIDE), SMOOTH[way](2 * points, ALL, 2 * SIDE)
    assert np.allclose(2 * one, twice, atol=1e-4)
    each = SMOOTH[way](points, ALL, np.full(COUNT, SIDE))
    assert np.allclose(one, each, atol=1e-9)


def test_what_is_far_off_depends_on_the_face_s_size() -> None:
    points = np.repeat(seen(moving(8), 8)[:1], 60, axis=0)
    points[[20, 40]] += 10
    sizes = np.where(np.arange(60) < 30, 1000.0, 100.0)  # 10 pixels are 2 and 20 deviations
    pulled = np.abs(rts(points, np.arange(60), sizes) - points[0]).max(axis=(1, 2))
    assert pulled[20] > 1 and pulled[40] < 0.1


@EVERY_WAY
@pytest.mark.parametrize("count", [1, 2, 3, 4, 10, 11, 12])
def test_short_tracks(way: str, count: int) -> None:
    points = seen(moving(9), 9)[:count]
    before = points.copy()
    smooth = SMOOTH[way](points, ALL[:count], SIDE)
    assert smooth.shape == points.shape and np.all(np.isfinite(smooth))
    assert np.array_equal(points, before)
    assert np.allclose(smooth[0], points[0], atol=5)


@EVERY_WAY
def test_two_sightings_far_apart(way: str) -> None:
    points = np.array([[[0.0, 0.0]], [[3000.0, 0.0]]])
    smooth = SMOOTH[way](points, np.array([10, 3010]), SIDE)
    assert smooth.shape == (3001, 1, 2) and np.all(np.isfinite(smooth))


@EVERY_WAY
@pytest.mark.parametrize(
    ("points", "frames", "size", "what"),
    [
        (np.zeros((3, 5, 2)), np.array([0, 2, 2]), SIDE, "rise"),
        (np.zeros((3, 5, 2)), np.array([0, 1]), SIDE, "2 frames"),
        (np.zeros((0, 5, 2)), np.array([], np.int64), SIDE, "0 frames"),
        (np.full((1, 5, 2), np.nan), np.array([0]), SIDE, "finite"),
        (np.zeros((1, 5, 2)), np.array([0]), 0.0, "above 0"),
    ],
)
def test_what_is_no_track(way: str, points: Track, frames: Frames, size: float, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        SMOOTH[way](points, frames, size)
