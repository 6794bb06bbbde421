"""How far is each person of an anonymous clip from being recognised (re-identification)?

It is counted for each person and each frame: how far the new face is from the person who was there,
and whether of all people of the batch that person is still the nearest. Only numbers are kept, and
none from which a face or a descriptor of a person could be computed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.conversion.anonymiser import COVERED, AnonymousClip
from faceswap_ae.conversion.second_look import ALIKE, Compared, SecondLook
from faceswap_ae.media.span import WHOLE

LISTED = 24  # faces that the report's head lists, the worst first
DIGITS = 4  # of a distance


@dataclass(frozen=True)
class HiddenPerson:
    """A person of a clip, and how well the clip hides them."""

    person: int
    frames: int  # in which the person was found
    swapped: int  # frames with another face that is not covered
    covered: int  # frames with a cover, also those just before and after the person was found
    compared: tuple[Compared, ...] = ()  # the new faces, in the order of frames

    @property
    def distances(self) -> Doubles:
        """Return how far the new faces are from the person."""
        return np.array([one.distance for one in self.compared])

    def to_json(self) -> dict[str, Any]:
        """Return the person's figures as the report has them."""
        return {
            "person": self.person,
            "frames": self.frames,
            "swapped": self.swapped,
            COVERED: self.covered,
            "compared": len(self.compared),
            **identity_figures(self.compared),
        }


@dataclass(frozen=True)
class AnonymisedClip:
    """What became of one clip."""

    clip: Path
    output: Path
    published: bool
    frames: int
    swapped: int  # frames with another face
    covered: int  # frames with a covered place
    each_person: tuple[HiddenPerson, ...] = ()
    among: int = 0  # people of the batch with whom new faces were compared
    doubt: tuple[int, ...] = ()  # frames that may still show somebody
    seconds: float = 0.0

    @property
    def people(self) -> int:
        """Return how many people the clip shows."""
        return len(self.each_person)

    @property
    def worst(self) -> list[Compared]:
        """Return all new faces, the one that is most like its person first."""
        every = (one for person in self.each_person for one in person.compared)
        return sorted(every, key=lambda one: (one.distance, one.frame))

    @property
    def unlike(self) -> float | None:
        """Return the share of new faces that are not recognised as the person who was there."""
        share: float | None = identity_figures(self.worst)["unlike_share"]
        return share

    def to_json(self) -> dict[str, Any]:
        """Return the head of the report."""
        return {
            "clip": self.clip.name,
            "output": self.output.name,
            "published": self.published,
            "frames": self.frames,
            "swapped": self.swapped,
            COVERED: self.covered,
            "people": self.people,
            "doubt": list(self.doubt),
            **identity_figures(self.worst),
            "compared_with": self.among,
            "seconds": round(self.seconds, 1),
            "each_person": [person.to_json() for person in self.each_person],
            "worst": [{"frame": one.frame, **_compared(one)} for one in self.worst[:LISTED]],
        }


def identity_figures(compared: Sequence[Compared]) -> dict[str, float | None]:
    """Return the distances of some new faces, and how many still lead to their person."""
    if not compared:
        names = ("unlike_share", "least_distance", "median_distance", "retrieved")
        return dict.fromkeys(names)
    distances = np.array([one.distance for one in compared])
    return {
        "unlike_share": float((distances > ALIKE).mean()),
        "least_distance": round(float(distances.min()), DIGITS),
        "median_distance": round(float(np.median(distances)), DIGITS),
        "retrieved": float(np.mean([one.nearest == one.person for one in compared])),
    }


def hidden_people(one: AnonymousClip, seen: SecondLook) -> tuple[HiddenPerson, ...]:
    """Return how well a clip hides each of its people, by the last look over it."""
    owner = {track: number for number, own in enumerate(one.people) for track in own.tracks}
    found, swapped, covered = (defaultdict[int, set[int]](set) for _ in range(3))
    for face in one.found.faces(WHOLE):
        if face.track in owner:
            found[owner[face.track]].add(face.frame)
    for frame in range(one.clip.count):
        hidden = {place.track for place in one.covers.at(frame)}
        for track in hidden & owner.keys():
            covered[owner[track]].add(frame)
        for place in one.where.at(frame):
            if place.track not in hidden:
                swapped[owner[place.track]].add(frame)
    return tuple(
        HiddenPerson(
            number,
            len(found[number]),
            len(swapped[number]),
            len(covered[number]),
            tuple(row for row in seen.compared if row.person == number),
        )
        for number in range(len(one.people))
    )


def with_compared(
    rows: Iterable[Mapping[str, Any]], compared: Iterable[Compared]
) -> Iterator[dict[str, Any]]:
    """Add to the rows of a report what its new faces were compared with."""
    by_frame = defaultdict[int, list[dict[str, Any]]](list)
    for one in sorted(compared, key=lambda one: one.distance):
        by_frame[one.frame].append(_compared(one))
    for row in rows:
        own = by_frame.get(row["frame"])
        yield {**row, "compared": own} if own else dict(row)


def _compared(one: Compared) -> dict[str, Any]:
    return {
        "person": one.person,
        "distance": round(one.distance, DIGITS),
        "nearest": one.nearest,
    }
