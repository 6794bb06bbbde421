"""Which faces make a batch, and which are kept back to judge a training by?"""

import hashlib
from collections.abc import Sequence

import numpy as np

from faceswap_ae.common.geometry import Doubles, Integers

HELD, LEAST_HELD, MOST_HELD = 0.05, 1, 64  # share of the faces; faces
YAW_BIN = 10.0  # degrees
THIN = 0.5  # of the mean of all bins that have faces: a bin with less is thin
RAISED = 4.0  # times, at most, that a face in a thin bin comes more often


def held_out(ids: Sequence[str]) -> Integers:
    """The places of faces, which are in order of time, that no batch may hold.

    Neighbours in time are almost the same picture, so they go in runs: about as many runs as faces
    in each, spread over all the time. Where in its stretch a run begins is told by the ids alone.
    """
    count = min(max(round(HELD * len(ids)), LEAST_HELD), MOST_HELD)
    marks = np.array([_mark(one) for one in ids], np.uint64)
    stretches = np.array_split(np.arange(len(ids)), round(np.sqrt(count)))
    lengths = [len(part) for part in np.array_split(np.arange(count), len(stretches))]
    runs = []
    for stretch, length in zip(stretches, lengths, strict=True):
        starts = stretch[: len(stretch) - length + 1]
        first = starts[np.argmin(marks[starts])]
        runs.append(np.arange(first, first + length))
    return np.concatenate(runs)


def _mark(one: str) -> int:
    return int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "big")


def weights(clips: Sequence[str], yaw: Doubles, balance: float, even_yaw: bool) -> Doubles:
    """How likely each face is drawn; they sum to 1.

    A clip of n faces counts for n to the power of 1 - `balance`.
    """
    found = _count(np.unique(np.asarray(clips), return_inverse=True)[1]) ** -float(balance)
    if even_yaw:
        bins = np.round(yaw / YAW_BIN).astype(np.int64)
        many = _count(bins)
        thin = THIN * len(bins) / len(np.unique(bins))
        found = found * np.clip(thin / many, 1, RAISED)
    return np.asarray(found / found.sum())


def _count(kinds: Integers) -> Doubles:
    """How many are of each one's kind."""
    _, places, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    return np.asarray(counts[places.ravel()], np.float64)


def drawn(likely: Doubles, count: int, rng: np.random.Generator) -> Integers:
    """`count` places, each as often as it is likely, but spread over all of them."""
    # One from each of `count` equal parts: a batch seldom holds neighbours in time.
    parts = (np.arange(count) + rng.random(count)) / count
    found = np.searchsorted(np.cumsum(likely), parts, side="right")
    return rng.permutation(np.minimum(found, len(likely) - 1))
