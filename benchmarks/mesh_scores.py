"""How well do landmarks and poses that were found in films agree with the true ones?

A point's constant offset in a film is no error here: dlib, the mesh and the renderer each define
the landmarks a little otherwise. The same holds for the pose without the film's median.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import Doubles, Points

PARTS = {
    "brows": slice(17, 27),
    "nose": slice(27, 36),
    "eyes": slice(36, 48),
    "mouth": slice(48, 68),
    "jaw": slice(0, 17),
}
INNER = slice(17, 68)  # all landmarks but the jaw's
ALIKE = (0.85, 1.15)  # times the film's median: within, the landmarks have the right size


@dataclass(frozen=True, eq=False)
class Watched:
    """What was found in a film of n frames, NaN where no face was found; and the truth."""

    landmarks: Points  # (n, 68, 2)
    truth: Points  # (n, 68, 2)
    pose: Doubles  # (n, 3): yaw, pitch, roll in degrees
    true_pose: Doubles
    cpu: float  # seconds for all frames

    @property
    def missed(self) -> Any:
        """Per frame, whether no face was found."""
        return np.isnan(self.landmarks).any(axis=(1, 2))

    @property
    def error(self) -> Doubles:
        """(n, 68): distances to the truth, in % of the distance between the eyes."""
        off = self.landmarks - self.truth
        return lengths(off - np.nanmean(off, axis=0)) / eyes(self.truth)

    @property
    def turned(self) -> Doubles:
        """(n, 3): degrees between the pose and the true one."""
        return self.pose - self.true_pose

    @property
    def scale(self) -> Doubles:
        """(n,): the size of the landmarks against the true size, over the film's median."""
        ratio = _size(self.landmarks) / _size(self.truth)
        return np.asarray(ratio / np.nanmedian(ratio))


def scores(films: Sequence[Watched]) -> dict[str, Any]:
    """The figures of one kind of landmarks: means over the frames with a face in all films."""
    seen = [film for film in films if not film.missed.all()]
    scales = np.concatenate([film.scale for film in seen])
    wrong = (scales < ALIKE[0]) | (scales > ALIKE[1])
    frames = sum(len(film.truth) for film in films)
    level = [film.turned - np.nanmedian(film.turned, axis=0) for film in seen]
    return {
        "error": _by_part([film.error for film in seen]),
        "jitter": _by_part([jitter(film.landmarks, film.truth) for film in seen]),
        "missed": round(sum(int(film.missed.sum()) for film in films) / frames, 4),
        "wrong scale": round(int(wrong.sum()) / frames, 4),
        "pose": _by_axis([film.turned for film in seen]),
        "pose without median": _by_axis(level),
        "cpu ms per frame": round(1000 * sum(film.cpu for film in films) / frames, 1),
    }


def jitter(landmarks: Points, truth: Points) -> Doubles:
    """(n - 2, 68): second differences over time, in % of the distance between the eyes."""
    return lengths(np.diff(landmarks, 2, axis=0)) / eyes(truth)


def eyes(truth: Points) -> float:
    """A hundredth of the distance between the eyes: the mean of a film, in pixels."""
    across = truth[:, 36:42].mean(axis=1) - truth[:, 42:48].mean(axis=1)
    return float(lengths(across).mean()) / 100


def lengths(vectors: Doubles) -> Doubles:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def _size(landmarks: Points) -> Doubles:
    around = landmarks - landmarks.mean(axis=1, keepdims=True)
    return np.asarray(np.linalg.norm(around, axis=(1, 2)))


def _by_part(films: Sequence[Doubles]) -> dict[str, float]:
    every = np.concatenate(films)
    return {name: _mean(every[:, part]) for name, part in {**PARTS, "inner": INNER}.items()}


def _by_axis(films: Sequence[Doubles]) -> dict[str, float]:
    every = np.abs(np.concatenate(films))
    return {name: _mean(every[:, at]) for at, name in enumerate(("yaw", "pitch", "roll"))}


def _mean(values: Doubles) -> float:
    return round(float(np.nanmean(values)), 2)
