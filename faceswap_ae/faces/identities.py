"""Which tracks show the same person (identity), and is this person already known?

Tracks are clustered into people by all their descriptors (clustering.py). Then the mean descriptor
of each of these people is compared with the reference descriptors of the known people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.faces.clustering import Clusters, cluster_numbers
from faceswap_ae.faces.record import DESCRIPTOR, Descriptor, Face

# Measured on 16 synthetic people: no face is farther than 0.42 from its own person, and 1 % of
# other people's faces are nearer than that. Means of one person are at most 0.17 apart. Means of
# two people are at least 0.34 apart, and mostly 0.53.
LIKE = 0.45  # greatest distance of a mean to a known person's nearest faces, to be that person
NEAREST = 3  # reference faces in that comparison
MOST_REFERENCES = 256  # reference faces that are kept of a person

TrackKey = tuple[str, int]  # clip, track


@dataclass
class TrackTally:
    """Running sums over the descriptors of a track: the memory does not grow with its length."""

    total: Doubles = field(default_factory=lambda: np.zeros(DESCRIPTOR))
    squares: float = 0.0
    size: float = 0.0  # pixels: of all its faces together
    count: int = 0

    def add(self, face: Face) -> None:
        """Add one more face."""
        self.total += face.descriptor
        self.squares += float(face.descriptor @ face.descriptor)
        self.size += face.size
        self.count += 1


@dataclass(frozen=True, eq=False)
class KnownPerson:
    """A person, represented by the descriptors of some of their faces (the references)."""

    references: NDArray[np.float32]  # (n, 128)

    def distance(self, descriptor: NDArray[np.floating]) -> float:
        """Return the mean distance from a descriptor to its `NEAREST` nearest references."""
        distances = np.linalg.norm(self.references - descriptor, axis=1)
        return float(np.sort(distances)[:NEAREST].mean())


@dataclass(frozen=True)
class PeopleSplit:
    """The tracks of each known person, and the groups of tracks of people who are not known."""

    known: list[set[TrackKey]]
    unknown: list[set[TrackKey]]  # the person with the most faces first


def known_person(descriptors: Sequence[Descriptor]) -> KnownPerson | None:
    """Return a person with these references, evenly chosen if there are too many; None for none."""
    return (
        KnownPerson(np.stack(evenly_spaced(descriptors, MOST_REFERENCES))) if descriptors else None
    )


def tally_tracks(faces: Iterable[Face]) -> dict[TrackKey, TrackTally]:
    """Collect the sums of each track from a stream of faces."""
    tracks: dict[TrackKey, TrackTally] = {}
    for face in faces:
        tracks.setdefault((face.clip, face.track), TrackTally()).add(face)
    return tracks


def split_people(
    tracks: Mapping[TrackKey, TrackTally], known: Sequence[KnownPerson | None]
) -> PeopleSplit:
    """Assign each track to a known person, or to a group of tracks of one unknown person.

    Of people who are seen equally often, as in a photo, the larger comes first.
    """
    people = PeopleSplit([set() for _ in known], [])
    if not tracks:
        return people
    knots, keys = _knots(tracks.values()), list(tracks)
    numbers = cluster_numbers(knots)
    tied = knots.tied(numbers)
    sizes = np.bincount(numbers, [tally.size for tally in tracks.values()], len(tied.count))
    for person in np.lexsort((-sizes, -tied.count)):
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
    """Return the number of the known person with this mean, or None if nobody is near enough."""
    distances = [np.inf if one is None else one.distance(mean) for one in known]
    nearest = min(range(len(distances)), key=distances.__getitem__, default=None)
    return nearest if nearest is not None and distances[nearest] <= LIKE else None
