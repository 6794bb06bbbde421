"""What is common to all heads: the mean mesh, its triangles, and how expressions move it?

All is in the head's own space: x to the viewer's right, y down, z away from the viewer, as in a
picture of a head that looks straight ahead. The unit is the distance between the outer corners of
the eyes. `python -m benchmarks.head` fits the file on synthetic people.
"""

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import as_file, files

import numpy as np

from faceswap_ae.common.geometry import Doubles, Integers, Points
from faceswap_ae.faces.mesh import EYE_RINGS

FITTED = "head.npz"


@dataclass(frozen=True, eq=False)
class HeadModel:
    """What was fitted. p is 478, the points of a mesh."""

    mean: Points  # (p, 3)
    still: Integers  # (s,): points that hardly move with the expression
    triangles: Integers  # (t, 3)
    people: Doubles  # (k, p, 3): how people differ, one standard deviation each
    moves: Doubles  # (m, p, 3): how expressions move the mesh, one standard deviation each
    turns: Doubles  # (5, p, 3): how the mesh that is found depends on yaw and pitch


@cache
def head_model() -> HeadModel:
    """Return the model; it is read once."""
    with as_file(files("faceswap_ae.reenactment").joinpath(FITTED)) as path, np.load(path) as found:
        arrays = {name: found[name] for name in (field.name for field in fields(HeadModel))}
    numbers = {"still", "triangles"}
    return HeadModel(
        **{
            name: array.astype(np.int64 if name in numbers else np.float64)
            for name, array in arrays.items()
        }
    )


@cache
def mirror_places() -> Integers:
    """Return (p,): for each point the one that lies in its place in a mirror."""
    mean = head_model().mean
    apart = np.linalg.norm((mean * [-1, 1, 1])[:, None] - mean, axis=2)
    found = apart.argmin(axis=1)
    for ring, other in (EYE_RINGS, EYE_RINGS[::-1]):
        found[list(ring)] = other
    # Some points lie nearest to one that has a nearer one: they find each other.
    left = np.nonzero(found[found] != np.arange(len(mean)))[0]
    if len(left):
        found[left] = left[apart[np.ix_(left, left)].argmin(axis=1)]
    return np.asarray(found)


@dataclass(frozen=True, eq=False)
class HeadPlaces:
    """How n heads lie in their pictures: `scale * turn @ point + shift`."""

    scale: Doubles  # (n,)
    turn: Doubles  # (n, 3, 3)
    shift: Doubles  # (n, 3)

    def to_pictures(self, heads: Points) -> Points:
        """Map points (n, p, 3) from the heads' space to the pictures."""
        turned = heads @ self.turn.transpose(0, 2, 1)
        return np.asarray(self.scale[:, None, None] * turned + self.shift[:, None])

    def to_heads(self, meshes: Points) -> Points:
        """Map meshes (n, p, 3) from the pictures to the heads' space."""
        centred = (meshes - self.shift[:, None]) / self.scale[:, None, None]
        return np.asarray(centred @ self.turn)

    @property
    def angles(self) -> Doubles:
        """Return yaw and pitch (n, 2) in radians: 0 is straight ahead."""
        ahead = self.turn[:, :, 2]
        flat = np.hypot(ahead[:, 0], ahead[:, 2])
        return np.stack([np.arctan2(ahead[:, 0], ahead[:, 2]), np.arctan2(ahead[:, 1], flat)], 1)


def find_heads(meshes: Points, shape: Points | None = None) -> HeadPlaces:
    """Fit the still points of a head's `shape` (or of the mean head) to meshes (n, p, 3)."""
    model = head_model()
    return fit_places((model.mean if shape is None else shape)[model.still], meshes[:, model.still])


def fit_places(head: Points, seen: Points) -> HeadPlaces:
    """Return the similarities in space that map `head` (s, 3) best to each of `seen` (n, s, 3).

    It is the least-squares fit of Umeyama (1991).
    """
    centre, middle = head.mean(axis=0), seen.mean(axis=1)
    own, other = head - centre, seen - middle[:, None]
    u, stretch, vt = np.linalg.svd(other.transpose(0, 2, 1) @ own)
    sign = np.ones((len(seen), 3))
    sign[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    turn = (u * sign[:, None]) @ vt
    scale = (stretch * sign).sum(axis=1) / (own**2).sum()
    return HeadPlaces(scale, turn, middle - scale[:, None] * (turn @ centre))


def turn_terms(angles: Doubles) -> Doubles:
    """Return the terms (n, 5) in which the found mesh depends on yaw and pitch (radians)."""
    yaw, pitch = angles.T
    return np.stack([yaw, pitch, yaw**2, pitch**2, yaw * pitch], axis=1)
