"""Which mesh would a person show who moves as the performer does?

Both heads at rest are known. The performer's movement, in the head's space, is added to the other
person's rest shape, and the sum is put where the performer's head is. Where the two people move by
different amounts, the movement is scaled half of the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Points
from faceswap_ae.faces.mesh import EYE_RINGS
from faceswap_ae.reenactment.head_model import HeadPlaces, find_heads
from faceswap_ae.reenactment.regions import regions
from faceswap_ae.reenactment.rest_shape import PersonShape, person_shape

# Weights of the frames around: of the whole mesh, and of lids, lips and irises, which are quicker.
STEADY, QUICK = (0.06, 0.24, 0.4, 0.24, 0.06), (0.0, 0.08, 0.84, 0.08, 0.0)
MOST, BLOCK = 400, 400  # frames that tell the performer's rest shape; frames at a time
# Least and most by which a movement is scaled. Pictures in which a person hardly moves do not tell
# that the person never would.
GAIN = (1.0, 1.15)
LIDS_GAIN = (0.6, 2.0)
UPPER, LOWER = slice(10, 15), slice(2, 7)  # of an eye's ring: points of the lids above each other
SHUT_SHARE = 1.0  # %: of the frames, whose gap between the lids counts as shut
BLINKED, USUAL_SHUT = 0.75, 0.45  # shares of the gap at rest: below the first it is a blink
SLIGHT = 0.004  # of the eyes' distance: a movement that is not compared


@dataclass(frozen=True, eq=False)
class Transfer:
    """The movements of one performance, given to a person."""

    person: PersonShape
    performance: Floats  # (n, 478, 3): the performer's meshes in their frames
    performer: PersonShape
    gain: Doubles  # (478, 1): by how much each point's movement is scaled
    lids: tuple[float, ...]  # by how much each eye closes, in place of that

    def heads(self, first: int, last: int) -> tuple[Points, HeadPlaces]:
        """Return the person's head (m, 478, 3) in some frames, and how the performer's lies."""
        steady = smoothed(self.performance, first, last)
        places = find_heads(steady, self.performer.rest)
        heads = places.to_heads(steady)
        moved = self.gain * (heads - self.performer.rest)
        for ring, gain in zip(EYE_RINGS, self.lids, strict=True):
            wide = lids_gap(heads, ring) > lids_gap(self.performer.rest, ring)
            moved[:, ring] *= np.where(wide, max(gain, 1.0), gain)[:, None, None]
        return self.person.rest + moved, places


def transfer(performance: Floats, person: PersonShape) -> Transfer:
    """Find out how a performance moves, and by how much the person would."""
    chosen = np.unique(np.linspace(0, len(performance) - 1, MOST).astype(int))
    performer = person_shape(performance[chosen].astype(np.float64))
    gain = _gain(person, performer)
    for ring in EYE_RINGS:
        gain[list(ring)] = 1
    lids = tuple(_lids_gain(person, performer, ring) for ring in EYE_RINGS)
    return Transfer(person, performance, performer, gain, lids)


def lids_gap(heads: Points, ring: Sequence[int]) -> Doubles:
    """Return how far apart the lids of an eye are in heads or meshes (..., p, 3)."""
    upper, lower = heads[..., list(ring[UPPER]), :2], heads[..., list(ring[LOWER]), :2]
    return np.asarray(np.linalg.norm(upper - lower, axis=-1).mean(axis=-1))


def wanted_meshes(performance: Floats, person: PersonShape) -> Floats:
    """Return the person's meshes (n, 478, 3) with the movements and places of a performance."""
    moving = transfer(performance, person)
    wanted = np.empty(performance.shape, np.float32)
    for first in range(0, len(performance), BLOCK):
        last = min(first + BLOCK, len(performance))
        heads, places = moving.heads(first, last)
        wanted[first:last] = places.to_pictures(heads)
    return wanted


def smoothed(meshes: Floats, first: int, last: int) -> Points:
    """Smooth a part of meshes (n, p, 3) over time, and lids, lips and irises hardly."""
    quick = np.zeros((meshes.shape[1], 1), bool)
    for region in regions()[1:]:
        for group in region.groups:
            quick[group] = True
    found, reach = np.zeros((last - first, *meshes.shape[1:])), len(STEADY) // 2
    for at, (slow, fast) in enumerate(zip(STEADY, QUICK, strict=True)):
        frames = np.arange(first, last) + at - reach
        found += np.where(quick, fast, slow) * meshes[frames.clip(0, len(meshes) - 1)]
    return found


def _gain(person: PersonShape, performer: PersonShape) -> Doubles:
    """Return by how much each point's movement is scaled (p, 1)."""
    own, other = (_spread(one.moves) for one in (person, performer))
    if own is None or other is None:
        return np.ones((len(person.rest), 1))
    ratio = (own + SLIGHT) / (other + SLIGHT)
    return np.clip(0.5 + 0.5 * ratio, *GAIN)[:, None]


def _lids_gain(person: PersonShape, performer: PersonShape, ring: Sequence[int]) -> float:
    """Return by how much the movement of an eye's lids is scaled: shut is shut for both."""
    own, other = (_closing(one, ring) for one in (person, performer))
    return float(np.clip(own / other, *LIDS_GAIN))


def _closing(person: PersonShape, ring: Sequence[int]) -> float:
    """Return by how much the gap between the lids shrinks until the eye is shut."""
    gaps = lids_gap(person.rest + person.moves, ring)
    rest, least = float(lids_gap(person.rest, ring)), float(np.percentile(gaps, SHUT_SHARE))
    # Nobody blinked, or the person smiled all the time: then it is as most people's eyes are.
    return rest - least if least < BLINKED * rest else rest * (1 - USUAL_SHUT)


def _spread(moves: Points) -> Doubles | None:
    """Return the mean movement of each point (p,); None where too few pictures tell it."""
    return None if len(moves) < 20 else np.linalg.norm(moves - moves.mean(axis=0), axis=2).mean(0)
