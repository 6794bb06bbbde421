"""Which faces of consecutive frames belong to the same track?

Faces are linked by their place and by their descriptor. A link may bridge a short gap in which the
face is hidden. A scene cut ends all tracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from faceswap_ae.faces.boxes import Square, square_around
from faceswap_ae.faces.record import Descriptor, Face

GAP = 25  # scanned frames: the greatest gap in a track
REACH = 1.0  # of its side: motion of a face between frames; half as much again per frame of a gap
FAR = 0.6  # distance between descriptors beyond which it is another person
BLUR = 0.1  # weight of the newest descriptor in the track's mean descriptor


@dataclass
class _Live:
    """A track that may continue: its last frame and square, and its mean descriptor."""

    number: int
    frame: int
    square: Square
    descriptor: Descriptor


@dataclass
class Tracker:
    """Keeps the tracks of one clip that may continue; `first` is the next new track's number."""

    first: int = 0
    live: list[_Live] = field(default_factory=list)

    def assign(
        self, frame: int, squares: Sequence[Square], descriptors: Sequence[Descriptor], fresh: bool
    ) -> list[int]:
        """Return the track number of each face. `fresh` says that a scene begins."""
        self.live = [] if fresh else [live for live in self.live if frame - live.frame <= GAP]
        numbers: list[int | None] = [None] * len(squares)
        costs = [
            (cost, number, live)
            for number, (square, descriptor) in enumerate(zip(squares, descriptors, strict=True))
            for live in self.live
            if (cost := _cost(live, frame, square, descriptor)) is not None
        ]
        taken: set[int] = set()
        for _, number, live in sorted(costs, key=lambda cost: cost[0]):
            if numbers[number] is None and live.number not in taken:
                numbers[number] = live.number
                taken.add(live.number)
                _move(live, frame, squares[number], descriptors[number])
        return [
            self._begin(frame, squares[number], descriptors[number]) if found is None else found
            for number, found in enumerate(numbers)
        ]

    def recall(self, frame: int, faces: Sequence[Face]) -> None:
        """Continue the tracks from the faces of a frame that an earlier run has scanned."""
        self.live = [
            _Live(face.track, frame, square_around(face.landmarks), face.descriptor)
            for face in faces
        ]

    def _begin(self, frame: int, square: Square, descriptor: Descriptor) -> int:
        self.live.append(_Live(self.first, frame, square, descriptor))
        self.first += 1
        return self.first - 1


def _cost(live: _Live, frame: int, square: Square, descriptor: Descriptor) -> float | None:
    """Return the cost of linking a face to a track; None if the link is impossible."""
    away = float(np.linalg.norm(square.centre - live.square.centre)) / live.square.side
    grown = abs(float(np.log(square.side / live.square.side)))
    other = float(np.linalg.norm(descriptor - live.descriptor))
    reach = REACH * (1 + (frame - live.frame - 1) / 2)
    if away > reach or grown > reach or other > FAR:
        return None
    return away / reach + other / FAR


def _move(live: _Live, frame: int, square: Square, descriptor: Descriptor) -> None:
    live.frame, live.square = frame, square
    live.descriptor = ((1 - BLUR) * live.descriptor + BLUR * descriptor).astype(np.float32)
