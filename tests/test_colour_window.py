"""Colours pooled over the frames around each."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.colour import COLOUR, Array, Mask, Pair, Picture, measured, recoloured
from faceswap_ae.colour_window import REACH, Window
from tests.test_colour import CHANGING, SIDE, cast, moments_of, swap


def steadied(window: Window, track: Iterable[tuple[int, Pair | None]]) -> Iterator[Pair | None]:
    """Each frame's, as soon as the window holds all that belongs to it."""
    waiting: list[int] = []
    for number, pair in track:
        window.add(number, pair)
        waiting.append(number)
        while waiting and waiting[0] + window.reach <= number:
            yield window.at(waiting.pop(0))
    yield from map(window.at, waiting)


def brute(track: list[tuple[int, Array | None]], at: int) -> Array | None:
    """The pooled mean, from its definition."""
    total, weights = np.zeros((2, 4, 3)), 0.0
    for number, values in track:
        if values is None or abs(number - at) > REACH:
            continue
        weight = float(np.exp(-0.5 * ((number - at) / (REACH / 2)) ** 2))
        total, weights = total + weight * values, weights + weight
    return total / weights if weights > 0 else None


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=50))
def test_the_window_is_what_it_says(frames: list[tuple[int, bool]]) -> None:
    numbers = np.cumsum([step for step, _ in frames]).tolist()
    rng = np.random.default_rng(len(frames))
    track: list[tuple[int, Array | None]] = [
        (number, rng.random((2, 4, 3)) if seen else None)
        for number, (_, seen) in zip(numbers, frames, strict=True)
    ]
    found = list(steadied(Window(COLOUR["mkl"]), track))
    assert len(found) == len(track)
    for (number, _), one in zip(track, found, strict=True):
        wanted = brute(track, number)
        assert (one is None) == (wanted is None)
        assert one is None or wanted is None or np.allclose(one, wanted)


def test_a_window_of_no_reach_is_the_frame_itself() -> None:
    track: list[tuple[int, Array | None]] = [(n, np.full((2, 4, 3), float(n))) for n in range(9)]
    found = steadied(Window(COLOUR["mkl"], reach=0), track)
    assert [float(one[0, 0, 0]) for one in found if one is not None] == list(range(9))


def test_a_window_keeps_no_more_than_it_needs() -> None:
    window, nothing = Window(COLOUR["mkl"]), np.zeros((2, 4, 3))
    held = [len(window.kept) for _ in steadied(window, ((n, nothing) for n in range(100)))]
    assert len(held) == 100 and max(held) == 2 * REACH + 1


def test_a_track_s_numbers_rise() -> None:
    window = Window(COLOUR["mkl"])
    window.add(3, np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match="rise"):
        window.add(3, np.zeros((2, 4, 3)))


@CHANGING
def test_pooled_colours_do_not_flicker(name: str) -> None:
    colour, window = COLOUR[name], Window(COLOUR[name])
    frame, truth, mask = swap("ada", "ben")
    rng, face = np.random.default_rng(0), cast(truth)
    alone_, track = [], []
    for number in range(30):
        shift = np.array([[1, 0, rng.normal()], [0, 1, rng.normal()]])
        trembling = np.asarray(cv2.warpAffine(mask, shift, (SIDE, SIDE)), np.float32)
        track.append((number, measured(colour, face, frame, trembling)))
        alone_.append(shown(recoloured(colour, face, track[-1][1]), mask))
    pooled = [shown(recoloured(colour, face, pair), mask) for pair in steadied(window, track)]
    assert jitter(pooled) < 0.5 * jitter(alone_)


def shown(picture: Picture, mask: Mask) -> Array:
    return np.asarray(moments_of(picture, mask)[0])


def jitter(means: list[Array]) -> float:
    return float(np.abs(np.diff(means, axis=0)).mean())


@CHANGING
def test_a_light_that_comes_on_still_shows(name: str) -> None:
    colour, window = COLOUR[name], Window(COLOUR[name])
    frame, truth, mask = swap("ada", "ben")
    lights = [np.float32(0.6 if number < 20 else 1.0) for number in range(40)]
    faces = [light * cast(truth) for light in lights]
    pairs = [
        (number, measured(colour, face, light * frame, mask))
        for number, (light, face) in enumerate(zip(lights, faces, strict=True))
    ]
    found = [
        shown(recoloured(colour, face, pair), mask).mean()
        for face, pair in zip(faces, steadied(window, pairs), strict=True)
    ]
    assert found[20] - found[19] > 0.8 * (found[-1] - found[0]) > 0
