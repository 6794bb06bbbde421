"""Which faces of a folder belong together: one person's, one track's, one clip's?

For people, tracks are not asked: imported faces have none, and a track may have gone over to
somebody else.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from faceswap_ae.errors import UserError, unknown
from faceswap_ae.face import Face
from faceswap_ae.faces import Entry
from faceswap_ae.linkage import singles, whose
from faceswap_ae.sorting import descriptors


@dataclass(frozen=True, eq=False)
class Group:
    """Faces that belong together, and what they have in common."""

    what: str
    entries: list[Entry]


def grouped(entries: Sequence[Entry], by: str) -> list[Group]:
    """The groups, the largest first; pictures without a story belong to none."""
    if by not in GROUPINGS:
        raise UserError(f"--by: {unknown('way to split', by, GROUPINGS)}")
    groups = GROUPINGS[by]([entry for entry in entries if entry.stored])
    return sorted(groups, key=lambda group: -len(group.entries))


def _by_person(entries: Sequence[Entry]) -> list[Group]:
    numbers = whose(singles(descriptors(entries))) if entries else np.zeros(0, int)
    members = [np.flatnonzero(numbers == one).tolist() for one in np.unique(numbers)]
    return [Group("a person", [entries[place] for place in places]) for places in members]


def _by_track(entries: Sequence[Entry]) -> list[Group]:
    groups = _keyed(entries, lambda face: (face.clip, face.track))
    return [Group(f"{_first(one).source}, track {_first(one).track}", one) for one in groups]


def _by_source(entries: Sequence[Entry]) -> list[Group]:
    return [Group(_first(one).source, one) for one in _keyed(entries, lambda face: face.clip)]


def _keyed(entries: Sequence[Entry], key: Callable[[Face], Hashable]) -> list[list[Entry]]:
    found: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        if entry.stored:
            found.setdefault(key(entry.stored.face), []).append(entry)
    return list(found.values())


def _first(entries: Sequence[Entry]) -> Face:
    stored = entries[0].stored
    assert stored
    return stored.face


GROUPINGS: dict[str, Callable[[Sequence[Entry]], list[Group]]] = {
    "person": _by_person,
    "track": _by_track,
    "source": _by_source,
}
