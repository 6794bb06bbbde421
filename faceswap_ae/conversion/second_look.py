"""Does an anonymous clip still show somebody (second look)?

The finished file is decoded and looked at again by a detector of another make than the one that
found the faces, which sees no small ones: for those BlazeFace looks at it in tiles. A face that is
found where nothing was swapped or covered is a leak. Each new face is compared with the person who
was there: where a network that recognises people would still say that it is the same person, it is
a leak too.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.common.progress import Progress
from faceswap_ae.conversion.anonymiser import AnonymousClip
from faceswap_ae.conversion.cover_plan import LONGER, CoveredFace, area
from faceswap_ae.conversion.renderer import render
from faceswap_ae.faces.boxes import Box, square_around
from faceswap_ae.faces.detection.blazeface import blazeface
from faceswap_ae.faces.detection.detectors import MEDIUM, Detector, cnn
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.detection.tiles import in_tiles
from faceswap_ae.faces.identities import KnownPerson
from faceswap_ae.faces.record import Descriptor
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip

ALIKE = 0.6  # distance of descriptors up to which two faces count as one person's
MARGIN = 0.005  # more, before the clip is written: encoding changes distances by about so much
LOOKED = 3  # one of so many frames is searched: no more than a cover reaches around it
TILED = 4  # and one of so many for small faces: a cover lasts until the next such frame, or the end
EVERY = 4  # frames between two comparisons with the person
TOGETHER = 12  # frames that the detector gets at once
ENLARGE = 2.0  # of small pictures, for the detector
COVERED_SHARE = 0.6  # of a found box that must lie where something was swapped or covered
AROUND = 1.5  # of a treated face's box
MOST_ALIKE = 0.2  # of a track's comparisons: beyond it the whole track is covered
FOUND, RECOGNISED = "found by the second detector", "too like the person"


@dataclass(frozen=True)
class Compared:
    """A new face, and how far it is from the person who was there, and from others of the batch."""

    frame: int
    track: int
    person: int
    distance: float
    nearest: int  # the person of the batch whom it is most like


@dataclass
class SecondLook:
    """What was seen in a finished clip."""

    leaks: dict[int, list[CoveredFace]] = field(default_factory=lambda: defaultdict(list))
    compared: list[Compared] = field(default_factory=list)
    among: int = 0  # people with whom each new face is compared


def look_again(
    one: AnonymousClip, made: Path, batch: Sequence[KnownPerson], progress: Progress
) -> SecondLook:
    """Look over a finished clip. `batch` are the people of all clips so far, its own first."""
    seen, clip = SecondLook(among=len(batch)), open_clip(made)
    detector = _detector()
    group: list[tuple[int, Image]] = []
    with progress(f"look over {one.clip.path.name}", clip.count) as advance:
        for frame in reader.frames(clip, quick=True):
            group.append((frame.index, frame.image))
            if len(group) == TOGETHER:
                _look(one, group, detector, batch, seen)
                group = []
            advance(frame.index + 1)
        if group:
            _look(one, group, detector, batch, seen)
    _add_recognised(one, seen, ALIKE)
    return seen


def look_ahead(one: AnonymousClip, batch: Sequence[KnownPerson], progress: Progress) -> SecondLook:
    """Compare the new faces of some frames before the clip is written.

    What has to be covered anyway is known then, and most clips are written only once.
    """
    seen = SecondLook(among=len(batch))
    if not one.plan.compositors:
        return seen
    shown = (frame for frame in reader.frames(one.clip) if frame.index % EVERY == 0)
    with progress(f"try the faces in {one.clip.path.name}", one.clip.count) as advance:
        for made in render(shown, one.plan):
            seen.compared += _compared(one, made.frame.index, made.image, batch)
            advance(made.frame.index + 1)
    _add_recognised(one, seen, ALIKE + MARGIN)
    return seen


def add_covers(one: AnonymousClip, seen: SecondLook) -> None:
    """Cover what was seen, and the same places in the frames around."""
    for frame, places in seen.leaks.items():
        for near in range(max(0, frame - LONGER), min(one.clip.count, frame + LONGER + 1)):
            for place in places:
                if place not in one.covers.at(near):
                    one.covers.add(near, place)


def _look(
    one: AnonymousClip,
    group: Sequence[tuple[int, Image]],
    detector: Detector,
    batch: Sequence[KnownPerson],
    seen: SecondLook,
) -> None:
    for every, search in ((LOOKED, detector), (TILED, _small_detector())):
        searched = [(frame, image) for frame, image in group if frame % every == 0]
        found = search([image for _, image in searched]) if searched else []
        for (frame, image), spots in zip(searched, found, strict=True):
            treated = _treated(one, frame)
            for spot in spots:
                box = spot.square.box
                if not _is_treated(box, treated, image.shape[1::-1]):
                    seen.leaks[frame].append(CoveredFace(box, FOUND))
    for frame, image in group:
        if frame % EVERY == 0:
            seen.compared += _compared(one, frame, image, batch)


def _treated(one: AnonymousClip, frame: int) -> list[Box]:
    """The places of a frame where something was swapped or covered."""
    swapped = [square_around(place.outline).box for place in one.where.at(frame)]
    return [_larger(box) for box in (*swapped, *(place.box for place in one.covers.at(frame)))]


def _larger(box: Box) -> Box:
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    half = AROUND * (right - left) / 2, AROUND * (bottom - top) / 2
    return x - half[0], y - half[1], x + half[0], y + half[1]


def _is_treated(box: Box, treated: Sequence[Box], size: Sequence[int]) -> bool:
    low = np.maximum(box[:2], 0)
    high = np.minimum(box[2:], size)
    inside = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    for place in treated:
        shared = (
            max(inside[0], place[0]),
            max(inside[1], place[1]),
            min(inside[2], place[2]),
            min(inside[3], place[3]),
        )
        if area(shared) >= COVERED_SHARE * area(inside):
            return True
    return area(inside) == 0


def _compared(
    one: AnonymousClip, frame: int, image: Image, batch: Sequence[KnownPerson]
) -> list[Compared]:
    """Compare the new faces of a frame, those that are not covered, with the people."""
    hidden = {place.track for place in one.covers.at(frame)}
    places = [place for place in one.where.at(frame) if place.track not in hidden]
    faces: list[tuple[Image, Points]] = [(image, place.outline) for place in places]
    rows = zip(places, describe(faces), strict=True)
    return [_nearest(one, frame, place.track, descriptor, batch) for place, descriptor in rows]


def _nearest(
    one: AnonymousClip,
    frame: int,
    track: int,
    descriptor: Descriptor,
    batch: Sequence[KnownPerson],
) -> Compared:
    person = next(number for number, own in enumerate(one.people) if track in own.tracks)
    distances = [own.distance(descriptor) for own in batch]
    return Compared(frame, track, person, distances[person], int(np.argmin(distances)))


def _add_recognised(one: AnonymousClip, seen: SecondLook, nearest: float) -> None:
    """Cover new faces that are no farther from the person than `nearest`.

    They are covered alone, or in the whole track if there are many.
    """
    alike: dict[int, list[int]] = defaultdict(list)
    count: dict[int, list[int]] = defaultdict(list)
    for face in seen.compared:
        count[face.track].append(face.frame)
        if face.distance <= nearest:
            alike[face.track].append(face.frame)
    for row in one.where.rows:
        frames = alike.get(row.track, [])
        whole = len(frames) > MOST_ALIKE * len(count[row.track])
        wanted = {near for frame in frames for near in range(frame - EVERY, frame + EVERY + 1)}
        for frame in row.frames if whole and frames else sorted(wanted & set(row.frames)):
            box = square_around(row.at(frame).outline).box
            seen.leaks[frame].append(CoveredFace(box, RECOGNISED, row.track))


@cache
def _detector() -> Detector:
    return cnn(MEDIUM, ENLARGE)


@cache
def _small_detector() -> Detector:
    return in_tiles(blazeface("short"))
