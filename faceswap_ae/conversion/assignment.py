"""Who in a clip gets whose face?

Tracks are judged as a whole, so that one uncertain frame does not flicker: first they are grouped
into people, then each of these is compared with the people of the runs (people.py).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.alignment import is_face
from faceswap_ae.faces.detection.references import known_from_photos
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.identities import (
    LIKE,
    KnownPerson,
    PeopleSplit,
    TrackKey,
    TrackTally,
    split_people,
    tally_tracks,
)
from faceswap_ae.faces.record import Face

OTHER, SPARED, NOT_ASKED = "another person", "like a photo of --not", "not among --only"
NO_FACE, DROPPED, OUTSIDE = "no face", "dropped by hand", "outside of --frames"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SwapRequest:
    """What the user said of who is swapped; else it is whoever the runs know."""

    everyone: bool = False
    only: tuple[int, ...] = ()  # tracks
    spared: tuple[Path, ...] = ()  # photos of people who are not

    def __post_init__(self) -> None:
        if self.everyone and self.only:
            raise UserError("--everyone and --only: say one of them")


@dataclass(frozen=True)
class RunRole:
    """A run as far as assignment needs it: a name, and descriptors of the replaced person."""

    name: str
    known: KnownPerson | None
    anyone: bool = False  # whoever is seen most is meant


@dataclass(frozen=True)
class Assignment:
    """Whose face each track gets, by the run's number, or why none."""

    roles: Mapping[int, int]
    why: Mapping[int, str] = field(default_factory=dict)


def assign_faces(
    faces: Iterable[Face], roles: Sequence[RunRole], wanted: SwapRequest, detectors: Detectors
) -> Assignment:
    """Give the tracks of a clip their roles. Raises UserError where nobody gets one."""
    tracks = tally_tracks(face for face in faces if is_face(face))
    if not tracks:
        raise UserError("shows no face; try --detector cnn")
    people = split_people(tracks, [role.known for role in roles])
    _guess(people, roles, tracks)
    found = _found(people, wanted, tracks, _spared(wanted, tracks, detectors))
    if not found.roles:
        raise UserError(_nobody(roles, wanted, tracks, found))
    _warn_of_unmet(roles, wanted, found)
    return found


def _spared(
    wanted: SwapRequest, tracks: Mapping[TrackKey, TrackTally], detectors: Detectors
) -> set[int]:
    """The tracks of whoever photos show, whoever else they are."""
    photos = [known_from_photos([photo], detectors) for photo in wanted.spared]
    return {track for group in split_people(tracks, photos).known for _, track in group}


def _warn_of_unmet(roles: Sequence[RunRole], wanted: SwapRequest, found: Assignment) -> None:
    for number, role in enumerate(roles):
        if number not in found.roles.values():
            log.warning("%s: is not seen, so one run has nothing to do", role.name)
    for track in set(wanted.only) - found.roles.keys():
        log.warning("--only %d: is no track of this clip, or spared", track)


def _guess(
    people: PeopleSplit, roles: Sequence[RunRole], tracks: Mapping[TrackKey, TrackTally]
) -> None:
    """Whoever is seen most is meant where nobody is known."""
    for number, role in enumerate(roles):
        if role.known is None and people.unknown:
            if not role.anyone:
                told = "does not tell whom it knows, so whoever is seen most is swapped"
                log.warning("%s: %s", role.name, told)
            often = max(people.unknown, key=lambda group: sum(tracks[key].count for key in group))
            people.unknown.remove(often)
            people.known[number] |= often


def _found(
    people: PeopleSplit,
    wanted: SwapRequest,
    tracks: Mapping[TrackKey, TrackTally],
    spared: set[int],
) -> Assignment:
    own = {track: run for run, group in enumerate(people.known) for _, track in group}
    given: dict[int, int] = {}
    why: dict[int, str] = {}
    for _, track in tracks:
        if track in spared:
            why[track] = SPARED
        elif wanted.only and track not in wanted.only:
            why[track] = NOT_ASKED
        elif wanted.only or wanted.everyone or track in own:
            given[track] = own.get(track, 0)
        else:
            why[track] = OTHER
    return Assignment(given, why)


def _nobody(
    roles: Sequence[RunRole],
    wanted: SwapRequest,
    tracks: Mapping[TrackKey, TrackTally],
    found: Assignment,
) -> str:
    if SPARED in found.why.values() and OTHER not in found.why.values():
        return "shows nobody to swap: who is there is spared by --not"
    if wanted.only:
        there = ", ".join(str(track) for _, track in sorted(tracks))
        return f"has no track {', '.join(map(str, wanted.only))}; there are {there}"
    names = " or ".join(role.name for role in roles)
    means = [tally.total / tally.count for tally in tracks.values()]
    known = [role.known for role in roles if role.known is not None]
    nearest = min((one.distance(mean) for one in known for mean in means), default=np.inf)
    told = f"shows nobody like {names} (the nearest is {nearest:.2f} away, alike is {LIKE})"
    return f"{told}; --everyone swaps whoever is there, --only TRACK one of them"
