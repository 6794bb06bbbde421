"""Which descriptors are one person's?

Groups are joined pair by pair, the nearest first, as long as their faces are near on average
(average linkage, UPGMA; Sokal & Michener, 1958). With squared distances the average over all pairs
follows from each group's count, mean and spread, so a group may as well begin as a track of a
thousand faces, and no table of all pairs of faces is needed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Doubles

# Of a root mean square distance between descriptors. The cast: 0.27 to 0.38 within a person, 0.60
# and more between two; dlib's own limit for a single pair is 0.6.
SAME = 0.52
CHUNK = 500  # groups that are joined among themselves first, for all at once would take long
MOST = 4000  # people; the table of all pairs has to fit in memory


@dataclass(frozen=True, eq=False)
class Clusters:
    """Groups of faces: how many, their mean, and their mean squared distance to it."""

    count: Doubles  # (n,)
    mean: Doubles  # (n, 128)
    spread: Doubles  # (n,)

    def of(self, part: slice) -> "Clusters":
        """Some of them."""
        return Clusters(self.count[part], self.mean[part], self.spread[part])

    def tied(self, numbers: NDArray[np.int64]) -> "Clusters":
        """Those of one number as one."""
        count: Doubles = np.bincount(numbers, self.count).astype(float)
        mean = np.zeros((len(count), self.mean.shape[1]))
        np.add.at(mean, numbers, self.mean * self.count[:, None])
        mean /= count[:, None]
        away = ((self.mean - mean[numbers]) ** 2).sum(axis=1)
        return Clusters(
            count, mean, np.bincount(numbers, self.count * (self.spread + away)) / count
        )

    def apart(self, one: int) -> Doubles:
        """Mean squared distance of one's faces to those of each."""
        between = ((self.mean - self.mean[one]) ** 2).sum(axis=1)
        return np.asarray(between + self.spread + self.spread[one])

    def grow(self, kept: int, gone: int) -> None:
        """Put one into another, in place."""
        share = self.count[gone] / (self.count[kept] + self.count[gone])
        shift = self.mean[gone] - self.mean[kept]
        within = (1 - share) * self.spread[kept] + share * self.spread[gone]
        self.spread[kept] = within + share * (1 - share) * (shift**2).sum()
        self.mean[kept] += share * shift
        self.count[kept] += self.count[gone]


def single_clusters(descriptors: NDArray[np.float32]) -> Clusters:
    """Each descriptor (n, 128) by itself."""
    return Clusters(
        np.ones(len(descriptors)), descriptors.astype(float), np.zeros(len(descriptors))
    )


def cluster_numbers(knots: Clusters) -> NDArray[np.int64]:
    """For each group of faces whose it is, as numbers from 0."""
    parts = [slice(first, first + CHUNK) for first in range(0, len(knots.count), CHUNK)]
    numbers = np.zeros(len(knots.count), np.int64)
    for part in parts:
        numbers[part] = _joined(knots.of(part)) + numbers.max() + 1
    numbers = np.unique(numbers, return_inverse=True)[1]
    tied = knots.tied(numbers)
    if len(tied.count) > MOST:
        raise UserError(f"more than {MOST} people are seen; take a part of it at a time")
    return np.asarray(np.unique(_joined(tied)[numbers], return_inverse=True)[1], np.int64)


def _joined(knots: Clusters) -> NDArray[np.int64]:
    """Join the nearest two until no two are one person's; for each, which it is part of."""
    knots = Clusters(knots.count.copy(), knots.mean.copy(), knots.spread.copy())
    numbers = np.arange(len(knots.count))
    far = np.stack([knots.apart(one) for one in range(len(numbers))])
    np.fill_diagonal(far, np.inf)
    while far.min() < SAME**2:
        kept, gone = divmod(int(far.argmin()), len(far))
        knots.grow(kept, gone)
        numbers[numbers == gone] = kept
        far[gone] = far[:, gone] = np.inf
        away = np.isinf(far[kept])
        far[kept] = far[:, kept] = np.where(away, np.inf, knots.apart(kept))
    return numbers
