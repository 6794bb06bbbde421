"""Which of the faces found become files, and why not the others?

All that this needs lies in the journal, so it can be asked again with other limits, and faces that
were left out before are then cut out of their frames, without another search.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from faceswap_ae.align import FITTED, misfit, to_template
from faceswap_ae.errors import UserError
from faceswap_ae.face import Face
from faceswap_ae.geometry import Points, transform
from faceswap_ae.people import TrackKey

MISFIT = 0.12  # of the template's unit, beyond which no face is shaped so
YAW_BIN = 15.0  # degrees of a bin in which the sharpest are taken in turn

NO_FACE, OTHER = "no face", "another person"
BLURRED, SMALL, ALIKE, SURPLUS = "blurred", "small", "alike", "surplus"
LIMITS = (BLURRED, SMALL, ALIKE, SURPLUS)  # reasons that speak of training, not of who it is


@dataclass(frozen=True)
class Limits:
    """What the user wants less of. By default everything of the person is kept."""

    blur: float = 0.0  # least sharpness
    size: float = 0.0  # least side of a face in the frame, pixels
    change: float = 0.0  # least difference from the last face taken of a track, % of the face
    most: int | None = None  # faces of a person

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise UserError(f"--max {self.most}: ask for 1 face or more")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What is kept in mind of a face while all others are looked at."""

    id: str
    clip: str
    frame: int
    bin: int
    sharpness: float


@dataclass
class Choice:
    """Which faces are to be written, by clip and frame, and why the others are not."""

    wanted: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> Counter[str]:
        """How many were left out, by reason."""
        return Counter(self.skipped.values())


def is_face(face: Face) -> bool:
    """Is it shaped like one? What detectors take for a face at times is not."""
    return bool(np.isfinite(face.landmarks).all()) and misfit(face.landmarks) <= MISFIT


def choose(
    faces: Iterable[Face], theirs: set[TrackKey], limits: Limits, written: set[str]
) -> Choice:
    """Judge every face found; `theirs` are the tracks that show the person wanted.

    What is written stays; it counts among the most that are wanted.
    """
    choice, taken = Choice(), list[_Candidate]()
    last: dict[tuple[str, int], Points] = {}
    for face in faces:
        track = face.clip, face.track
        reason = None if face.id in written else _reason(face, track in theirs, limits, last)
        if reason is not None:
            choice.skipped[face.id] = reason
            continue
        last[track] = _shape(face.landmarks) if limits.change else last.get(track, face.landmarks)
        if face.id not in written:
            taken.append(_candidate(face))
    room = len(taken) if limits.most is None else max(0, limits.most - len(written))
    best, surplus = _best(taken, room)
    choice.skipped |= dict.fromkeys((one.id for one in surplus), SURPLUS)
    for one in best:
        choice.wanted[one.clip, one.frame].append(one.id)
    return choice


def _reason(
    face: Face, theirs: bool, limits: Limits, last: Mapping[tuple[str, int], Points]
) -> str | None:
    """Why a face is left out, the gravest reason first."""
    if not is_face(face):
        return NO_FACE
    if not theirs:
        return OTHER
    if face.sharpness < limits.blur:
        return BLURRED
    if face.size < limits.size:
        return SMALL
    before = last.get((face.clip, face.track))
    return ALIKE if limits.change and before is not None and _alike(face, before, limits) else None


def _alike(face: Face, before: Points, limits: Limits) -> bool:
    moved = np.linalg.norm(_shape(face.landmarks) - before, axis=1).mean()
    return bool(100 * moved < limits.change)


def _shape(landmarks: Points) -> Points:
    """Pose and expression without place and size: the features in the template's unit."""
    return transform(landmarks[FITTED[0] :], to_template(landmarks))


def _candidate(face: Face) -> _Candidate:
    yaw = face.pose[0] if np.isfinite(face.pose[0]) else 0.0
    return _Candidate(face.id, face.clip, face.frame, round(yaw / YAW_BIN), face.sharpness)


def _best(taken: list[_Candidate], room: int) -> tuple[list[_Candidate], list[_Candidate]]:
    """The sharpest of each bin in turn, so that rare poses are not lost among the frontal ones."""
    bins: dict[int, list[_Candidate]] = defaultdict(list)
    for one in sorted(taken, key=lambda one: (-one.sharpness, one.id)):
        bins[one.bin].append(one)
    ranked = [(rank, number, one) for number, own in bins.items() for rank, one in enumerate(own)]
    ranked.sort(key=lambda item: item[:2])
    order = [one for _, _, one in ranked]
    return order[:room], order[room:]
