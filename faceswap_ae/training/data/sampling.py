"""Which faces are sampled for a batch, and which form the hold-out set?"""

import hashlib
from collections.abc import Sequence

import numpy as np

from faceswap_ae.common.geometry import Doubles, Integers

HELD, LEAST_HELD, MOST_HELD = 0.05, 1, 64  # hold-out set: share of the faces, least, most faces
YAW_BIN = 10.0  # degrees
THIN = 0.5  # of the mean count of all bins that have faces: a bin with fewer faces is thin
RAISED = 4.0  # largest factor by which a face of a thin bin is drawn more often


def held_out(ids: Sequence[str]) -> Integers:
    """Return the indices of the hold-out faces, for faces in order of time.

    Neighbours in time are almost the same picture, so faces are held out in runs of neighbours.
    There are about as many runs as faces in each run, spread over the whole time. Only the ids
    decide where a run begins in its part of the time.
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
    """Return the probability of each face to be drawn; the sum is 1.

    A clip of n faces has a weight of n to the power of 1 - `balance`. With `even_yaw`, faces in
    thin bins of yaw have up to RAISED times the weight.
    """
    found = _count(np.unique(np.asarray(clips), return_inverse=True)[1]) ** -float(balance)
    if even_yaw:
        bins = np.round(yaw / YAW_BIN).astype(np.int64)
        many = _count(bins)
        thin = THIN * len(bins) / len(np.unique(bins))
        found = found * np.clip(thin / many, 1, RAISED)
    return np.asarray(found / found.sum())


def _count(kinds: Integers) -> Doubles:
    """Return, for each element, how many elements are of the same kind."""
    _, places, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    return np.asarray(counts[places.ravel()], np.float64)


def drawn(likely: Doubles, count: int, rng: np.random.Generator) -> Integers:
    """Draw `count` indices by their probabilities, spread over the whole set (stratified)."""
    # One from each of `count` equal parts of the probability: so a batch seldom holds neighbours in
    # time.
    parts = (np.arange(count) + rng.random(count)) / count
    found = np.searchsorted(np.cumsum(likely), parts, side="right")
    return rng.permutation(np.minimum(found, len(likely) - 1))
