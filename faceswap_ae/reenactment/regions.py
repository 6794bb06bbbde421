"""Which parts of a face are taken from pictures of their own: the eyes, the mouth, the rest?

A face with shut eyes and an open mouth is rare. So pictures are chosen for each part by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from faceswap_ae.common.geometry import Flags, Integers
from faceswap_ae.faces.mesh import EYE_RINGS, IRISES, LIP_LINES, SKIN

INNER = 40  # the last points of the mouth: the inner half of the lips
# The first points of an eye's rings are the edge of its lids; the first of these are below.
LIDS, BELOW = 16, 9
# Lips from the outside inwards: four rings of 20.
MOUTH = (*LIP_LINES[:20], *LIP_LINES[40:60], *LIP_LINES[60:], *LIP_LINES[20:40])


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the face, and how pictures of it are compared."""

    name: str
    groups: tuple[Integers, ...]  # of points that are compared, each about its own middle
    face: float  # weight of the whole face's distance: a picture from another side looks wrong
    steady: float  # frames: standard deviation of smoothing over time. Lids and lips are quick
    width: float  # of the crop's side: difference of distance over which a picture's weight falls


@cache
def regions() -> tuple[Region, ...]:
    """Return the parts; the first is the rest of the face."""
    eyes = [
        np.array([*ring[:LIDS], *range(iris.start, iris.stop)])
        for ring, iris in zip(EYE_RINGS, IRISES, strict=True)
    ]
    return (
        Region("face", (np.arange(SKIN),), face=0.0, steady=2.0, width=0.0015),
        Region("eyes", tuple(eyes), face=0.35, steady=0.6, width=0.001),
        Region("mouth", (np.array(MOUTH),), face=0.35, steady=0.6, width=0.001),
    )


def lids_outline(ring: Sequence[int]) -> list[int]:
    """Return the points of an eye's lids in the order in which they lie around it."""
    return [*ring[:BELOW], *reversed(ring[BELOW:LIDS])]


def inner_mouth(triangles: Integers) -> Flags:
    """Return (t,): which triangles lie between the lips, or on their inner half."""
    inside = np.zeros(triangles.max() + 1, bool)
    inside[list(MOUTH[-INNER:])] = True
    return np.asarray(inside[triangles].all(axis=1))


def members(triangles: Integers) -> Flags:
    """Return (3, t): which triangles each region has."""
    of_eyes, of_mouth = np.zeros((2, triangles.max() + 1), bool)
    for ring in EYE_RINGS:
        of_eyes[list(ring)] = True
    of_mouth[list(MOUTH)] = True
    eyes, mouth = of_eyes[triangles].all(axis=1), of_mouth[triangles].any(axis=1)
    return np.stack([~(eyes | mouth), eyes, mouth & ~eyes])
