"""How are a face's colours matched to those of the frame that it goes into (colour transfer)?

    measure_colours(colour, face, frame, mask) -> pool over neighbouring frames -> recolour(face)

A method in `COLOUR` measures the colours under a mask as a small array of fixed shape. It changes
a face by two such arrays: the colours it has, and the wanted colours. If both are equal, nothing
changes. Colours that are measured anew in every frame flicker, because the mask's edge jitters;
pooled ones are stable. A light that is switched on during the clip still shows, because the face's
own colours are pooled in the same way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Mask
from faceswap_ae.conversion.compositing import relighting

Picture = NDArray[np.float32]  # (h, w, 3) RGB in [0, 1]
Statistics = NDArray[np.float64]  # (rows, 3): each method defines what its rows are
Pair = NDArray[np.float64]  # (2, rows, 3): of the face, and of the frame
Values = NDArray[np.float32]  # (3, n): pixels as columns, the fastest layout in numpy
Linear = Callable[[Statistics, Statistics], Doubles]  # returns (3, 3)
Shift = Callable[[Values], Values]
Step = list[tuple[Values, Shift]]  # axes (3, 3), and the shift along them

EPS = 1e-5  # variance added to every channel, so that a flat channel's is not 0
STRONGEST = 4.0  # factor by which contrast may grow at most: beyond it, noise would grow
BEYOND = 1.1  # factor by which the contrast of "tint" may differ from what the brightness gives
DARKEST = 0.02  # smallest mean that is used in a ratio
LAB = 100.0  # the range of L: Lab is divided by it to get about the range of RGB
SAMPLE, KNOTS = 1024, 64  # pixels that represent all; knots along a channel's distribution
TABLE = 4096  # entries of a look-up table from a value to its shift
BLOCK = 8192  # pixels at a time, so that they fit in the processor's cache
FLAT = 1 / 255  # of the range: the knots of a single level are spread over it
ROUNDS = 10  # rotations, one after the other
REGULAR = (5, 0.06, 4.0)  # bilateral filter: diameter in pixels, share of the range, pixels
MOMENTS = 4  # rows: a mean and a covariance


def mean_of(pairs: Sequence[Pair], weights: Doubles) -> Pair:
    """Return the weighted mean of pairs of means and covariances."""
    return np.asarray(np.tensordot(weights / weights.sum(), np.stack(pairs), 1))


@dataclass(frozen=True)
class ColourMethod:
    """A method of colour transfer. `measure` returns None if the mask shows nothing."""

    measure: Callable[[Picture, Mask], Statistics | None]
    apply: Callable[[Picture, Statistics, Statistics], Picture]  # values may leave [0, 1]
    pool: Callable[[Sequence[Pair], Doubles], Pair] = mean_of  # pairs of frames, their weights
    # The measured colour (3,), where eyes and teeth keep the hue of the light on the skin.
    level: Callable[[Statistics], Doubles] | None = None


def measure_colours(
    colour: ColourMethod, face: Picture, frame: Picture, mask: Mask, there: Mask | None = None
) -> Pair | None:
    """Measure a network's face under its mask, and the frame's crop under `there` or that mask.

    Return None if one of the two shows nothing, or if the face is not finite.
    """
    if not np.isfinite(face.sum()):  # from a network whose weights have diverged
        return None
    of, to = colour.measure(face, mask), colour.measure(frame, mask if there is None else there)
    return None if of is None or to is None else np.stack([of, to])


def recolour(
    colour: ColourMethod, face: Picture, pair: Pair | None, amount: float = 1.0
) -> Picture:
    """Return a face mixed with its recoloured version by `amount`; unchanged if `pair` is None."""
    if not 0 <= amount <= 1:
        raise ValueError(f"an amount of {amount}: between 0 and 1")
    if pair is None or amount == 0:
        return face
    wanted = colour.apply(face, pair[0], pair[1])
    if amount < 1:
        wanted = np.asarray(cv2.addWeighted(face, 1 - amount, wanted, amount, 0), np.float32)
    return np.clip(wanted, 0, 1)


def moments(picture: Picture, mask: Mask) -> Statistics | None:
    """Return (4, 3): the mean colour in the first row, the covariance in the other three."""
    seen = _seen(picture, mask)
    return None if seen is None else _moments(*seen)


def sample(picture: Picture, mask: Mask) -> Statistics | None:
    """Return (4 + SAMPLE, 3): the moments, and pixels taken evenly from the part under the mask."""
    if (seen := _seen(picture, mask)) is None:
        return None
    values, weights = seen
    # Pixels at the mask's soft edge count by weight: with a threshold the sample would jitter.
    passed = (np.arange(SAMPLE) + 0.5) / SAMPLE * weights.sum(dtype=np.float64)
    places = np.searchsorted(np.cumsum(weights, dtype=np.float64), passed)
    pixels = values[:, places]
    return np.vstack([_moments(pixels, np.ones(SAMPLE, np.float32)), pixels.T])


def nearest_of(pairs: Sequence[Pair], weights: Doubles) -> Pair:
    """Return the pair with the largest weight, with its wanted samples adjusted to all frames.

    The map between the moments pooled over all frames is applied to this pair's own moments. This
    gives the wanted mean and covariance, and the wanted samples are moved to them. Samples that are
    put together from several frames would jitter more than those of a single frame.
    """
    own, wanted = pairs[int(np.argmax(weights))]
    matrix, offset = _affine(mkl, *mean_of([pair[:, :MOMENTS] for pair in pairs], weights))
    goal = np.vstack([matrix @ own[0] + offset, matrix @ own[1:MOMENTS] @ matrix.T])
    matrix, offset = _affine(mkl, wanted[:MOMENTS], goal)
    return np.stack([own, np.vstack([goal, wanted[MOMENTS:] @ matrix.T + offset])])


def _seen(picture: Picture, mask: Mask) -> tuple[Values, Values] | None:
    """Return pixels (3, n) and their weights (n,), reduced in size if the picture is large.

    Return None if the mask covers too few pixels.
    """
    picture, weights = relighting.shrunk(picture, mask)
    return (_values(picture), weights.ravel()) if weights.sum() >= relighting.LEAST else None


def mkl(of: Statistics, to: Statistics) -> Doubles:
    """Return the linear map that moves colours least (Pitié & Kokaram 2007)."""
    root, inverse = _roots(_covariance(of))
    between, _ = _roots(root @ _covariance(to) @ root)
    return inverse @ between @ inverse


def lct(of: Statistics, to: Statistics) -> Doubles:
    """Return the map that whitens and then colours (Hertzmann 2001; Gatys et al. 2016)."""
    return _roots(_covariance(to))[0] @ _roots(_covariance(of))[1]


def adain(of: Statistics, to: Statistics) -> Doubles:
    """Return the map that scales each channel's contrast on its own (Huang & Belongie 2017)."""
    return np.diag(np.sqrt(np.diag(_covariance(to)) / np.diag(_covariance(of))))


def tint(of: Statistics, to: Statistics) -> Doubles:
    """Return a map that acts like light and skin: contrast grows about as much as the mean does.

    The face in the frame may have a beard or a hard shadow. The contrast of the new face must not
    follow these, so it may differ from the change of the mean only by the factor BEYOND.
    """
    root = np.sqrt(ratio(of, to))
    u, stretch, vt = np.linalg.svd(mkl(of, to) / np.outer(root, root))
    return np.asarray((u * np.clip(stretch, 1 / BEYOND, BEYOND)) @ vt * np.outer(root, root))


def ratio(of: Statistics, to: Statistics) -> Doubles:
    """Return the factor (3,) by which the mean of each channel must change."""
    times = np.maximum(to[0], DARKEST) / np.maximum(of[0], DARKEST)
    return np.asarray(np.clip(times, 1 / STRONGEST, STRONGEST))


def linear(contrast: Linear, face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Move the mean to the wanted mean, and the deviations from it through a matrix."""
    affine = np.column_stack(_affine(contrast, of, to)).astype(np.float32)
    return np.asarray(cv2.transform(face, affine), np.float32)


def reinhard(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Match each channel's mean and contrast in Lab (Reinhard et al. 2001)."""
    lab = _lab(face)
    # The conversion to Lab and back alone has an error of up to one level. It is added back.
    return _rgb(linear(adain, lab, of, to)) + (face - _rgb(lab))


def histogram(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Match the whole distribution of each channel."""
    return _picture(_shift(_knots(of[MOMENTS:].T), _knots(to[MOMENTS:].T))(_values(face)), face)


def idt(face: Picture, of: Statistics, to: Statistics, together: int = 1) -> Picture:
    """Match distributions along three axes, then along others, and so on (Pitié et al. 2005)."""
    # The shifts are found on the samples only. They are then applied to the pixels by colour.
    values, wanted, steps = of[MOMENTS:].T.astype(np.float32), to[MOMENTS:].T, list[Step]()
    for bases in _rotations(together):
        shifts = [_shift(_knots(basis @ values), _knots(basis @ wanted)) for basis in bases]
        steps.append(list(zip(bases, shifts, strict=True)))
        values = _stepped(values, steps[-1])
    pixels = _values(face)
    for start in range(0, pixels.shape[1], BLOCK):
        part = pixels[:, start : start + BLOCK]
        part[:] = reduce(_stepped, steps, part)
    return _picture(pixels, face)


def sot(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Use more axes at a time, then smooth the shifts (Rabin, Delon & Gousseau 2011)."""
    # The shifts are smoothed, not the face: the shifts lose their grain, the face keeps its detail.
    shift = idt(face, of, to, together=2) - face
    return face + np.asarray(cv2.bilateralFilter(shift, *REGULAR), np.float32)


COLOUR: dict[str, ColourMethod] = {
    "light": ColourMethod(relighting.brightness, relighting.relight, level=relighting.middle_level),
    "tint": ColourMethod(moments, partial(linear, tint)),
    "mkl": ColourMethod(moments, partial(linear, mkl)),
    "reinhard": ColourMethod(lambda picture, mask: moments(_lab(picture), mask), reinhard),
    "lct": ColourMethod(moments, partial(linear, lct)),
    "histogram": ColourMethod(sample, histogram, nearest_of),
    "idt": ColourMethod(sample, idt, nearest_of),
    "sot": ColourMethod(sample, sot, nearest_of),
    "adain": ColourMethod(moments, partial(linear, adain)),
    "average": ColourMethod(moments, partial(linear, lambda *_: np.eye(3))),
    "none": ColourMethod(lambda *_: None, lambda face, *_: face),
}


def _affine(contrast: Linear, of: Statistics, to: Statistics) -> tuple[Doubles, Doubles]:
    u, stretch, vt = np.linalg.svd(contrast(of, to))
    matrix = (u * np.minimum(stretch, STRONGEST)) @ vt
    return matrix, to[0] - matrix @ of[0]


def _moments(values: Values, weights: Values) -> Statistics:
    share = weights / weights.sum(dtype=np.float64)
    mean = values @ share
    centred = values - mean[:, None]
    return np.vstack([mean, (centred * share) @ centred.T])


def _covariance(statistics: Statistics) -> Doubles:
    return statistics[1:MOMENTS] + EPS * np.eye(3)


def _roots(covariance: Doubles) -> tuple[Doubles, Doubles]:
    """Return the square root of a covariance, and the inverse of that root."""
    values, axes = np.linalg.eigh(covariance)
    stretch = np.sqrt(np.maximum(values, EPS * EPS))
    return (axes * stretch) @ axes.T, (axes / stretch) @ axes.T


def _lab(face: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(face, cv2.COLOR_RGB2LAB) * np.float32(1 / LAB), np.float32)


def _rgb(lab: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(lab * np.float32(LAB), cv2.COLOR_LAB2RGB), np.float32)


def _values(picture: Picture) -> Values:
    return np.array(picture.reshape(-1, 3).T, order="C")


def _picture(values: Values, like: Picture) -> Picture:
    return np.ascontiguousarray(values.T).reshape(like.shape)


def _stepped(values: Values, step: Step) -> Values:
    moved = [basis.T @ shift(basis @ values) for basis, shift in step]
    return np.asarray(sum(moved) / np.float32(len(moved)), np.float32)


@lru_cache(maxsize=4)
def _rotations(together: int) -> list[list[Values]]:
    """Return sets of axes, the same in every call: first the channels, then random rotations."""
    rng = np.random.default_rng(0)
    others = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(ROUNDS * together - 1)]
    every = np.array([np.eye(3), *others], np.float32)
    return list(every.reshape(ROUNDS, together, 3, 3))


def _knots(rows: Doubles | Values) -> Doubles:
    """Reduce (3, n) to (3, KNOTS): sort each row, and take the means of KNOTS equal parts."""
    return np.asarray(np.sort(rows, axis=1).reshape(3, KNOTS, -1).mean(axis=2), np.float64)


def _shift(of: Doubles, to: Doubles) -> Shift:
    """Return a function that moves each row's own knots to the wanted ones.

    A value beyond the last knot is shifted as the last knot is. The table holds shifts, not values:
    so equal knots change nothing, and no detail is lost.
    """
    own = of + np.linspace(-FLAT / 2, FLAT / 2, KNOTS)
    even = np.linspace(own[:, 0], own[:, -1], TABLE, axis=1)
    tables = [np.interp(*row).astype(np.float32) for row in zip(even, own, to - of, strict=True)]
    low = own[:, :1].astype(np.float32)
    scale = np.asarray((TABLE - 1) / np.ptp(own, axis=1, keepdims=True), np.float32)

    def shifted(values: Values) -> Values:
        places = ((values - low) * scale + np.float32(0.5)).astype(np.int32)
        rows = zip(tables, places, strict=True)
        looked = [table.take(row, mode="clip") for table, row in rows]
        return np.asarray(values + np.stack(looked), np.float32)

    return shifted
