"""How do a face's colours become those of the frame that it goes into?

    measured(face, frame, mask) -> pooled over the frames around -> recoloured(face)

A method in `COLOUR` measures what a mask shows of a picture as a small array of fixed shape, and
changes a face by two such: what it has, what is wanted. Where both are alike, nothing changes.
Measured anew in every frame, colours flicker as the mask's edge trembles; pooled they are steady.
A light that comes on meanwhile still shows, because what the face has is pooled in the same way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Mask

Picture = NDArray[np.float32]  # (h, w, 3) RGB in [0, 1]
Statistics = NDArray[np.float64]  # (rows, 3): what the rows are is the method's affair
Pair = NDArray[np.float64]  # (2, rows, 3): of the face, and of the frame
Values = NDArray[np.float32]  # (3, n): pixels as columns, with which numpy is quickest
Linear = Callable[[Statistics, Statistics], Doubles]  # gives (3, 3)
Shift = Callable[[Values], Values]
Step = list[tuple[Values, Shift]]  # axes (3, 3), and what is done along them

FEW = 48  # pixels a side, enough to tell colours by; grain is averaged away: it is not contrast
LEAST = 32.0  # of these pixels, below which a mask shows nothing
EPS = 1e-5  # variance added to every channel, so that flat ones have a shape too
STRONGEST = 4.0  # times, that contrast may grow: beyond, it would be noise
BEYOND = 1.1  # times, that a tint's contrast may be more or less than its brightness tells
DARKEST = 0.02  # of means that are divided
LAB = 100.0  # the range of L, by which Lab becomes as large as RGB
SAMPLE, KNOTS = 1024, 64  # pixels that stand for all; places along a channel's distribution
TABLE = 4096  # entries of a look-up from a value to its shift
BLOCK = 8192  # pixels at a time, which the processor keeps at hand
FLAT = 1 / 255  # of the range: over which the knots of a single level are spread
ROUNDS = 10  # rotations, one after the other
REGULAR = (5, 0.06, 4.0)  # pixels, of the range, pixels: where neighbours are shifted alike
MOMENTS = 4  # rows: a mean and a covariance


def mean_of(pairs: Sequence[Pair], weights: Doubles) -> Pair:
    """Of means and covariances."""
    return np.asarray(np.tensordot(weights / weights.sum(), np.stack(pairs), 1))


@dataclass(frozen=True)
class ColourMethod:
    """A method. `measure` gives None where the mask shows nothing."""

    measure: Callable[[Picture, Mask], Statistics | None]
    apply: Callable[[Picture, Statistics, Statistics], Picture]  # may leave [0, 1]
    pool: Callable[[Sequence[Pair], Doubles], Pair] = mean_of  # of frames, by their weights


def measure_colours(
    colour: ColourMethod, face: Picture, frame: Picture, mask: Mask, there: Mask | None = None
) -> Pair | None:
    """What a network's face has under its mask, and the frame's crop under that or its own."""
    if not np.isfinite(face.sum()):  # of a network that broke
        return None
    of, to = colour.measure(face, mask), colour.measure(frame, mask if there is None else there)
    return None if of is None or to is None else np.stack([of, to])


def recolour(
    colour: ColourMethod, face: Picture, pair: Pair | None, amount: float = 1.0
) -> Picture:
    """A face with so much of the wanted colours; without any that are known, as it is."""
    if not 0 <= amount <= 1:
        raise ValueError(f"an amount of {amount}: between 0 and 1")
    if pair is None or amount == 0:
        return face
    wanted = colour.apply(face, pair[0], pair[1])
    if amount < 1:
        wanted = np.asarray(cv2.addWeighted(face, 1 - amount, wanted, amount, 0), np.float32)
    return np.clip(wanted, 0, 1)


def moments(picture: Picture, mask: Mask) -> Statistics | None:
    """(4, 3): the mean, and the covariance under it."""
    seen = _seen(picture, mask)
    return None if seen is None else _moments(*seen)


def sample(picture: Picture, mask: Mask) -> Statistics | None:
    """(4 + SAMPLE, 3): moments, and pixels from all over what is seen."""
    if (seen := _seen(picture, mask)) is None:
        return None
    values, weights = seen
    # The mask's edge counts in shares too: it would tremble if some value decided.
    passed = (np.arange(SAMPLE) + 0.5) / SAMPLE * weights.sum(dtype=np.float64)
    places = np.searchsorted(np.cumsum(weights, dtype=np.float64), passed)
    pixels = values[:, places]
    return np.vstack([_moments(pixels, np.ones(SAMPLE, np.float32)), pixels.T])


def nearest_of(pairs: Sequence[Pair], weights: Doubles) -> Pair:
    """The nearest frame's, with such a mean and covariance wanted as all the frames' map gives it.

    Samples put together from several frames tremble more than those of a single one.
    """
    own, wanted = pairs[int(np.argmax(weights))]
    matrix, offset = _affine(mkl, *mean_of([pair[:, :MOMENTS] for pair in pairs], weights))
    goal = np.vstack([matrix @ own[0] + offset, matrix @ own[1:MOMENTS] @ matrix.T])
    matrix, offset = _affine(mkl, wanted[:MOMENTS], goal)
    return np.stack([own, np.vstack([goal, wanted[MOMENTS:] @ matrix.T + offset])])


def _seen(picture: Picture, mask: Mask) -> tuple[Values, Values] | None:
    """(3, n) and their weights (n,), of fewer pixels where there are many."""
    height, width = picture.shape[:2]
    weights, step = mask.reshape(height, width), min(height, width) // FEW
    if step > 1:
        size, way = (width // step, height // step), cv2.INTER_AREA
        picture = np.asarray(cv2.resize(picture, size, interpolation=way), np.float32)
        weights = np.asarray(cv2.resize(weights, size, interpolation=way), np.float32)
    return (_values(picture), weights.ravel()) if weights.sum() >= LEAST else None


def mkl(of: Statistics, to: Statistics) -> Doubles:
    """The linear map that moves colours least (Pitié & Kokaram 2007)."""
    root, inverse = _roots(_covariance(of))
    between, _ = _roots(root @ _covariance(to) @ root)
    return inverse @ between @ inverse


def lct(of: Statistics, to: Statistics) -> Doubles:
    """To no correlation and on to the wanted one (Hertzmann 2001; Gatys et al. 2016)."""
    return _roots(_covariance(to))[0] @ _roots(_covariance(of))[1]


def adain(of: Statistics, to: Statistics) -> Doubles:
    """Each channel's contrast by itself (Huang & Belongie 2017)."""
    return np.diag(np.sqrt(np.diag(_covariance(to)) / np.diag(_covariance(of))))


def tint(of: Statistics, to: Statistics) -> Doubles:
    """As light and skin do: contrast grows as the mean does, and only by a little more or less.

    A frame's face may have a beard or a hard shadow, which the contrast of a face that goes there
    is not to follow.
    """
    root = np.sqrt(ratio(of, to))
    u, stretch, vt = np.linalg.svd(mkl(of, to) / np.outer(root, root))
    return np.asarray((u * np.clip(stretch, 1 / BEYOND, BEYOND)) @ vt * np.outer(root, root))


def ratio(of: Statistics, to: Statistics) -> Doubles:
    """How much brighter each channel is to become, on the mean."""
    times = np.maximum(to[0], DARKEST) / np.maximum(of[0], DARKEST)
    return np.asarray(np.clip(times, 1 / STRONGEST, STRONGEST))


def linear(contrast: Linear, face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Mean goes to mean, what is around it through a matrix."""
    affine = np.column_stack(_affine(contrast, of, to)).astype(np.float32)
    return np.asarray(cv2.transform(face, affine), np.float32)


def reinhard(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Each channel's mean and contrast in Lab (Reinhard et al. 2001)."""
    lab = _lab(face)
    # There and back alone is off by up to a level, which nobody wanted.
    return _rgb(linear(adain, lab, of, to)) + (face - _rgb(lab))


def histogram(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """Each channel's whole distribution."""
    return _picture(_shift(_knots(of[MOMENTS:].T), _knots(to[MOMENTS:].T))(_values(face)), face)


def idt(face: Picture, of: Statistics, to: Statistics, together: int = 1) -> Picture:
    """Distributions along three axes, along three others, and so on (Pitié et al. 2005)."""
    # Only the samples are matched; the pixels go where pixels of their colour go.
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
    """Along more axes at a time, and then neighbours alike (Rabin, Delon & Gousseau 2011)."""
    # The shifts are smoothed, not the face: their grain goes, its detail stays.
    shift = idt(face, of, to, together=2) - face
    return face + np.asarray(cv2.bilateralFilter(shift, *REGULAR), np.float32)


COLOUR: dict[str, ColourMethod] = {
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
    """A covariance's square root, and the root's inverse."""
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
    """The same ones each time: the channels themselves, then any."""
    rng = np.random.default_rng(0)
    others = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(ROUNDS * together - 1)]
    every = np.array([np.eye(3), *others], np.float32)
    return list(every.reshape(ROUNDS, together, 3, 3))


def _knots(rows: Doubles | Values) -> Doubles:
    """(3, n) to (3, KNOTS): the means of as many equal parts, from the least values up."""
    return np.asarray(np.sort(rows, axis=1).reshape(3, KNOTS, -1).mean(axis=2), np.float64)


def _shift(of: Doubles, to: Doubles) -> Shift:
    """Brings each row's own knots to the wanted ones; what is beyond them, as the last.

    Shifts and not values are looked up: equal knots change nothing, and no detail is lost.
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
