"""Which of a person's pictures come nearest to a wanted mesh, and how much does each count?

Pictures are compared by their meshes in the same crop, so pose, expression and gaze are compared at
once, for each region of the face. Distances are smoothed over the clip, so the chosen pictures
change slowly, and a picture's weight falls to nothing before another takes its place.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from faceswap_ae.common.geometry import Floats, Integers
from faceswap_ae.reenactment.regions import Region, regions

TOGETHER = 3  # pictures that are mixed


@dataclass(frozen=True, eq=False)
class Choice:
    """The pictures of one region in n frames: their numbers (n, k) and weights (n, k)."""

    pictures: Integers
    weights: Floats


def choose(wanted: Floats, known: Floats) -> list[Choice]:
    """Choose pictures for each frame and region.

    `wanted` (n, 478, 3) and `known` (m, 478, 3) are meshes in crops of one pixel a side.
    """
    whole, *parts = regions()
    face = _apart(wanted, known, whole)
    others = [
        _nearest(np.hypot(_apart(wanted, known, part), part.face * face), part) for part in parts
    ]
    return [_nearest(face, whole), *others]


def _nearest(apart: Floats, region: Region) -> Choice:
    apart = _smooth(apart, region.steady)
    count = min(TOGETHER + 1, apart.shape[1])
    some = np.argpartition(apart, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(apart, some, axis=1), axis=1)
    numbers = np.take_along_axis(some, order, axis=1)
    near = np.take_along_axis(apart, numbers, axis=1)
    weights = np.exp(-(near - near[:, :1]) / region.width)
    if count > TOGETHER:
        # The next picture's weight is taken off all: a picture comes and goes at weight nothing.
        numbers, weights = numbers[:, :-1], (weights - weights[:, -1:])[:, :-1]
        weights[:, 0] += 1e-6
    return Choice(numbers, weights / weights.sum(axis=1, keepdims=True))


def _apart(wanted: Floats, known: Floats, region: Region) -> Floats:
    """Return (n, m): root mean squares of the distances of a region's points."""
    squares = np.zeros((len(wanted), len(known)), np.float32)
    for group in region.groups:
        one, other = (_centred(meshes[:, group, :2]) for meshes in (wanted, known))
        cross = 2 * one @ other.T
        squares += ((one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - cross) / len(group)
    return np.sqrt(np.maximum(squares / len(region.groups), 0))


def _centred(points: Floats) -> Floats:
    middle = points.mean(axis=1, keepdims=True)
    return np.asarray((points - middle).reshape(len(points), -1), np.float32)


def _smooth(apart: Floats, steady: float) -> Floats:
    """Smooth (n, m) over time."""
    reach = 2 * int(np.ceil(3 * steady)) + 1
    border = cv2.BORDER_REPLICATE
    smooth = cv2.GaussianBlur(apart, (1, reach), sigmaX=1, sigmaY=steady, borderType=border)
    return np.asarray(smooth.reshape(apart.shape), np.float32)
