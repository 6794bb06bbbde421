"""How do the landmarks of one track become steady?

Detectors place the landmarks of each frame anew, so they tremble though the head does not. The best
here is a Kalman filter of constant velocity run forward and then back over the whole track (Rauch,
Tung & Striebel 1965), and again with less weight for what lies far off: it has no lag, and bridges
gaps along the motion. A track ends where the scene or the person changes; that is the caller's to
see. Blinks are quicker than heads: use the result to place a crop, not to draw eyelids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles

Track = Doubles  # (n, k, 2): k points in each of n frames
Frames = NDArray[np.int64]  # (n,): their numbers, rising
Size = float | Doubles  # the face's side in pixels: one, or (n,)
# Gives (m, k, 2): every frame from the first number to the last.
Smooth = Callable[[Track, Frames, Size], Track]

MEASURED = 0.005  # of the face's side: standard deviation of a landmark's place
PUSHED = 0.002  # of the face's side: standard deviation of what is added to the speed per frame
UNKNOWN = 10.0  # faces per frame: the speed at a track's start could be anything
FAR = 2.5  # standard deviations beyond which a landmark counts less
ROUNDS = 2  # of counting less
KEPT = 0.35  # a new frame's share in the mean that forgets
WINDOW, DEGREE = 11, 2  # Savitzky & Golay's: frames, and the polynomial's degree


def rts(points: Track, frames: Frames, size: Size) -> Track:
    """Forward and back: the steadiest and nearest, for tracks that are known to their end."""
    seen = _seen(points, frames, size)
    places = _back(_forward(seen), seen.push)
    for _ in range(ROUNDS):
        # What the whole track says, not the past alone, tells outliers from quick turns.
        off = np.abs(seen.values - places) / np.sqrt(seen.noise)
        noise = seen.noise * np.maximum(off / FAR, 1) ** 2
        places = _back(_forward(seen, noise), seen.push)
    return places.reshape(-1, *points.shape[1:])


def kalman(points: Track, frames: Frames, size: Size) -> Track:
    """Forward only, as it would be live. In a gap the motion goes on."""
    seen = _seen(points, frames, size)
    return _forward(seen, gate=FAR).place.reshape(-1, *points.shape[1:])


def ema(points: Track, frames: Frames, size: Size) -> Track:
    """A mean that forgets. It lags behind every motion."""
    values = none(points, frames, size)
    for before, now in pairwise(values):
        now[:] = KEPT * now + (1 - KEPT) * before
    return values


def savgol(points: Track, frames: Frames, size: Size) -> Track:
    """The parabola through the frames around each (Savitzky & Golay 1964). Outliers pull at it."""
    values = none(points, frames, size)
    count = len(values)
    window = min(WINDOW, count - 1 + count % 2)
    half, fit = window // 2, _fit(window)
    smooth = np.empty_like(values)
    inner = count - 2 * half
    rows = [weight * values[at : at + inner] for at, weight in enumerate(fit[half])]
    smooth[half : half + inner] = sum(rows)
    # At both ends no window lies around the frame: the outmost one's parabola serves.
    smooth[:half] = np.tensordot(fit[:half], values[:window], 1)
    smooth[half + inner :] = np.tensordot(fit[half + 1 :], values[-window:], 1)
    return smooth


def none(points: Track, frames: Frames, size: Size) -> Track:
    """As they were found, with straight lines across gaps."""
    _check(points, frames, size)
    there = frames - frames[0]
    every = np.arange(there[-1] + 1)
    right = np.searchsorted(there, every)
    left = np.where(there[right] == every, right, right - 1)
    share = (every - there[left]) / np.maximum(there[right] - there[left], 1)
    return np.asarray(points[left] + share[:, None, None] * (points[right] - points[left]), float)


SMOOTH: dict[str, Smooth] = {
    "rts": rts,
    "kalman": kalman,
    "savgol": savgol,
    "ema": ema,
    "none": none,
}


def _fit(window: int) -> Doubles:
    """(window, window): row i gives the fitted polynomial at frame i from all of the frames."""
    powers = np.vander(np.arange(window) - window // 2, min(DEGREE, window - 1) + 1).astype(float)
    return np.asarray(powers @ np.linalg.pinv(powers))


def _check(points: Track, frames: Frames, size: Size) -> None:
    if points.ndim != 3 or len(points) != len(frames) or len(points) == 0:
        raise ValueError(f"points of shape {points.shape} for {len(frames)} frames")
    if np.any(np.diff(frames) <= 0):
        raise ValueError("a track's frame numbers must rise")
    if not (np.all(np.isfinite(points)) and np.all(np.asarray(size) > 0)):
        raise ValueError("a track needs finite points and a face's size above 0")


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is known of every frame, seen or not: m frames of c coordinates, variances in pixels."""

    values: Doubles  # (m, c)
    there: NDArray[np.bool_]  # (m,): False in a gap, where values say nothing
    noise: Doubles  # (m, 1)
    push: Doubles  # (m, 1)


def _seen(points: Track, frames: Frames, size: Size) -> _Seen:
    _check(points, frames, size)
    numbers = frames - frames[0]
    every = np.arange(numbers[-1] + 1)
    values = np.zeros((len(every), points[0].size))
    values[numbers] = points.reshape(len(points), -1)
    sizes = np.interp(every, numbers, np.broadcast_to(np.asarray(size, float), len(points)))
    noise, push = ((share * sizes[:, None]) ** 2 for share in (MEASURED, PUSHED))
    return _Seen(values, np.isin(every, numbers), noise, push)


@dataclass(frozen=True, eq=False)
class _Belief:
    """Place and speed in each frame, and their covariance: m frames of c coordinates."""

    place: Doubles
    speed: Doubles
    pp: Doubles
    pv: Doubles
    vv: Doubles


def _forward(seen: _Seen, noise: Doubles | None = None, gate: float = np.inf) -> _Belief:
    """Each frame as the frames up to it tell. What is off by more than `gate` counts less."""
    noise = seen.noise if noise is None else noise
    belief = _Belief(*(np.empty_like(seen.values) for _ in range(5)))
    columns = seen.values.shape[1]
    place, speed, pv = seen.values[0], np.zeros(columns), np.zeros(columns)
    pp, vv = noise[0] + pv, seen.push[0] * (UNKNOWN / PUSHED) ** 2
    for t in range(len(seen.values)):
        if t > 0:
            place = place + speed
            pp, pv, vv = _spread((pp, pv, vv), seen.push[t])
        if t > 0 and seen.there[t]:
            off = seen.values[t] - place
            # As much noise as makes it `gate` standard deviations, no more.
            total = np.maximum(pp + noise[t], (off / gate) ** 2)
            to_place, to_speed = pp / total, pv / total
            place, speed = place + to_place * off, speed + to_speed * off
            pp, pv, vv = pp - to_place * pp, pv - to_place * pv, vv - to_speed * pv
        belief.place[t], belief.speed[t] = place, speed
        belief.pp[t], belief.pv[t], belief.vv[t] = pp, pv, vv
    return belief


def _back(belief: _Belief, push: Doubles) -> Doubles:
    """Places (m, c) as the whole track tells. Overwrites the belief's places and speeds."""
    place, speed = belief.place, belief.speed
    for t in range(len(place) - 2, -1, -1):
        pp, pv, vv = belief.pp[t], belief.pv[t], belief.vv[t]
        ahead = place[t] + speed[t]
        app, apv, avv = _spread((pp, pv, vv), push[t + 1])
        missed, faster = place[t + 1] - ahead, speed[t + 1] - speed[t]
        # Covariance of now with next, times the inverse of next's: two by two, written out.
        scale = 1 / (app * avv - apv * apv)
        by_miss = scale * (avv * missed - apv * faster)
        by_speed = scale * (app * faster - apv * missed)
        place[t] += (pp + pv) * by_miss + pv * by_speed
        speed[t] += (pv + vv) * by_miss + vv * by_speed
    return place


def _spread(
    covariance: tuple[Doubles, Doubles, Doubles], push: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """How sure one is of the next frame: less."""
    pp, pv, vv = covariance
    return pp + 2 * pv + vv + push / 4, pv + vv + push / 2, vv + push
