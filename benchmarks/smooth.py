"""How much jitter and error do smoothed landmarks have? `python -m benchmarks.smooth`.

dlib's landmarks on rendered clips are smoothed as they are (plain), and with outliers and a gap
(rough). `jitter` is the mean second difference of the corners of the whole-face crop. `off` is the
distance of these corners from the true ones. Both are in pixels. dlib's constant offset from the
renderer's landmarks is removed.
"""

import argparse
from fractions import Fraction
from functools import partial

import dlib
import numpy as np
from numpy.typing import NDArray

from benchmarks.field import around
from benchmarks.measure import compare, report
from faceswap_ae.common.geometry import Points, invert, transform
from faceswap_ae.conversion.smoothing import SMOOTH, Track
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.runtime.weights import weight_files
from faceswap_ae.synthetic.film import Film, frame

WHO = ("ada", "ben", "emil")
FACE = 130.0  # pixels: the side of HOG's box in these films
CORNERS = np.array([[0.0, 0.0], [255, 0], [255, 255], [0, 255]])
OUTLIERS, GAP = 0.03, slice(40, 48)  # share of frames with outliers; frames that are missing
TIMED = 1000  # frames of the track whose smoothing is timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=75, help="of each of three films")
    wanted = parser.parse_args()
    clips = [filmed(who, seed, wanted.frames) for seed, who in enumerate(WHO)]
    rough = [roughened(found, seed) for seed, (found, _) in enumerate(clips)]
    every = np.arange(wanted.frames)
    facts: dict[str, object] = {"truth's own jitter": mean([jitter(quads(t)) for _, t in clips])}
    for name, smooth in SMOOTH.items():
        plain = [smooth(found, every, FACE) for found, _ in clips]
        mended = [smooth(found, numbers, FACE) for found, numbers in rough]
        facts[name] = {
            "plain": scores(plain, [truth for _, truth in clips]),
            "rough": scores(mended, [truth for _, truth in clips]),
        }
    track = np.random.default_rng(0).normal(0, 1, (TIMED, 68, 2)).cumsum(axis=0)
    ways = {name: partial(way, track, np.arange(TIMED), FACE) for name, way in SMOOTH.items()}
    print(report("smooth", compare(ways, 3), frames=TIMED, pixels=facts))


def filmed(who: str, seed: int, count: int) -> tuple[Track, Track]:
    """The landmarks that dlib finds in a film, and the true ones: (n, 68, 2) each."""
    film = Film(who, seconds=Fraction(count, 25), fps=Fraction(25), seed=seed)
    hog = dlib.get_frontal_face_detector()
    shape = dlib.shape_predictor(str(weight_files()["shape_predictor_68_face_landmarks.dat"]))
    found, truth = [], []
    for index in range(count):
        made = frame(film, index)
        boxes = hog(made.image, 0)
        parts = shape(made.image, boxes[0] if len(boxes) else around(made)).parts()
        found.append([(part.x, part.y) for part in parts])
        truth.append(made.landmarks.picture)
    return np.array(found, float), np.array(truth, float)


def roughened(found: Track, seed: int) -> tuple[Track, NDArray[np.int64]]:
    """Add outliers to landmarks and remove some frames. Return the rest and the frame numbers."""
    rng = np.random.default_rng([seed, 5])
    far = rng.random(len(found)) < OUTLIERS
    moved = found + far[:, None, None] * rng.normal(0, 15, (len(found), 1, 2))
    numbers = np.delete(np.arange(len(found)), GAP)
    return moved[numbers], numbers


def quads(track: Track) -> Points:
    """The whole-face crop's corners in the frame, (n, 4, 2)."""
    placed = [transform(CORNERS, invert(matrix_of(points, "whole", 256))) for points in track]
    return np.stack(placed)


def jitter(corners: Points) -> float:
    return float(np.linalg.norm(np.diff(corners, 2, axis=0), axis=-1).mean())


def scores(tracks: list[Track], truths: list[Track]) -> dict[str, float]:
    found, true = ([quads(track) for track in many] for many in (tracks, truths))
    apart = [one - other for one, other in zip(found, true, strict=True)]
    off = [np.linalg.norm(one - one.mean(axis=0), axis=-1).mean() for one in apart]
    return {"jitter": mean([jitter(one) for one in found]), "off": mean(off)}


def mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 2)


if __name__ == "__main__":
    main()
