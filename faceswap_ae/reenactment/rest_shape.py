"""Which shape has a person's head at rest, seen in one picture or in many?

A mesh in the head's space is a sum: the mean head, how the person differs, the expression, what the
network's answer owes to the pose, and noise. Each has a known spread (`head_model`), so the most
probable rest shape of one picture is a linear function of it (MAP). Many pictures tell the
expressions apart from the person: what varies between them is expression, and among them are some
in which a part of the face is at rest.
"""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Doubles, Points
from faceswap_ae.reenactment.head_model import HeadPlaces, find_heads, head_model, turn_terms

NOISE = 0.05  # of the eyes' distance: what no term explains; points are not independent
SHUT_SHARE = 15  # %: of the pictures, in which the mouth is as shut as at rest
LEAST, SPEAKS = 20, 0.008  # pictures, and spread of the gap, of a person who is seen to talk
NOSE_TIP, UPPER_LIP, LOWER_LIP = 4, 13, 14  # points of the mesh
ROUNDS = 4  # of fitting the heads' places and the shape in turn


@dataclass(frozen=True, eq=False)
class PersonShape:
    """A person's head at rest, and the meshes that it was found in."""

    rest: Points  # (p, 3) in the head's space
    moves: Points  # (n, p, 3): each mesh minus the rest shape, pose apart


def person_shape(meshes: Points) -> PersonShape:
    """Find the rest shape of a person in some meshes (n, p, 3)."""
    model = head_model()
    shape = model.mean
    for _ in range(ROUNDS):
        places = find_heads(meshes, shape)
        heads = places.to_heads(meshes) - _by_turn(places)
        shape = rest_of(heads)
    shape = _with_shut_mouth(shape, heads)
    return PersonShape(shape, heads - shape)


def rest_of(heads: Points) -> Points:
    """Return the most probable rest shape (p, 3) behind meshes in the head's space (n, p, 3)."""
    model = head_model()
    people, moves = (one.reshape(len(one), -1) for one in (model.people, model.moves))
    off = (heads - model.mean).reshape(len(heads), -1)
    strengths = _strengths(off, people, moves)
    rest = (off - strengths @ moves).mean(axis=0)
    return np.asarray(model.mean + rest.reshape(model.mean.shape))


def _with_shut_mouth(rest: Points, heads: Points) -> Points:
    """Shut the mouth of a rest shape as far as the person is seen to shut it.

    A person who is filmed while talking or making faces has the mouth open on average, and the
    most probable rest shape keeps a part of that. How the face moves with the opening is seen in
    the same meshes.
    """
    gaps = mouth_gap(heads)
    off = gaps - gaps.mean()
    shut, open_ = np.percentile(gaps, SHUT_SHARE), float(mouth_gap(rest))
    if len(heads) < LEAST or off.std() < SPEAKS or shut >= open_:
        return rest
    opens = np.tensordot(off, heads - heads.mean(axis=0), 1) / (off @ off)
    height = rest[:, 1]
    below = np.interp(height, (height[NOSE_TIP], height[UPPER_LIP]), (0.0, 1.0))
    return np.asarray(rest + below[:, None] * opens * (shut - open_))


def mouth_gap(heads: Points) -> Doubles:
    """Return how far the mouths of heads (..., p, 3) are open."""
    return np.asarray(np.linalg.norm(heads[..., UPPER_LIP, :] - heads[..., LOWER_LIP, :], axis=-1))


def _strengths(off: Doubles, people: Doubles, moves: Doubles) -> Doubles:
    """Return how strong each expression is in each picture (n, m), the most probable.

    One vector of the person's is common to all pictures. With standard normal strengths the normal
    equations have blocks: one of the person, one of each picture.
    """
    count = len(off)
    within = np.linalg.inv(moves @ moves.T + NOISE**2 * np.eye(len(moves)))
    # The person's part, after the expressions have explained what they can.
    left = people @ people.T - people @ moves.T @ within @ moves @ people.T
    seen = people @ off.mean(axis=0) - people @ moves.T @ within @ (moves @ off.mean(axis=0))
    person = np.linalg.solve(left + NOISE**2 / count * np.eye(len(people)), seen)
    return np.asarray((off - person @ people) @ moves.T @ within)


def _by_turn(places: HeadPlaces) -> Points:
    """Return what the meshes owe to the pose (n, p, 3)."""
    return np.asarray(np.tensordot(turn_terms(places.angles), head_model().turns, 1))
