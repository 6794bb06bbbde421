"""Who in a clip is measured, and where is the face in each of its frames?

Of several people it is the one whose face the conversion's report says was swapped, where it lies
beside the result; else whoever is seen most. In another clip of the same moments, the result or the
true swap, it is the face in the same place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.progress import Progress
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.conversion.report import FrameRow
from faceswap_ae.evaluation.identity_metrics import PersonViews, views_of_faces
from faceswap_ae.faces.alignment import is_face
from faceswap_ae.faces.boxes import Box, square_around
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.detection.scan_cache import ScannedClip, scan_clip
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.identities import split_people, tally_tracks
from faceswap_ae.faces.record import Face
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.span import WHOLE

NEAR = 0.5  # of a face's side: what is farther off in the same moment is somebody else
MOST = 512  # views that a person is known by
CLIPS = ("clip.mkv", "clip.mp4")  # in a folder of a synthetic film


@dataclass(frozen=True, eq=False)
class MeasuredClip:
    """A clip of which every frame was looked at."""

    clip: Clip
    found: ScannedClip

    @property
    def count(self) -> int:
        """How many frames it has."""
        return self.found.count

    def faces(self, frame: int) -> list[Face]:
        """The faces of a frame, without what is not shaped like a face."""
        return [one for one in self.found.faces_at(frame) if is_face(one)]

    def has(self, frame: int) -> bool:
        """Is there such a frame?"""
        return self.found.has(frame)

    def near(self, frame: int, place: Face) -> Face | None:
        """The face of a frame that is where another clip's is."""
        square = square_around(place.landmarks)
        away = [
            (float(np.linalg.norm(square_around(one.landmarks).centre - square.centre)), one)
            for one in self.faces(frame)
        ]
        off, nearest = min(away, key=lambda pair: pair[0], default=(np.inf, None))
        return nearest if off <= NEAR * square.side else None


@dataclass(frozen=True, eq=False)
class TargetPerson:
    """Whoever is meant in a clip, by their tracks."""

    looked: MeasuredClip
    tracks: frozenset[int]

    def at(self, frame: int) -> Face | None:
        """Their face in a frame; the largest, should there be two."""
        own = [one for one in self.looked.faces(frame) if one.track in self.tracks]
        return max(own, key=lambda one: one.size, default=None)

    @property
    def frames(self) -> list[int]:
        """Every frame in which they are seen."""
        every = self.looked.found.faces(WHOLE)
        return sorted({one.frame for one in every if one.track in self.tracks and is_face(one)})

    def views(self) -> PersonViews:
        """What they look like, by evenly chosen frames."""
        chosen = (self.at(frame) for frame in evenly_spaced(self.frames, MOST))
        return views_of_faces([one for one in chosen if one is not None])


def scan_target(
    path: Path, detectors: Detectors, progress: Progress, folders: Sequence[Path] = ()
) -> MeasuredClip:
    """Find every face of a clip that is not known yet, in face folders neither."""
    clip = open_clip(path)
    return MeasuredClip(clip, scan_clip(clip, WHOLE, detectors, folders, progress))


def find_target(
    looked: MeasuredClip, rows: Sequence[FrameRow] = (), face: str = ""
) -> TargetPerson:
    """Whoever was swapped by a conversion's report, with this face if one is called so."""
    among = set(_swapped(looked, rows, face))
    shown = (one for one in looked.found.faces(WHOLE) if is_face(one))
    tracks = tally_tracks(one for one in shown if not among or one.track in among)
    if not tracks:
        raise UserError(f"{looked.clip.path}: shows no face; is it the right clip?")
    often = split_people(tracks, []).unknown[0]
    return TargetPerson(looked, frozenset(track for _, track in often))


def clip_in(place: Path) -> Path:
    """A clip, or the clip in a folder that `synth` made."""
    return next((place / name for name in CLIPS if (place / name).is_file()), place)


def views_in(
    place: Path, detectors: Detectors, progress: Progress, folders: Sequence[Path] = ()
) -> PersonViews:
    """What a person looks like: in a folder of faces, or whoever is seen most in a clip."""
    clip = clip_in(place)
    if not is_folder(clip):
        return find_target(scan_target(clip, detectors, progress, folders)).views()
    known = [one.stored.face for one in face_file.entries(clip) if one.stored]
    if not known:
        raise UserError(f"{place}: holds no faces; name a clip, or a folder that extract filled")
    return views_of_faces(evenly_spaced(known, MOST))


def is_folder(place: Path) -> bool:
    """Is it a folder of faces, or its zip?"""
    return place.is_dir() or place.suffix == ".zip"


def person_name(place: Path) -> str:
    """Whom a clip or a folder shows, as its name has it."""
    return place.absolute().parent.name if place.name in CLIPS else place.stem


def _swapped(looked: MeasuredClip, rows: Sequence[FrameRow], face: str) -> Iterator[int]:
    """The tracks with a face in a box that was swapped. Numbers of tracks may have changed."""
    names = {face.swapped for row in rows for face in row.faces if face.swapped is not None}
    names = {face} & names or names
    for row in rows:
        boxes = [one.box for one in row.faces if one.box is not None and one.swapped in names]
        for one in looked.faces(row.frame):
            if any(_inside(square_around(one.landmarks).centre, box) for box in boxes):
                yield one.track


def _inside(point: Any, box: Box) -> bool:
    left, top, right, bottom = box
    return bool(left <= point[0] <= right and top <= point[1] <= bottom)
