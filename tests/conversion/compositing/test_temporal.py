import weakref
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Mask
from faceswap_ae.conversion.compositing.colour_transfer import (
    COLOUR,
    Picture,
    measure_colours,
    recolour,
)
from faceswap_ae.conversion.compositing.temporal import gaussian, smoothed
from tests.support.colours import CHANGING, SIDE, cast, moments_of, pooled, swap

EVEN = np.ones(5)
lists = st.lists(st.floats(-100, 100), max_size=30)


def run(values: list[float], weights: NDArray[np.float64] = EVEN) -> list[float]:
    stream = ((number, {"ada": np.array([value])}) for number, value in enumerate(values))
    found = list(smoothed(stream, weights))
    assert [number for number, _ in found] == list(range(len(values)))
    return [float(means["ada"][0]) for _, means in found]


@given(lists, st.integers(0, 4))
def test_the_mean_is_over_the_frames_around(values: list[float], reach: int) -> None:
    found = run(values, np.ones(2 * reach + 1))
    for place, mean in enumerate(found):
        near = values[max(0, place - reach) : place + reach + 1]
        assert mean == pytest.approx(sum(near) / len(near), abs=1e-9)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_a_steady_motion_has_no_lag(start: float, speed: float) -> None:
    line = [start + speed * step for step in range(40)]
    weights = gaussian(4)
    reach = len(weights) // 2
    assert run(line, weights)[reach:-reach] == pytest.approx(line[reach:-reach], abs=1e-9)


def test_a_gaussian_is_as_wide_as_it_says() -> None:
    weights = gaussian(4)
    steps = np.arange(len(weights)) - len(weights) // 2
    assert np.sqrt((weights * steps**2).sum() / weights.sum()) == pytest.approx(4, rel=0.1)
    assert run([1.0, 5.0, 2.0], gaussian(0)) == [1.0, 5.0, 2.0]


def test_noise_becomes_less() -> None:
    noise = np.random.default_rng(0).normal(size=400).tolist()
    assert np.std(run(noise, gaussian(4))) < 0.35


def test_keys_are_kept_apart_and_may_be_missing() -> None:
    one, two = np.array([1.0]), np.array([5.0])
    rows = [{"ada": one, "ben": two}, {"ben": two}, {}, {"ada": 3 * one}, {"ada": 8 * one}]
    found = [means for _, means in smoothed(((None, row) for row in rows), EVEN)]
    assert [sorted(means) for means in found] == [["ada", "ben"], ["ben"], [], ["ada"], ["ada"]]
    assert found[0]["ada"] == 1 and found[3]["ada"] == 5.5 and found[1]["ben"] == 5


def test_arrays_keep_their_shape_and_kind() -> None:
    rows = [(None, {0: np.full((4, 3, 2), step, np.float32)}) for step in range(6)]
    means = [found[0] for _, found in smoothed(rows, gaussian(1))]
    assert all(mean.shape == (4, 3, 2) and mean.dtype == np.float32 for mean in means)


class Item:
    pass


def test_memory_stays_flat_and_items_wait_no_longer_than_they_must() -> None:
    alive: weakref.WeakSet[Item] = weakref.WeakSet()
    made = 0

    def stream() -> Iterator[tuple[Item, dict[int, NDArray[Any]]]]:
        nonlocal made
        for _ in range(50):
            item = Item()
            alive.add(item)
            made += 1
            yield item, {0: np.zeros(1)}

    for given_out, (_, _) in enumerate(smoothed(stream(), EVEN), start=1):
        assert made == min(50, given_out + 2)
        assert len(alive) <= 4


def test_weights_need_a_middle() -> None:
    with pytest.raises(ValueError, match="no middle"):
        next(smoothed([(None, {0: np.zeros(1)})], np.ones(4)))


def brute(track: list[Doubles | None], at: int) -> Doubles | None:
    """The weighted mean over the window, computed directly from its definition."""
    total, weights, spread = np.zeros((2, 4, 3)), 0.0, 4
    for number, values in enumerate(track):
        if values is None or abs(number - at) > 2 * spread:
            continue
        weight = float(np.exp(-0.5 * ((number - at) / spread) ** 2))
        total, weights = total + weight * values, weights + weight
    return total / weights if weights > 0 else None


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_colours_are_pooled_over_the_frames_that_have_some(seen: list[bool]) -> None:
    rng = np.random.default_rng(len(seen))
    track: list[Doubles | None] = [rng.random((2, 4, 3)) if one else None for one in seen]
    found = pooled(COLOUR["mkl"], track)
    assert len(found) == len(track)
    for number, one in enumerate(found):
        wanted = brute(track, number)
        assert (one is None) == (wanted is None)
        assert one is None or wanted is None or np.allclose(one, wanted)


@CHANGING
def test_pooled_colours_do_not_flicker(name: str) -> None:
    colour = COLOUR[name]
    frame, truth, mask = swap("ada", "ben")
    rng, face = np.random.default_rng(0), cast(truth)
    alone_, track = [], []
    for _ in range(30):
        shift = np.array([[1, 0, rng.normal()], [0, 1, rng.normal()]])
        trembling = np.asarray(cv2.warpAffine(mask, shift, (SIDE, SIDE)), np.float32)
        track.append(measure_colours(colour, face, frame, trembling))
        alone_.append(shown(recolour(colour, face, track[-1]), mask))
    steady = [shown(recolour(colour, face, pair), mask) for pair in pooled(colour, track)]
    assert jitter(steady) < 0.5 * jitter(alone_)


def shown(picture: Picture, mask: Mask) -> Doubles:
    return np.asarray(moments_of(picture, mask)[0])


def jitter(means: list[Doubles]) -> float:
    return float(np.abs(np.diff(means, axis=0)).mean())


@CHANGING
def test_a_light_that_comes_on_still_shows(name: str) -> None:
    colour = COLOUR[name]
    frame, truth, mask = swap("ada", "ben")
    lights = [np.float32(0.6 if number < 20 else 1.0) for number in range(40)]
    faces = [light * cast(truth) for light in lights]
    pairs = [
        measure_colours(colour, face, light * frame, mask)
        for light, face in zip(lights, faces, strict=True)
    ]
    found = [
        shown(recolour(colour, face, pair), mask).mean()
        for face, pair in zip(faces, pooled(colour, pairs), strict=True)
    ]
    assert found[20] - found[19] > 0.8 * (found[-1] - found[0]) > 0
