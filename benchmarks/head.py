"""What do heads have in common? `python -m benchmarks.head` writes `reenactment/head.npz` anew.

The meshes of synthetic people in random acts are brought into one head's space. There each is a sum
of the mean head, the person, the known expression, and what the network's answer owes to the pose;
least squares tell them apart. Everything is seeded: the file comes out the same.
"""

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.head_samples import HeadSamples, collected
from benchmarks.measure import report
from faceswap_ae import reenactment
from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.geometry import Doubles, Integers, Points
from faceswap_ae.faces.mesh import OUTER_CORNERS, SKIN, still_head
from faceswap_ae.reenactment.head_model import FITTED, fit_places, turn_terms
from faceswap_ae.synthetic.people import CAST

FILE = Path(reenactment.__file__).with_name(FITTED)
PEOPLE = (*CAST, *(f"random:{seed}" for seed in range(2000, 2060)))
ACTS = 14  # of each person
ROUNDS = 3  # of placing the heads and finding what moves least
STILL = 80  # points
KEPT = 16  # main directions in which people differ
RIDGE = 1e-2  # per sample, on the expressions' strengths


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(report("head", {}, **fit(collected(PEOPLE, ACTS))))


def fit(found: HeadSamples) -> dict[str, Any]:
    """Fit on samples, and write the file. Return how well the sum explains them."""
    shape, still = _start(found.mesh)
    for _ in range(ROUNDS):
        places = fit_places(shape[still], found.mesh[:, still])
        heads = places.to_heads(found.mesh)
        terms = np.hstack([_standard(found.felt), turn_terms(places.angles)])
        own, effects = _told_apart(heads, terms, found.who)
        left = heads - own[found.who] - np.tensordot(terms, effects, 1)
        shape, still = _unit(own.mean(axis=0)), _stillest(effects[: found.felt.shape[1]])
    people = own - own.mean(axis=0)
    fitted = {
        "mean": own.mean(axis=0),
        "still": still,
        "triangles": _triangles(own.mean(axis=0)),
        "people": _directions(people),
        "moves": effects[: found.felt.shape[1]],
        "turns": effects[found.felt.shape[1] :],
    }
    kinds = {"still": np.int16, "triangles": np.int16}
    with replacing(FILE) as part, part.open("wb") as file:
        np.savez_compressed(
            file, **{name: one.astype(kinds.get(name, np.float16)) for name, one in fitted.items()}
        )
    return {
        "pictures": len(found.mesh),
        "people, % of the eyes' distance": _spread(people),
        "expressions": _spread(np.tensordot(terms[:, :-5], effects[:-5], 1)),
        "left": _spread(left),
        "bytes": FILE.stat().st_size,
    }


def _start(meshes: Points) -> tuple[Points, Integers]:
    """A first shape, which looks straight ahead as the head of the pose does."""
    still, head = still_head()
    heads = fit_places(head * [1, -1, -1], meshes[:, still]).to_heads(meshes)
    return _unit(heads.mean(axis=0)), still


def _unit(shape: Points) -> Points:
    """In a head's space: centred, the outer corners of the eyes one apart."""
    centred = shape - shape[:SKIN].mean(axis=0)
    one, other = (centred[corner] for corner in OUTER_CORNERS)
    return np.asarray(centred / np.linalg.norm(one - other))


def _standard(felt: Doubles) -> Doubles:
    """Strengths in standard deviations: the prior of each is then the same."""
    return np.asarray(felt / felt.std(axis=0))


def _told_apart(heads: Points, terms: Doubles, who: Integers) -> tuple[Points, Points]:
    """Return each person's own shape, and the effect of each term, by least squares."""
    persons = np.eye(int(who.max()) + 1)[who]
    design, flat = np.hstack([persons, terms]), heads.reshape(len(heads), -1)
    penalty = np.diag([0.0] * persons.shape[1] + [RIDGE * len(heads)] * terms.shape[1])
    solved = np.linalg.solve(design.T @ design + penalty, design.T @ flat)
    both = solved.reshape(len(solved), *heads.shape[1:])
    return both[: persons.shape[1]], both[persons.shape[1] :]


def _stillest(effects: Points) -> Integers:
    """The points of the skin that expressions move least."""
    moved = np.linalg.norm(effects[:, :SKIN], axis=2).mean(axis=0)
    return np.sort(np.argsort(moved)[:STILL])


def _directions(people: Points) -> Points:
    """The main directions in which people differ, each one standard deviation long."""
    flat = people.reshape(len(people), -1)
    _, stretch, vt = np.linalg.svd(flat, full_matrices=False)
    scaled = (stretch[:KEPT] / np.sqrt(len(people)))[:, None] * vt[:KEPT]
    return np.asarray(scaled.reshape(KEPT, *people.shape[1:]))


def _triangles(shape: Points) -> Integers:
    """Delaunay's triangles of the skin, seen from the front."""
    points = (shape[:SKIN, :2] * 1000).astype(np.float32)
    low, high = points.min(axis=0) - 10, points.max(axis=0) + 10
    plane = cv2.Subdiv2D((int(low[0]), int(low[1]), *(int(side) for side in high - low)))
    for x, y in points:
        plane.insert((float(x), float(y)))
    found = []
    for x1, y1, x2, y2, x3, y3 in plane.getTriangleList():
        corners = [(x1, y1), (x2, y2), (x3, y3)]
        near = [int(np.abs(points - corner).sum(axis=1).argmin()) for corner in corners]
        if all(np.abs(points[n] - c).max() < 0.01 for n, c in zip(near, corners, strict=True)):
            found.append(near)
    return np.array(found)


def _spread(points: Points) -> float:
    """The mean distance from nothing, in % of the eyes' distance."""
    return round(100 * float(np.linalg.norm(points, axis=-1).mean()), 2)


if __name__ == "__main__":
    main()
