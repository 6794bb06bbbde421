"""Which descriptors belong to the same person (clustering)?

Clusters are joined pair by pair, the nearest pair first, as long as the average distance between
their faces is small (average linkage, UPGMA; Sokal & Michener, 1958). With squared distances, the
average over all pairs follows from the count, the mean and the spread of each cluster. So a cluster
may start as a whole track of a thousand faces, and no table of all pairs of faces is needed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Doubles

# Limit of the root mean square distance between descriptors. Measured on the synthetic cast: 0.27
# to 0.38 within one person, 0.60 and more between two people. dlib's limit for one pair is 0.6.
SAME = 0.52
CHUNK = 500  # clusters that are joined among themselves first: all at once would take too long
MOST = 4000  # clusters (people) in the second step; the table of all pairs has to fit in memory


@dataclass(frozen=True, eq=False)
class Clusters:
    """For each cluster: number of faces, mean descriptor, mean squared distance to that mean."""

    count: Doubles  # (n,)
    mean: Doubles  # (n, 128)
    spread: Doubles  # (n,)

    def of(self, part: slice) -> "Clusters":
        """Return the clusters in this slice."""
        return Clusters(self.count[part], self.mean[part], self.spread[part])

    def tied(self, numbers: NDArray[np.int64]) -> "Clusters":
        """Return new clusters: all clusters with the same number are merged into one."""
        count: Doubles = np.bincount(numbers, self.count).astype(float)
        mean = np.zeros((len(count), self.mean.shape[1]))
        np.add.at(mean, numbers, self.mean * self.count[:, None])
        mean /= count[:, None]
        away = ((self.mean - mean[numbers]) ** 2).sum(axis=1)
        return Clusters(
            count, mean, np.bincount(numbers, self.count * (self.spread + away)) / count
        )

    def apart(self, one: int) -> Doubles:
        """Return the mean squared distance between the faces of one cluster and of each cluster."""
        between = ((self.mean - self.mean[one]) ** 2).sum(axis=1)
        return np.asarray(between + self.spread + self.spread[one])

    def grow(self, kept: int, gone: int) -> None:
        """Merge the cluster `gone` into the cluster `kept`, in place."""
        share = self.count[gone] / (self.count[kept] + self.count[gone])
        shift = self.mean[gone] - self.mean[kept]
        within = (1 - share) * self.spread[kept] + share * self.spread[gone]
        self.spread[kept] = within + share * (1 - share) * (shift**2).sum()
        self.mean[kept] += share * shift
        self.count[kept] += self.count[gone]


def single_clusters(descriptors: NDArray[np.float32]) -> Clusters:
    """Return clusters of one descriptor each, from descriptors (n, 128)."""
    return Clusters(
        np.ones(len(descriptors)), descriptors.astype(float), np.zeros(len(descriptors))
    )


def cluster_numbers(knots: Clusters) -> NDArray[np.int64]:
    """Return the person of each cluster, as numbers from 0."""
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
    """Join the nearest two clusters until all are far apart; return for each its new cluster."""
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
