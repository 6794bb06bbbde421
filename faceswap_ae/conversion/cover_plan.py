"""In which frames must a face be covered, because no other face can stand in for it?

It fails closed. A face that was found and cannot be swapped is covered, a few frames longer than
needed. At both ends of a track, and in its gaps, its last place is covered too: there a detector
sees nothing, and a person may still do.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.conversion.trajectories import BRIDGED
from faceswap_ae.faces.boxes import Box
from faceswap_ae.faces.record import Face
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.reader import frames
from faceswap_ae.media.scene_cuts import CutDetector

REACH = 8  # frames that are covered beyond both ends of a track
LONGER = 3  # frames that a cover lasts beyond the frames that need it
LEAST_SIDE = 40.0  # pixels of a face that is swapped
MOST_TURNED = (55.0, 40.0)  # degrees of yaw and pitch
SAME_PLACE = 0.3  # intersection over union of the boxes of one face
SMALL, TURNED, DOUBTFUL, LOST, BEYOND = "small", "turned", "doubtful", "lost", "beyond its track"


@dataclass(frozen=True)
class CoveredFace:
    """A place in a frame that is covered, and why no face stands in there."""

    box: Box
    why: str
    track: int = -1


@dataclass
class CoverPlan:
    """The covered places of a clip, by frame."""

    places: dict[int, list[CoveredFace]] = field(default_factory=lambda: defaultdict(list))

    def add(self, frame: int, place: CoveredFace) -> None:
        """Cover one more place."""
        self.places[frame].append(place)

    def at(self, frame: int) -> list[CoveredFace]:
        """The covered places of a frame."""
        return self.places.get(frame, [])


@dataclass(frozen=True)
class Scenes:
    """Where the scenes of a clip begin, and how many frames it has."""

    begins: tuple[int, ...]
    count: int

    def around(self, frame: int) -> range:
        """The frames of the scene that a frame belongs to."""
        place = int(np.searchsorted(self.begins, frame, "right"))
        first = self.begins[place - 1] if place else 0
        return range(first, self.begins[place] if place < len(self.begins) else self.count)


def find_scenes(clip: Clip) -> Scenes:
    """Look for the cuts of a clip."""
    cuts, begins, count = CutDetector(), list[int](), 0
    for frame in frames(clip, quick=True):
        if cuts(frame.image):
            begins.append(frame.index)
        count = frame.index + 1
    return Scenes(tuple(begins), count)


def plan_covers(
    faces: Iterable[Face], swapped: Collection[int], scenes: Scenes, why: str
) -> CoverPlan:
    """Plan where to cover: also all faces of tracks that are not `swapped`, because `why`."""
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    reasons: dict[int, dict[int, str]] = defaultdict(dict)
    boxes: dict[int, list[Box]] = defaultdict(list)
    for face in faces:
        tracks[face.track][face.frame] = face.box
        reasons[face.track][face.frame] = _reason(face) if face.track in swapped else why
        boxes[face.frame].append(face.box)
    plan = CoverPlan()
    for track, own in tracks.items():
        for frame, reason in _lengthened(reasons[track]).items():
            plan.add(frame, CoveredFace(own[frame], reason, track))
        _cover_gaps(plan, own, swapped=track in swapped)
        for end, step in ((min(own), -1), (max(own), 1)):
            scene = scenes.around(end)
            for frame in range(end + step, end + step * (REACH + 1), step):
                seen = boxes.get(frame, [])
                if frame in scene and not any(alike(own[end], box) for box in seen):
                    plan.add(frame, CoveredFace(own[end], BEYOND, track))
    return plan


def alike(one: Box, other: Box) -> bool:
    """Are two boxes of one face?"""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = float(np.prod(np.maximum(high - low, 0)))
    return both > SAME_PLACE * (area(one) + area(other) - both)


def area(box: Box) -> float:
    """Return the area of a box, in pixels."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _reason(face: Face) -> str:
    """Why a face cannot be swapped; empty if it can."""
    yaw, pitch, _ = face.pose
    if face.mesh is None or face.doubtful:
        return DOUBTFUL
    if min(face.box[2] - face.box[0], face.box[3] - face.box[1]) < LEAST_SIDE:
        return SMALL
    return TURNED if abs(yaw) > MOST_TURNED[0] or abs(pitch) > MOST_TURNED[1] else ""


def _lengthened(reasons: Mapping[int, str]) -> dict[int, str]:
    """Return the frames with a reason, and those just before and after them."""
    found = {frame: reason for frame, reason in reasons.items() if reason}
    for frame, reason in list(found.items()):
        for near in range(frame - LONGER, frame + LONGER + 1):
            if near in reasons:
                found.setdefault(near, reason)
    return found


def _cover_gaps(plan: CoverPlan, own: Mapping[int, Box], *, swapped: bool) -> None:
    """Cover frames in which a face is lost; short gaps of a swapped face have its new face."""
    for before, after in pairwise(sorted(own)):
        gap = after - before - 1
        if not gap or (swapped and gap <= BRIDGED):
            continue
        ends = [np.array(own[frame]) for frame in (before, after)]
        for frame in range(before + 1, after):
            if gap <= 2 * REACH or min(frame - before, after - frame) <= REACH:
                plan.add(frame, CoveredFace(_between(ends, before, after, frame), LOST))


def _between(ends: list[Doubles], before: int, after: int, frame: int) -> Box:
    share = (frame - before) / (after - before)
    left, top, right, bottom = (ends[0] + share * (ends[1] - ends[0])).tolist()
    return left, top, right, bottom
