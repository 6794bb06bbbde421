"""Where are the faces in the frames of a video (detection), without a search of every whole frame?

A search of the whole frame costs twenty times as much as a close look at the place of the face in
the frame before. So the frames come in short pieces of one scene, and only the ends of a piece are
searched. Faces that are known before the piece are followed forward from frame to frame. New faces
in the search at the piece's end are followed back to the frame in which they first appear. If a
face is lost, the whole frame is searched at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from faceswap_ae.common.geometry import Image, Points, invert, warp
from faceswap_ae.faces.boxes import Square, square_around
from faceswap_ae.faces.detection.detectors import (
    SMALL,
    DetectedBox,
    Detector,
    cnn,
    placed,
    run_hog,
    with_turns,
)
from faceswap_ae.faces.detection.landmarker import Landmarker, landmarker

WINDOW = 208  # pixels a side of the window for the close look around a face
SHARE = 0.5  # of the window's side that the face takes; the rest is room for its motion
MEDIUM = 1280 * 720  # pixels of the frame in a thorough search
SURE = 0.5  # score in the first orientation beyond which no rotation is tried
WELL = 4  # one thorough search in so many pieces
ENLARGE = 2.0  # greatest enlargement of a small picture for a search
TURNS = (1, 3, 2)  # quarter turns in the order of the tries: phones held sideways first
SAME = 0.4  # intersection over union beyond which two squares are one face
NEAR = 0.7  # of its side: the greatest motion of a face's centre between frames


@dataclass(frozen=True, eq=False)
class Detection:
    """A detected face, with its landmarks in the frame's pixels."""

    spot: DetectedBox
    landmarks: Points

    @property
    def square(self) -> Square:
        """Return the square around the landmarks, which tremble less than the detector's box."""
        return square_around(self.landmarks)


Finder = Callable[[Sequence[Image], bool], list[list[Detection]]]
Search = Callable[[Image], list[DetectedBox]]


@dataclass(frozen=True)
class CloseUp:
    """Detects a face in a small window, at the place where a face is expected."""

    landmarker: Landmarker
    histograms: Search  # HOG: quick, sees upright faces only
    network: Search  # CNN
    turns: Sequence[int] = TURNS

    def __call__(self, image: Image, square: Square) -> DetectedBox | None:
        """Return the face at the square, or None. The window has the square's rotation."""
        return self._seen(image, square, self.histograms) or self._seen(image, square, self.network)

    def upright(self, image: Image, spot: DetectedBox) -> DetectedBox:
        """Return the face with its square rotated as the head is.

        This is needed because the network also detects faces that are turned on their side.
        """
        ways = [
            replace(spot.square, angle=spot.square.angle + turn * np.pi / 2)
            for turn in (0, *self.turns)
        ]
        # Landmarks are more accurate in a square from the HOG detector: the shape predictor was
        # trained with such squares.
        for look in (self.histograms, self.network):
            seen: list[DetectedBox] = []
            for way in ways:
                found = self._seen(image, way, look)
                seen += [found] if found else []
                if found and way is ways[0] and found.score > SURE:
                    break
            if seen:
                return replace(spot, square=max(seen, key=lambda one: one.score).square)
        return spot

    def sights(self, image: Image, spots: Iterable[DetectedBox]) -> list[Detection]:
        """Return the faces, with landmarks, for the boxes that a search found."""
        leaning = [self.upright(image, spot) for spot in spots]
        return alone(Detection(spot, self.landmarker(image, spot.square)) for spot in leaning)

    def _seen(self, image: Image, square: Square, look: Search) -> DetectedBox | None:
        matrix = square.cut(WINDOW, SHARE)
        window, back = warp(image, matrix, (WINDOW, WINDOW)), invert(matrix)
        spots = [placed(spot, back, square.angle) for spot in look(window)]
        near = [spot for spot in spots if _distance(spot.square, square) < NEAR * square.side]
        return min(near, key=lambda spot: _distance(spot.square, square), default=None)


def every_frame(detector: Detector, closely: CloseUp) -> Finder:
    """Return a finder that searches each whole frame, independently of the frames before."""

    def find(images: Sequence[Image], _fresh: bool) -> list[list[Detection]]:
        found = detector(images)
        return [closely.sights(*seen) for seen in zip(images, found, strict=True)]

    return find


@dataclass
class FaceFollower:
    """The detector `auto`: remembers the faces of the last frame and follows them."""

    closely: CloseUp
    search: Search  # quick, but misses small faces
    search_well: Search  # at the start of a scene, if no face is seen, and in every fourth piece
    last: list[Detection] = field(default_factory=list)
    pieces: int = 0  # number of pieces in this scene
    lost: int = 0  # number of faces that were lost in this piece and not found again

    def __call__(self, images: Sequence[Image], fresh: bool) -> list[list[Detection]]:
        """Return the faces of consecutive frames.

        `fresh` says that the frames do not continue the frames of the last call.
        """
        if fresh:
            self.last, self.pieces = [], 0
        self.lost = 0
        found: list[list[Detection]] = []
        for number, image in enumerate(images):
            begins = fresh and number == 0
            found.append(self._begun(image) if begins else self._next(image))
            self.last = found[-1]
        self._discover(images, found)
        self.last = found[-1]
        return found

    def _next(self, image: Image) -> list[Detection]:
        """Follow all faces of the last frame; search for lost faces until the piece ends."""
        followed = [self._follow(image, sight) for sight in self.last]
        sights = [sight for sight in followed if sight is not None]
        self.lost += len(followed) - len(sights)
        if self.lost > 0:
            new = self._new(image, self.search(image), sights)
            self.lost -= len(new)
            sights += new
        return alone(sights)

    def _discover(self, images: Sequence[Image], found: list[list[Detection]]) -> None:
        """Search the last frame, and follow each new face back to where it first appears."""
        self.pieces += 1
        well = self.pieces % WELL == 0 or not found[-1]
        spots = (self.search_well if well else self.search)(images[-1])
        new = self._new(images[-1], spots, found[-1])
        found[-1] = alone([*found[-1], *new])
        for number in range(len(images) - 2, -1, -1):
            there = [sight.square for sight in found[number]]
            back = [self._follow(images[number], sight) for sight in new]
            new = [sight for sight in back if sight and not _covered(sight.square, there)]
            if not new:
                return
            found[number] = alone([*found[number], *new])

    def _begun(self, image: Image) -> list[Detection]:
        """Return all faces in the first frame of a scene."""
        return self._new(image, self.search_well(image), [])

    def _new(
        self, image: Image, spots: Iterable[DetectedBox], known: Sequence[Detection]
    ) -> list[Detection]:
        """Return the faces that a search found in addition to the known faces."""
        there = [sight.square for sight in known]
        fresh = [spot for spot in spots if not _covered(spot.square, there)]
        return [
            sight
            for sight in self.closely.sights(image, fresh)
            if not _covered(sight.square, there)
        ]

    def _follow(self, image: Image, before: Detection) -> Detection | None:
        """Return the same face in a neighbouring frame, or None if it is lost."""
        spot = self.closely(image, before.square)
        return (
            None if spot is None else Detection(spot, self.closely.landmarker(image, spot.square))
        )


def close_up(*, turns: bool) -> CloseUp:
    """Load the two detectors and the landmarker for a close look."""
    import dlib

    histograms, network = dlib.get_frontal_face_detector(), cnn(WINDOW * WINDOW)
    return CloseUp(
        landmarker(),
        lambda window: run_hog(histograms, window),
        lambda window: network([window])[0],
        TURNS if turns else (),
    )


def face_follower(*, turns: bool) -> FaceFollower:
    """Load the networks for the detector `auto`."""
    quick, well = cnn(SMALL, ENLARGE), cnn(MEDIUM, ENLARGE)
    around = with_turns(quick, TURNS if turns else ())
    return FaceFollower(
        close_up(turns=turns),
        lambda image: quick([image])[0],
        lambda image: well([image])[0] or around([image])[0],
    )


def alone(sights: Iterable[Detection]) -> list[Detection]:
    """Return each face once, from left to right: if squares overlap, the best score stays."""
    kept: list[Detection] = []
    for sight in sorted(sights, key=lambda sight: -sight.spot.score):
        if not _covered(sight.square, [one.square for one in kept]):
            kept.append(sight)
    return sorted(kept, key=lambda sight: float(sight.square.centre[0]))


def overlap(one: Square, other: Square) -> float:
    """Return the intersection over union of two squares, as if both were upright."""
    a, b = np.array(one.box), np.array(other.box)
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / (one.side**2 + other.side**2 - inner))


def _covered(square: Square, others: Iterable[Square]) -> bool:
    return any(overlap(square, other) > SAME for other in others)


def _distance(one: Square, other: Square) -> float:
    return float(np.linalg.norm(one.centre - other.centre))
