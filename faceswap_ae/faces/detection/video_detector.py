"""Where are the faces in a row of frames, without searching every frame?

A search of the whole picture costs twenty times as much as a look at the place where the face just
was. So frames come in short pieces of one scene, and a piece is searched at its ends only: faces
known before it are followed forward from frame to frame, faces that the search at its end brings
to light are followed back to where they came in. A face that is lost is searched for at once.
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

WINDOW = 208  # pixels of the look around a face
SHARE = 0.5  # of the window that the face takes, so that it may move
MEDIUM = 1280 * 720  # pixels that a thorough search looks at
SURE = 0.5  # of a face's score, beyond which no other way up is tried
WELL = 4  # of so many pieces the last is searched thoroughly
ENLARGE = 2.0  # times that a small picture is enlarged for it
TURNS = (1, 3, 2)  # quarter turns that are tried then: phones held sideways first
SAME = 0.4  # overlap of two squares (intersection over union) that are one face
NEAR = 0.7  # of its side that a face's centre may move from frame to frame


@dataclass(frozen=True, eq=False)
class Detection:
    """A face that was seen, with its landmarks in the frame's pixels."""

    spot: DetectedBox
    landmarks: Points

    @property
    def square(self) -> Square:
        """Where it is by its landmarks, which tremble less than boxes."""
        return square_around(self.landmarks)


Finder = Callable[[Sequence[Image], bool], list[list[Detection]]]
Search = Callable[[Image], list[DetectedBox]]


@dataclass(frozen=True)
class CloseUp:
    """A close look at the place where a face should be."""

    landmarker: Landmarker
    histograms: Search  # quick; sees upright faces only
    network: Search
    turns: Sequence[int] = TURNS

    def __call__(self, image: Image, square: Square) -> DetectedBox | None:
        """The face that is there, upright as the square leans."""
        return self._seen(image, square, self.histograms) or self._seen(image, square, self.network)

    def upright(self, image: Image, spot: DetectedBox) -> DetectedBox:
        """The same face, its square leaning as it does: networks see lying faces too."""
        ways = [
            replace(spot.square, angle=spot.square.angle + turn * np.pi / 2)
            for turn in (0, *self.turns)
        ]
        # Landmarks are surer from a square of the histograms': they were learnt with such.
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
        """The faces of spots that a search gave."""
        leaning = [self.upright(image, spot) for spot in spots]
        return alone(Detection(spot, self.landmarker(image, spot.square)) for spot in leaning)

    def _seen(self, image: Image, square: Square, look: Search) -> DetectedBox | None:
        matrix = square.cut(WINDOW, SHARE)
        window, back = warp(image, matrix, (WINDOW, WINDOW)), invert(matrix)
        spots = [placed(spot, back, square.angle) for spot in look(window)]
        near = [spot for spot in spots if _distance(spot.square, square) < NEAR * square.side]
        return min(near, key=lambda spot: _distance(spot.square, square), default=None)


def every_frame(detector: Detector, closely: CloseUp) -> Finder:
    """Look at the whole of each frame, whatever was before."""

    def find(images: Sequence[Image], _fresh: bool) -> list[list[Detection]]:
        found = detector(images)
        return [closely.sights(*seen) for seen in zip(images, found, strict=True)]

    return find


@dataclass
class FaceFollower:
    """`auto`: knows which faces the last frame showed."""

    closely: CloseUp
    search: Search  # quick, misses small faces
    search_well: Search  # where a scene begins, where nothing is seen, and now and then
    last: list[Detection] = field(default_factory=list)
    pieces: int = 0  # of this scene
    lost: int = 0  # faces that this piece showed and shows no more

    def __call__(self, images: Sequence[Image], fresh: bool) -> list[list[Detection]]:
        """The faces of consecutive frames; `fresh` where they do not go on from the last ones."""
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
        """Everyone of the last frame; whom following fails is searched for until the piece ends."""
        followed = [self._follow(image, sight) for sight in self.last]
        sights = [sight for sight in followed if sight is not None]
        self.lost += len(followed) - len(sights)
        if self.lost > 0:
            new = self._new(image, self.search(image), sights)
            self.lost -= len(new)
            sights += new
        return alone(sights)

    def _discover(self, images: Sequence[Image], found: list[list[Detection]]) -> None:
        """Search the last frame, and follow who is new there back to where they came in."""
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
        """Everyone of a scene's first frame."""
        return self._new(image, self.search_well(image), [])

    def _new(
        self, image: Image, spots: Iterable[DetectedBox], known: Sequence[Detection]
    ) -> list[Detection]:
        """What a search saw beside those whom we see anyway."""
        there = [sight.square for sight in known]
        fresh = [spot for spot in spots if not _covered(spot.square, there)]
        return [
            sight
            for sight in self.closely.sights(image, fresh)
            if not _covered(sight.square, there)
        ]

    def _follow(self, image: Image, before: Detection) -> Detection | None:
        """The same face in a neighbouring frame."""
        spot = self.closely(image, before.square)
        return (
            None if spot is None else Detection(spot, self.closely.landmarker(image, spot.square))
        )


def close_up(*, turns: bool) -> CloseUp:
    """The networks of a close look."""
    import dlib

    histograms, network = dlib.get_frontal_face_detector(), cnn(WINDOW * WINDOW)
    return CloseUp(
        landmarker(),
        lambda window: run_hog(histograms, window),
        lambda window: network([window])[0],
        TURNS if turns else (),
    )


def face_follower(*, turns: bool) -> FaceFollower:
    """The networks that `auto` uses."""
    quick, well = cnn(SMALL, ENLARGE), cnn(MEDIUM, ENLARGE)
    around = with_turns(quick, TURNS if turns else ())
    return FaceFollower(
        close_up(turns=turns),
        lambda image: quick([image])[0],
        lambda image: well([image])[0] or around([image])[0],
    )


def alone(sights: Iterable[Detection]) -> list[Detection]:
    """Each face once, from left to right: of squares that overlap the surest stays."""
    kept: list[Detection] = []
    for sight in sorted(sights, key=lambda sight: -sight.spot.score):
        if not _covered(sight.square, [one.square for one in kept]):
            kept.append(sight)
    return sorted(kept, key=lambda sight: float(sight.square.centre[0]))


def overlap(one: Square, other: Square) -> float:
    """Intersection over union of two squares, taken as upright."""
    a, b = np.array(one.box), np.array(other.box)
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / (one.side**2 + other.side**2 - inner))


def _covered(square: Square, others: Iterable[Square]) -> bool:
    return any(overlap(square, other) > SAME for other in others)


def _distance(one: Square, other: Square) -> float:
    return float(np.linalg.norm(one.centre - other.centre))
