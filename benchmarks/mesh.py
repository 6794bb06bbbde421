"""How good are the landmarks of the mesh, beside dlib's? `python -m benchmarks.mesh`.

Both kinds of landmarks are found in rendered films, where the true landmarks are known. Each film
shows one person: the six of the cast, and random people. Lengths are in % of the distance between
the eyes. CPU time is that of finding alone, in pieces of a video as the scan makes them.

`--profiles` shows the cast turned to the side instead, each picture by itself. `--fit` fits anew
what the mesh's landmarks and pose are derived with, and writes it into the package.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from benchmarks.field import anything
from benchmarks.measure import report
from benchmarks.mesh_fit import fit
from benchmarks.mesh_scores import INNER, Watched, jitter, lengths, scores
from faceswap_ae.common.geometry import Doubles, Image, Points
from faceswap_ae.faces.detection.detections import Detection
from faceswap_ae.faces.detection.scan import PIECE
from faceswap_ae.faces.detection.video_detector import FaceFollower, dlib_follower, mesh_follower
from faceswap_ae.faces.head_pose import HeadPose, head_pose, pose_of
from faceswap_ae.faces.mesh import mesh_pose
from faceswap_ae.faces.record import DLIB, MESH
from faceswap_ae.synthetic.film import Film, frame
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import SyntheticFrame, render

FPS = 25
YAWS = range(-60, 61, 15)  # degrees of the profiles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=4, help="random ones, beside the cast")
    parser.add_argument("--frames", type=int, default=30, help="of each film")
    parser.add_argument("--profiles", action="store_true", help="show the cast from the side")
    parser.add_argument("--pictures", type=int, default=4, help="of each person at each angle")
    parser.add_argument("--fit", action="store_true", help="write mesh.json of the package anew")
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    if wanted.fit:
        print(report("mesh --fit", {}, **fit()))
    elif wanted.profiles:
        facts = profiles(CAST, YAWS, wanted.pictures)
        print(report("mesh --profiles", {}, pictures=wanted.pictures * len(CAST), **facts))
    else:
        facts = beside(wanted.people, wanted.frames)
        print(report("mesh", {}, frames=wanted.frames, **facts))


def beside(people: int, frames: int) -> dict[str, Any]:
    """Both kinds of landmarks on films of the cast and of some random people."""
    groups = {"cast": CAST, "random": tuple(f"random:{seed}" for seed in range(1, people + 1))}
    followers = opened()
    films = {
        group: [
            watched(film_of(who, seed, frames), followers) for seed, who in enumerate(names, people)
        ]
        for group, names in groups.items()
        if names
    }
    return {
        "films": {group: len(many) for group, many in films.items()},
        **{group: _scored(many) for group, many in films.items()},
        "everyone": _scored([one for many in films.values() for one in many]),
    }


def opened() -> dict[str, FaceFollower]:
    """Load both followers."""
    return {MESH: mesh_follower(turns=True), DLIB: dlib_follower(turns=True)}


def film_of(who: str, seed: int, frames: int) -> Film:
    return Film(who, seconds=Fraction(frames, FPS), fps=Fraction(FPS), seed=seed)


def watched(film: Film, followers: Mapping[str, FaceFollower]) -> dict[str, Watched]:
    """What each follower finds in a film."""
    shown = [frame(film, index) for index in range(film.count)]
    images = [one.image for one in shown]
    truth = np.array([one.landmarks.picture for one in shown], float)
    poses = np.array([_degrees(pose_of(one.turn)) for one in shown])
    seen = {}
    for kind, follower in followers.items():
        follower(images[:PIECE], True)  # the networks are compiled
        began = time.process_time()
        sights = followed(follower, images)
        spent = time.process_time() - began
        own = [nearest(*both) for both in zip(sights, truth, strict=True)]
        landmarks = np.array([_landmarks(sight) for sight in own])
        turned = np.array([_pose(sight, film.size) for sight in own])
        seen[kind] = Watched(landmarks, truth, turned, poses, spent)
    return seen


def followed(follower: FaceFollower, images: Sequence[Image]) -> list[list[Detection]]:
    """The faces in each frame of a film, found piece by piece."""
    found: list[list[Detection]] = []
    for begin in range(0, len(images), PIECE):
        found += follower(images[begin : begin + PIECE], begin == 0)
    return found


def nearest(sights: Sequence[Detection], truth: Points) -> Detection | None:
    """The face that lies where the true one does, or None: another place is no find."""

    def away(sight: Detection) -> float:
        return float(np.linalg.norm((sight.landmarks - truth)[INNER].mean(axis=0)))

    near = [sight for sight in sights if away(sight) < np.ptp(truth[INNER], axis=0).max() / 2]
    return min(near, key=away, default=None)


def profiles(people: Sequence[str], yaws: Sequence[int], count: int) -> dict[str, Any]:
    """The share of faces that each kind finds at each angle, and the error of its landmarks."""
    followers, rng = opened(), np.random.default_rng(0)
    found: dict[str, Any] = {}
    for yaw in yaws:
        shown = []
        for who in people:
            for _ in range(count):
                act, setting = anything(rng)
                shown.append(render(alone(person(who)), replace(act, yaw=float(yaw)), setting))
        found[str(yaw)] = {kind: _aside(one, shown) for kind, one in followers.items()}
    return {"degrees": found}


def _aside(follower: FaceFollower, shown: Sequence[SyntheticFrame]) -> dict[str, float | None]:
    errors = []
    for one in shown:
        truth = one.landmarks.picture
        sight = nearest(follower([one.image], True)[0], truth)
        if sight is not None:
            off = lengths(sight.landmarks - truth)[INNER].mean()
            errors.append(100 * off / _across(one))
    error = round(float(np.mean(errors)), 2) if errors else None
    return {"found": round(len(errors) / len(shown), 3), "error": error}


def _across(shown: SyntheticFrame) -> float:
    """The distance between the eyes, in pixels, as if the face were not turned."""
    picture, room = shown.landmarks.picture[INNER], shown.landmarks.room
    flat = room[INNER, :2]
    scale = np.linalg.norm(picture - picture.mean(axis=0)) / np.linalg.norm(flat - flat.mean(0))
    return float(scale * np.linalg.norm(room[36:42].mean(axis=0) - room[42:48].mean(axis=0)))


def _scored(films: Sequence[Mapping[str, Watched]]) -> dict[str, Any]:
    """The figures of both kinds, and the jitter (without the jaw) that is motion."""
    own = {kind: scores([film[kind] for film in films]) for kind in films[0]}
    still = [jitter(film[MESH].truth, film[MESH].truth)[:, INNER].mean() for film in films]
    return {
        **own,
        "truth's own jitter": round(float(np.mean(still)), 2),
        "jitter, mesh to dlib": round(
            own[MESH]["jitter"]["inner"] / own[DLIB]["jitter"]["inner"], 2
        ),
    }


def _landmarks(sight: Detection | None) -> Doubles:
    return np.full((68, 2), np.nan) if sight is None else sight.landmarks


def _pose(sight: Detection | None, size: tuple[int, int]) -> Doubles:
    if sight is None:
        return np.full(3, np.nan)
    found = head_pose(sight.landmarks, size) if sight.mesh is None else mesh_pose(sight.mesh)
    return _degrees(found)


def _degrees(pose: HeadPose) -> Doubles:
    return np.array([pose.yaw, pose.pitch, pose.roll])


if __name__ == "__main__":
    main()
