"""Where are the faces in the frames of a video (detection), without a search of every whole frame?

A search of the whole frame costs many times as much as a close look at the place of the face in
the frame before. So the frames come in short pieces of one scene, and only the ends of a piece are
searched. Faces that are known before the piece are followed forward from frame to frame. New faces
in the search at the piece's end are followed back to the frame in which they first appear. If a
face is lost, the whole frame is searched at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.detection.blazeface import blazeface
from faceswap_ae.faces.detection.consistency import mend
from faceswap_ae.faces.detection.detections import CloseUp, Detection, alone, covered
from faceswap_ae.faces.detection.detectors import (
    MEDIUM,
    SMALL,
    TURNS,
    DetectedBox,
    Detector,
    blaze,
    cnn,
    only_turned,
    together,
)
from faceswap_ae.faces.detection.dlib_close_up import dlib_close_up
from faceswap_ae.faces.detection.mesh_close_up import mesh_close_up
from faceswap_ae.faces.detection.tiles import in_tiles

ENLARGE = 2.0  # greatest enlargement of a small picture for a search

Finder = Callable[[Sequence[Image], bool], list[list[Detection]]]
Search = Callable[[Image], list[DetectedBox]]
Found = list[list[Detection]]  # the faces of each frame of a piece


def every_frame(detector: Detector, closely: CloseUp) -> Finder:
    """Return a finder that searches each whole frame, independently of the frames before."""

    def find(images: Sequence[Image], _fresh: bool) -> Found:
        found = [closely.sights(*seen) for seen in zip(images, detector(images), strict=True)]
        _complete(closely, images, found)
        return found

    return find


@dataclass
class FaceFollower:
    """The detector `auto`: remembers the faces of the last frame and follows them."""

    closely: CloseUp
    search: Search  # quick, but misses small faces
    search_well: Search  # at the start of a scene, if no face is seen, and in some pieces
    well_every: int  # pieces, of which one has a thorough search
    last: list[Detection] = field(default_factory=list)
    pieces: int = 0  # number of pieces in this scene

    def __call__(self, images: Sequence[Image], fresh: bool) -> Found:
        """Return the faces of consecutive frames.

        `fresh` says that the frames do not continue the frames of the last call.
        """
        if fresh:
            self.last, self.pieces = [], 0
        found: Found = [[] for _ in images]
        if fresh:
            self._enter(images, found, 0, self._new(images[0], self.search_well(images[0]), []))
        else:
            self._follow(images, found, 0, self.last)
        if not fresh or len(images) > 1:  # else the last frame is the first, and was searched
            self._discover(images, found)
        mend(images, found, self.closely)
        self.last = found[-1]
        _complete(self.closely, images, found)
        return found

    def _enter(
        self, images: Sequence[Image], found: Found, at: int, new: Sequence[Detection]
    ) -> None:
        """Add faces that are first seen in a frame, and follow them from there."""
        found[at] = alone([*found[at], *new])
        if at + 1 < len(images):
            self._follow(images, found, at + 1, new)

    def _follow(
        self, images: Sequence[Image], found: Found, at: int, before: Sequence[Detection]
    ) -> None:
        """Follow faces from a frame on. Search for one that is lost, until the piece ends."""
        lost = [0] * len(images)
        for sight in before:
            followed = self.closely.follow(images[at:], sight)
            for number, one in enumerate(followed, at):
                found[number].append(one)
            if at + len(followed) < len(images):
                lost[at + len(followed)] += 1
        missing = 0
        for number in range(at, len(images)):
            found[number] = alone(found[number])
            missing += lost[number]
            if missing:
                new = self._new(images[number], self.search(images[number]), found[number])
                missing -= min(missing, len(new))
                self._enter(images, found, number, new)

    def _discover(self, images: Sequence[Image], found: Found) -> None:
        """Search the last frame, and follow each new face back to where it first appears."""
        self.pieces += 1
        well = self.pieces % self.well_every == 0 or not found[-1]
        spots = (self.search_well if well else self.search)(images[-1])
        new = self._new(images[-1], spots, found[-1])
        found[-1] = alone([*found[-1], *new])
        for sight in new:
            back = self.closely.follow(images[-2::-1], sight)
            for number, one in zip(range(len(images) - 2, -1, -1), back, strict=False):
                if covered(one.square, [other.square for other in found[number]]):
                    break
                found[number] = alone([*found[number], one])

    def _new(
        self, image: Image, spots: Iterable[DetectedBox], known: Sequence[Detection]
    ) -> list[Detection]:
        """Return the faces that a search found in addition to the known faces."""
        there = [sight.square for sight in known]
        fresh = [spot for spot in spots if not covered(spot.square, there)]
        sights = self.closely.sights(image, fresh) if fresh else []
        return [sight for sight in sights if not covered(sight.square, there)]


def dlib_follower(*, turns: bool) -> FaceFollower:
    """Load dlib's networks for the detector `auto`."""
    quick, well = cnn(SMALL, ENLARGE), cnn(MEDIUM, ENLARGE)
    around = only_turned(quick, TURNS if turns else ())
    return FaceFollower(
        dlib_close_up(turns=turns),
        lambda image: quick([image])[0],
        lambda image: well([image])[0] or around([image])[0],
        well_every=4,
    )


def mesh_follower(*, turns: bool, small: bool = False) -> FaceFollower:
    """Load BlazeFace and the mesh for the detector `auto`; dlib's CNN finds what they miss.

    `small` faces, of 24 pixels and more, are looked for too.
    """
    quick = together(blaze(), in_tiles(blazeface("short"))) if small else blaze()
    well = together(quick, cnn(MEDIUM, ENLARGE))
    around = only_turned(together(blaze(), cnn(SMALL, ENLARGE)), TURNS if turns else ())
    return FaceFollower(
        mesh_close_up(turns=turns),
        lambda image: quick([image])[0],
        lambda image: well([image])[0] or around([image])[0],
        well_every=8,
    )


def _complete(closely: CloseUp, images: Sequence[Image], found: Found) -> None:
    closely.complete(
        [(image, one) for image, sights in zip(images, found, strict=True) for one in sights]
    )
