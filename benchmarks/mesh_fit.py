"""Which numbers bring a mesh to dlib's landmarks and to the head's pose?

Fitted on random acts of the cast and of random people. Each of the 68 landmarks is a mean of the
mesh's point that is nearest to it and of that point's neighbours; the weights sum to one and come
from ridge regression towards dlib's landmarks. The head is made of the points that move least with
the expression, each at its mean place. Everything is seeded: the file comes out the same.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.field import anything
from benchmarks.mesh_scores import INNER, PARTS, eyes, lengths
from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.geometry import Doubles, Image, Integers, Points
from faceswap_ae.faces import mesh
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.detectors import DetectedBox
from faceswap_ae.faces.detection.dlib_close_up import DlibCloseUp, dlib_close_up
from faceswap_ae.faces.detection.mesh_close_up import MeshCloseUp, mesh_close_up
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import render

PEOPLE = (*CAST, *(f"random:{seed}" for seed in range(1000, 1030)))
ACTS, SEED = 10, 7  # of each person; of their acts
FILE = Path(mesh.__file__).with_name(mesh.FITTED)
ASTRAY = 12.0  # % of the eyes' distance; dlib's mean error beyond which a frame is not used
# Degrees of yaw: frames turned farther do not count for the mean mesh, the weights, the head.
SHAPE_YAW, WEIGHTS_YAW, HEAD_YAW = 12.0, 25.0, 20.0
NEIGHBOURS, RIDGE = 6, 1e-3  # ridge: of the squared eyes' distance
STILL = 60  # points of the head


@dataclass(frozen=True, eq=False)
class Samples:
    """What was found in n frames. The unit is the eyes' distance in the frame."""

    mesh: Points  # (n, 468, 3)
    dlib: Points  # (n, 68, 2)
    truth: Points  # (n, 68, 2)
    turn: Doubles  # (n, 3, 3), the head's rotation
    yaw: Doubles  # (n,) degrees

    def where(self, chosen: Any) -> "Samples":
        return Samples(*(array[chosen] for array in vars(self).values()))


def fit() -> dict[str, Any]:
    """Fit on the cast and random people, and write the file. Return how near dlib it comes."""
    found = collected(PEOPLE, ACTS)
    fitted = fitted_on(found)
    used = found.where(trusted(found) & (np.abs(found.yaw) < WEIGHTS_YAW))
    before = np.stack([mesh.landmarks_of(one) for one in used.mesh])
    facts = {
        "frames": len(found.yaw),
        "used": len(used.yaw),
        "to dlib, before": _apart(before, used.dlib),
        "to dlib, after": _apart(placed(fitted["landmarks"], used.mesh), used.dlib),
        "to dlib, held out": _held_out(found),
    }
    write_text(FILE, json.dumps(fitted, separators=(",", ":")) + "\n")
    return facts


def collected(people: tuple[str, ...], acts: int) -> Samples:
    """Find the mesh and dlib's landmarks in random acts of some people."""
    closely = mesh_close_up(turns=False), dlib_close_up(turns=False)
    rng = np.random.default_rng(SEED)
    rows = []
    for who in people:
        for _ in range(acts):
            act, setting = anything(rng)
            frame = render(alone(person(who)), act, setting)
            truth = np.asarray(frame.landmarks.picture, np.float64)
            found = _both(closely, frame.image, truth)
            if found:
                unit = 100 * eyes(truth[None])
                rows.append((*(one / unit for one in (*found, truth)), frame.turn, act.yaw))
    return Samples(*(np.array(column, np.float64) for column in zip(*rows, strict=True)))


def _both(
    closely: tuple[MeshCloseUp, DlibCloseUp], image: Image, truth: Points
) -> tuple[Points, Points] | None:
    """The mesh and dlib's landmarks of the face that is known to be there, if both see it."""
    spot = DetectedBox(square_around(truth), 1.0, "truth")
    ours, theirs = (one.sights(image, [spot]) for one in closely)
    if not ours or not theirs or ours[0].mesh is None:
        return None
    closely[0].complete([(image, ours[0])])
    return ours[0].mesh[: mesh.SKIN], theirs[0].landmarks


def fitted_on(found: Samples) -> dict[str, Any]:
    """Return what the file holds: `landmarks` and `head`."""
    return {"landmarks": landmark_rows(found), "head": head_rows(found)}


def trusted(found: Samples) -> Any:
    """Per frame, whether dlib's landmarks are near the truth."""
    return 100 * lengths(found.dlib - found.truth)[:, INNER].mean(axis=1) < ASTRAY


def landmark_rows(found: Samples) -> list[list[list[float]]]:
    """For each landmark, its points of the mesh and their weights."""
    sure = trusted(found)
    middles = found.mesh.mean(axis=1, keepdims=True) * [1, 1, 0]
    shape = (found.mesh - middles)[sure & (np.abs(found.yaw) < SHAPE_YAW)].mean(axis=0)
    used = found.where(sure & (np.abs(found.yaw) < WEIGHTS_YAW))
    flat = used.mesh[..., :2]
    rows = []
    for landmark, point in enumerate(mesh.NEAREST):
        near = np.argsort(lengths(shape - shape[point]))[1 : NEIGHBOURS + 1]
        basis = (flat[:, near] - flat[:, [point]]).transpose(0, 2, 1).reshape(-1, NEIGHBOURS)
        wanted = (used.dlib[:, landmark] - flat[:, point]).ravel()
        rows.append(_row(int(point), near, _ridge(basis, wanted)))
    return rows


def head_rows(found: Samples) -> list[list[float]]:
    """The points of the mesh that move least in the head, each with its mean place."""
    centred = (found.mesh - found.mesh.mean(axis=1, keepdims=True)) * [1, -1, -1]
    centred /= np.linalg.norm(centred, axis=(1, 2), keepdims=True)
    near = np.abs(found.yaw) < HEAD_YAW
    ahead = (centred @ found.turn)[near]  # as if every head looked straight ahead
    head = ahead.mean(axis=0)
    moves = lengths(ahead - head).mean(axis=0)
    still = np.sort(np.argsort(moves)[:STILL])
    places = head[still] - head[still].mean(axis=0)
    places /= lengths(places).mean()
    return [
        [int(point), *place.round(4).tolist()] for point, place in zip(still, places, strict=True)
    ]


def placed(rows: list[list[list[float]]], meshes: Points) -> Points:
    """The landmarks (n, 68, 2) of meshes by these rows."""
    means = [sum(weight * meshes[:, int(point), :2] for point, weight in row) for row in rows]
    return np.stack(means, axis=1)


def _ridge(basis: Doubles, wanted: Doubles) -> Doubles:
    penalty = RIDGE * len(wanted) * np.eye(basis.shape[1])
    return np.asarray(np.linalg.solve(basis.T @ basis + penalty, basis.T @ wanted).round(3))


def _row(point: int, near: Integers, weights: Doubles) -> list[list[float]]:
    own = [point, round(1 - float(weights.sum()), 3)]
    return [own, *([int(k), float(w)] for k, w in zip(near, weights, strict=True))]


def _held_out(found: Samples) -> dict[str, float]:
    """Fit on every other person, and measure on the rest."""
    odd = np.arange(len(found.yaw)) % (2 * ACTS) < ACTS
    rest = found.where(~odd & trusted(found) & (np.abs(found.yaw) < WEIGHTS_YAW))
    return _apart(placed(landmark_rows(found.where(odd)), rest.mesh), rest.dlib)


def _apart(one: Points, other: Points) -> dict[str, float]:
    """The mean distance by part, in % of the eyes' distance."""
    far = 100 * lengths(one - other)
    return {name: round(float(far[:, part].mean()), 2) for name, part in PARTS.items()}
