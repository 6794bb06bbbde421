"""What is a detected face with its landmarks, and which detections are of one face?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.boxes import Square, square_around
from faceswap_ae.faces.detection.detectors import DetectedBox

SAME = 0.4  # intersection over union beyond which two squares are one face


@dataclass(frozen=True, eq=False)
class Detection:
    """A detected face, with its landmarks in the frame's pixels."""

    spot: DetectedBox
    landmarks: Points  # (68, 2)
    mesh: Points | None = None  # (478, 3), if a mesh was fitted
    doubtful: bool = False  # the landmarks jump against the frames around

    @property
    def square(self) -> Square:
        """Return the square around the landmarks, which tremble less than the detector's box."""
        return square_around(self.landmarks)


class CloseUp(Protocol):
    """Finds the landmarks of faces at known places, and follows a face from frame to frame."""

    def sights(self, image: Image, spots: Iterable[DetectedBox]) -> list[Detection]:
        """Return the faces, with landmarks, for the boxes that a search found."""

    def follow(self, images: Sequence[Image], before: Detection) -> list[Detection]:
        """Return the same face in the next frames, up to the frame in which it is lost."""

    def again(self, image: Image, like: Detection) -> Detection | None:
        """Return the face at the place where another frame shows it."""

    def complete(self, seen: Sequence[tuple[Image, Detection]]) -> None:
        """Add what is only needed of faces that are kept, in place."""


def alone(sights: Iterable[Detection]) -> list[Detection]:
    """Return each face once, from left to right: if squares overlap, the best score stays."""
    kept: list[Detection] = []
    for sight in sorted(sights, key=lambda sight: -sight.spot.score):
        if not covered(sight.square, [one.square for one in kept]):
            kept.append(sight)
    return sorted(kept, key=lambda sight: float(sight.square.centre[0]))


def overlap(one: Square, other: Square) -> float:
    """Return the intersection over union of two squares, as if both were upright."""
    a, b = np.array(one.box), np.array(other.box)
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / (one.side**2 + other.side**2 - inner))


def touch(one: Square, other: Square) -> bool:
    """Return whether two squares have a part in common."""
    return overlap(one, other) > 0


def covered(square: Square, others: Iterable[Square]) -> bool:
    """Return whether a square is of one of the other faces."""
    return any(overlap(square, other) > SAME for other in others)
