"""Which tracks show the same person, and is it one that we know?

Tracks are grouped into people by all of their descriptors (linkage.py); then each of these people
is compared, by their mean, with the people who are known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.faces.clustering import Clusters, cluster_numbers
from faceswap_ae.faces.record import DESCRIPTOR, Descriptor, Face

# Over 16 synthetic people, no face was farther than .42 from its own person, and a hundredth of
# others' was nearer. Means of one person were .17 apart at most, of two .34 at least, .53 mostly.
LIKE = 0.45  # distance of a mean to a known person's nearest faces, up to which it is them
NEAREST = 3  # faces that are compared with
MOST_REFERENCES = 256  # faces that a person is known by

TrackKey = tuple[str, int]  # clip, track
T = TypeVar("T")


@dataclass
class TrackTally:
    """What is remembered of a track, however long."""

    total: Doubles = field(default_factory=lambda: np.zeros(DESCRIPTOR))
    squares: float = 0.0
    count: int = 0

    def add(self, face: Face) -> None:
        """One more face."""
        self.total += face.descriptor
        self.squares += float(face.descriptor @ face.descriptor)
        self.count += 1


@dataclass(frozen=True, eq=False)
class KnownPerson:
    """A person by some of their faces."""

    references: NDArray[np.float32]  # (n, 128)

    def distance(self, descriptor: NDArray[np.floating]) -> float:
        """From the nearest few of them."""
        distances = np.linalg.norm(self.references - descriptor, axis=1)
        return float(np.sort(distances)[:NEAREST].mean())


@dataclass(frozen=True)
class PeopleSplit:
    """Tracks by person: those of each known one, and the groups that are nobody known."""

    known: list[set[TrackKey]]
    unknown: list[set[TrackKey]]  # who is seen most first


def known_person(descriptors: Sequence[Descriptor]) -> KnownPerson | None:
    """A person by these descriptors, evenly chosen where they are many; None for none."""
    return (
        KnownPerson(np.stack(evenly_spaced(descriptors, MOST_REFERENCES))) if descriptors else None
    )


def tally_tracks(faces: Iterable[Face]) -> dict[TrackKey, TrackTally]:
    """The tracks of faces that pass by, one at a time."""
    tracks: dict[TrackKey, TrackTally] = {}
    for face in faces:
        tracks.setdefault((face.clip, face.track), TrackTally()).add(face)
    return tracks


def split_people(
    tracks: Mapping[TrackKey, TrackTally], known: Sequence[KnownPerson | None]
) -> PeopleSplit:
    """Whose track is whose."""
    people = PeopleSplit([set() for _ in known], [])
    if not tracks:
        return people
    knots, keys = _knots(tracks.values()), list(tracks)
    numbers = cluster_numbers(knots)
    tied = knots.tied(numbers)
    for person in np.argsort(-tied.count, kind="stable"):
        own = {keys[place] for place in np.flatnonzero(numbers == person)}
        near = _nearest(tied.mean[person], known)
        if near is None:
            people.unknown.append(own)
        else:
            people.known[near] |= own
    return people


def _knots(tracks: Iterable[TrackTally]) -> Clusters:
    tallies = list(tracks)
    count = np.array([tally.count for tally in tallies], np.float64)
    mean = np.stack([tally.total for tally in tallies]) / count[:, None]
    squares = np.array([tally.squares for tally in tallies]) / count
    return Clusters(count, mean, np.maximum(squares - (mean**2).sum(axis=1), 0))


def _nearest(mean: Doubles, known: Sequence[KnownPerson | None]) -> int | None:
    """Which known person it is, if any."""
    distances = [np.inf if one is None else one.distance(mean) for one in known]
    nearest = min(range(len(distances)), key=distances.__getitem__, default=None)
    return nearest if nearest is not None and distances[nearest] <= LIKE else None
