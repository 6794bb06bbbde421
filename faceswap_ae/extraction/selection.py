"""Which of the faces found are written as files, and why are the others skipped?

All facts for this are in the journal. So the selection can be repeated with other limits: faces
that were skipped before are then cut out of their frames, without another scan.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

import numpy as np

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Points, transform
from faceswap_ae.faces.alignment import FITTED, is_face, to_template
from faceswap_ae.faces.identities import TrackKey
from faceswap_ae.faces.record import Face

YAW_BIN = 15.0  # degrees; the sharpest face of each bin of yaw is taken in turn

NO_FACE, OTHER, DOUBTFUL = "no face", "another person", "landmarks in doubt"
BLURRED, SMALL, ALIKE, SURPLUS = "blurred", "small", "alike", "surplus"


@dataclass(frozen=True)
class SelectionLimits:
    """The limits that the user sets. By default all faces of the person are kept."""

    blur: float = 0.0  # lowest sharpness
    size: float = 0.0  # smallest side of a face in the frame, pixels
    change: float = 0.0  # smallest difference from the last face taken of the track, % of the face
    most: int | None = None  # largest number of faces of the person

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise UserError(f"--max {self.most}: ask for 1 face or more")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The facts about a face that stay in memory until all faces are checked."""

    id: str
    clip: str
    frame: int
    bin: int
    sharpness: float
    there: bool


@dataclass(frozen=True)
class AlreadyThere:
    """Ids of faces: all that were ever written to the folder, and those that are there now."""

    written: Set[str] = frozenset()
    there: Set[str] = frozenset()


@dataclass
class FaceSelection:
    """Which faces are to be written, by clip and frame, and why the others are not."""

    wanted: dict[str, dict[int, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    skipped: dict[str, str] = field(default_factory=dict)


def select_faces(
    faces: Iterable[Face], theirs: set[TrackKey], limits: SelectionLimits, held: AlreadyThere
) -> FaceSelection:
    """Decide for every face found; `theirs` are the tracks that show the wanted person.

    A face that is in the folder stays and counts towards `limits.most`. A face that the user
    dropped is neither written again nor counted.
    """
    choice, taken = FaceSelection(), list[_Candidate]()
    last: dict[TrackKey, Points] = {}
    for face in faces:
        track, there = (face.clip, face.track), face.id in held.there
        if face.id in held.written and not there:
            continue
        reason = None if there else _reason(face, track in theirs, limits, last)
        if reason is not None:
            choice.skipped[face.id] = reason
            continue
        if limits.change:
            last[track] = _shape(face.landmarks)
        taken.append(_candidate(face, there))
    ranked = _ranked(taken)
    for place, one in enumerate(ranked):
        if one.there:
            continue
        if limits.most is not None and place >= limits.most:
            choice.skipped[one.id] = SURPLUS
        else:
            choice.wanted[one.clip][one.frame].append(one.id)
    return choice


def _reason(
    face: Face, theirs: bool, limits: SelectionLimits, last: Mapping[tuple[str, int], Points]
) -> str | None:
    """Return why a face is skipped, the gravest reason first; None if it is not skipped."""
    if not is_face(face):
        return NO_FACE
    if not theirs:
        return OTHER
    if face.doubtful:
        return DOUBTFUL
    if face.sharpness < limits.blur:
        return BLURRED
    if face.size < limits.size:
        return SMALL
    before = last.get((face.clip, face.track))
    return ALIKE if limits.change and before is not None and _alike(face, before, limits) else None


def _alike(face: Face, before: Points, limits: SelectionLimits) -> bool:
    moved = np.linalg.norm(_shape(face.landmarks) - before, axis=1).mean()
    return bool(100 * moved < limits.change)


def _shape(landmarks: Points) -> Points:
    """Return pose and expression without position and size: landmarks in template units.

    The landmarks of the jaw are left out.
    """
    return transform(landmarks[FITTED[0] :], to_template(landmarks))


def _candidate(face: Face, there: bool) -> _Candidate:
    yaw = face.pose[0] if np.isfinite(face.pose[0]) else 0.0
    return _Candidate(face.id, face.clip, face.frame, round(yaw / YAW_BIN), face.sharpness, there)


def _ranked(taken: list[_Candidate]) -> list[_Candidate]:
    """Order faces: the sharpest of each bin in turn, so that rare poses are not lost.

    Otherwise the many frontal faces would take all places. Faces that are already in the folder
    come first, so that an interrupted run ends with the same faces as one without a break.
    """
    bins: dict[int, list[_Candidate]] = defaultdict(list)
    for one in sorted(taken, key=lambda one: (not one.there, -one.sharpness, one.id)):
        bins[one.bin].append(one)
    ranked = [
        (rank, not one.there, number, one)
        for number, own in bins.items()
        for rank, one in enumerate(own)
    ]
    return [item[-1] for item in sorted(ranked, key=lambda item: item[:3])]
