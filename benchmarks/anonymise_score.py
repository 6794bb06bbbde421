"""Who is left recognisable in an anonymised film, by the renderer's truth?

Every visible face of every frame is looked up in the output, at the place that the renderer tells.
Nothing that the pipeline found or believes decides whether a face was left as it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.anonymise_films import TrueFace
from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.conversion.compositing.obscuring import obscure
from faceswap_ae.conversion.second_look import ALIKE
from faceswap_ae.evaluation.openings import openings
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.detection.scan import Detectors, scan
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.identities import KnownPerson, known_person
from faceswap_ae.faces.record import Descriptor, Face
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip

SMALLEST = 24.0  # pixels of a face that counts
VISIBLE = 0.25  # of a face, from which it counts
CHANGED = 4.0  # levels, on average in the features: an encoder changes less (about 1)
NEAR = 0.25  # of a face's size: between its true middle and that of a found face
INSIDE = 0.8  # of the landmarks that lie in the picture: else a descriptor is of its black border
FEATURES = slice(17, 68)  # landmarks without the jaw
ENOUGH = 20  # frames, for a correlation
SWAPPED, COVERED, LEFT = "swapped", "covered", "left"


@dataclass(frozen=True, eq=False)
class Judged:
    """A visible face of a frame, and what the output shows in its place."""

    film: str
    frame: int
    who: str
    size: float
    change: float  # levels
    became: str
    whole: bool  # it lies in the picture, so that a descriptor tells something
    original: Descriptor
    made: Descriptor
    grey: Descriptor  # of a grey square in its place, from which nobody learns anything

    @property
    def distance(self) -> float:
        """Return how far the output's face is from the original of the same frame."""
        return float(np.linalg.norm(self.original - self.made))


def judge(
    name: str,
    truth: Sequence[Sequence[TrueFace]],
    original: Path,
    made: Path,
    rows: Sequence[Mapping[str, Any]],
) -> list[Judged]:
    """Look up every visible face of a film. `rows` are those of the output's report."""
    judged = list[Judged]()
    pairs = zip(reader.frames(open_clip(original)), reader.frames(open_clip(made)), strict=True)
    for before, after in pairs:
        faces = [one for one in truth[before.index] if is_visible(one)]
        old = describe([(before.image, one.landmarks) for one in faces])
        new = describe([(after.image, one.landmarks) for one in faces])
        grey = describe([(greyed(before.image, one.landmarks), one.landmarks) for one in faces])
        for face, was, now, plain in zip(faces, old, new, grey, strict=True):
            change = changed(before.image, after.image, face.landmarks)
            became = LEFT if change < CHANGED else _became(rows[before.index], face.landmarks)
            whole = is_whole(face.landmarks, before.image)
            facts = name, before.index, face.who, face.size, change, became, whole
            judged.append(Judged(*facts, was, now, plain))
    return judged


def is_visible(face: TrueFace) -> bool:
    """Return whether a face counts."""
    return face.size >= SMALLEST and face.seen >= VISIBLE


def is_whole(landmarks: Points, image: Image) -> bool:
    """Return whether nearly all of a face lies in the picture."""
    inside = (landmarks >= 0) & (landmarks < image.shape[1::-1])
    return bool(inside.all(axis=1).mean() >= INSIDE)


def changed(before: Image, after: Image, landmarks: Points) -> float:
    """Return by how many levels the pixels of a face's features differ on average."""
    hull = cv2.convexHull(landmarks[FEATURES].round().astype(np.int32))
    inside = np.zeros(before.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, hull, 1)
    apart = np.abs(before.astype(np.int16) - after).mean(axis=2)
    return float(apart[inside > 0].mean()) if inside.any() else 0.0


def greyed(image: Image, landmarks: Points) -> Image:
    """Return a picture with a grey square in a face's place."""
    covered = image.copy()
    obscure(covered, square_around(landmarks).box, "solid")
    return covered


def _became(row: Mapping[str, Any], landmarks: Points) -> str:
    x, y = landmarks[FEATURES].mean(axis=0)
    boxes = (one["box"] for one in row[COVERED])
    inside = any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)
    return COVERED if inside else SWAPPED


def people_of(judged: Iterable[Judged]) -> dict[str, KnownPerson]:
    """Return all people of the films, by what they really look like."""
    seen = defaultdict(list)
    for one in judged:
        if one.whole:
            seen[one.who].append(one.original)
    known = {who: known_person(descriptors) for who, descriptors in seen.items()}
    return {who: one for who, one in known.items() if one is not None}


def figures(judged: Sequence[Judged], people: Mapping[str, KnownPerson]) -> dict[str, Any]:
    """Return what is asked of some faces: left, unlike, retrieved."""
    became = (LEFT, SWAPPED, COVERED)
    told: dict[str, Any] = {
        "faces": len(judged),
        **{kind: sum(one.became == kind for one in judged) for kind in became},
    }
    whole = [one for one in judged if one.whole]
    kinds = {kind: [one for one in whole if one.became == kind] for kind in (SWAPPED, COVERED)}
    for kind, some in (("all", whole), *kinds.items()):
        told[f"unlike, {kind}"] = share(one.distance > ALIKE for one in some)
        told[f"retrieved, {kind}"] = share(leads_to(one.who, one.made, people) for one in some)
    hidden = kinds[COVERED]
    away = [float(np.linalg.norm(one.original - one.grey)) for one in hidden]
    told["unlike, grey"] = share(one > ALIKE for one in away)
    told["retrieved, grey"] = share(leads_to(one.who, one.grey, people) for one in hidden)
    return told


def leads_to(who: str, descriptor: Descriptor, people: Mapping[str, KnownPerson]) -> bool:
    """Return whether a face is more like a person than like all others."""
    return min(people, key=lambda one: people[one].distance(descriptor)) == who


def share(hits: Iterable[bool]) -> float | None:
    """Return the share of hits, or None where nothing was asked."""
    every = list(hits)
    return round(float(np.mean(every)), 4) if every else None


def mouths(
    judged: Sequence[Judged], truth: Sequence[Sequence[TrueFace]], clips: Sequence[Path], work: Path
) -> dict[str, float]:
    """Return how the mouths of a film's swapped faces follow the original's (correlation)."""
    detectors = Detectors()
    found = [_scanned(clip, work, detectors) for clip in clips]
    opened = defaultdict(list)
    for one in judged:
        if one.became == SWAPPED:
            place = next(face for face in truth[one.frame] if face.who == one.who)
            pair = [_nearest(faces.get(one.frame, []), place) for faces in found]
            if pair[0] is not None and pair[1] is not None:
                opened[one.who].append([openings(face).mouth_open for face in pair if face])
    return {
        who: round(float(np.corrcoef(np.array(rows).T)[0, 1]), 3)
        for who, rows in opened.items()
        if len(rows) >= ENOUGH
    }


def _scanned(clip: Path, work: Path, detectors: Detectors) -> dict[int, list[Face]]:
    """Find the faces of a clip, by frame."""
    key = fingerprint(clip)
    journal = Journal(work / key)
    for _ in scan(open_clip(clip), journal, detectors):
        pass
    found = defaultdict(list)
    for face in journal.all_faces([key]):
        found[face.frame].append(face)
    return found


def _nearest(faces: Sequence[Face], place: TrueFace) -> Face | None:
    """Return the found face that lies where a face truly is."""
    middle = place.landmarks[FEATURES].mean(axis=0)

    def away(face: Face) -> float:
        return float(np.linalg.norm(face.landmarks[FEATURES].mean(axis=0) - middle))

    nearest = min(faces, key=away, default=None)
    return nearest if nearest is not None and away(nearest) < NEAR * place.size else None
