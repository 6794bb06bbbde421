"""Whose face stands in for a person who must not be recognised?

It is the face of somebody who does not exist. Several are tried in some frames of the person: the
one who is least like the person there is taken. Their colours are those of the frame, so skin stays
as it was. The same person gets the same face in all clips of a batch. Who got which is known only
in memory, and in a table if one is asked for.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.progress import no_progress
from faceswap_ae.extraction import extractor
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.identities import LIKE, KnownPerson, known_person
from faceswap_ae.faces.record import DESCRIPTOR, Descriptor
from faceswap_ae.media import images
from faceswap_ae.media.inputs import safe_stem
from faceswap_ae.synthetic.photo import portrait, portraits

FIRST, MANY = 1000, 32  # the imaginary people who are asked
TRIED = 16  # of them, who are tried in the person's place
UNLIKE = 0.68  # distance of a new face that is surely enough
KEPT = 32  # descriptors of a person that the table keeps
DRAWN = "stand-ins-2"  # in the local cache; the number goes up when they are drawn otherwise
VERSION = 1

Tried = Callable[[Path], float]  # how far from a person the new faces of a folder are


@dataclass(frozen=True, eq=False)
class Known:
    """A person of the batch, and who stands in."""

    person: KnownPerson
    name: str


@dataclass(eq=False)
class StandIns:
    """Chooses who stands in, and knows where their pictures are."""

    work: Path  # for pictures of portraits that the user gave
    given: Path | None = None  # a portrait that stands in for everybody
    table: Path | None = None
    people: list[Known] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.table is not None and self.table.is_file():
            self.people = _read(self.table)

    def number(self, person: KnownPerson, tried: Tried) -> int:
        """Return the number of a person in the batch, who gets a stand-in at the first meeting."""
        middle = person.references.mean(axis=0)
        distances = [one.person.distance(middle) for one in self.people]
        if distances and min(distances) <= LIKE:
            return int(np.argmin(distances))
        self.people.append(Known(person, self._chosen(middle, tried)))
        if self.table is not None:
            write_text(self.table, _as_json(self.people))
        return len(self.people) - 1

    def folder(self, number: int) -> Path:
        """Return the face folder of who stands in for a person; it is made when first needed."""
        if (given := self.given) is not None:
            return _filled(self.work / "given" / safe_stem(given.stem), lambda: [given])
        name = self.people[number].name
        return _imaginary("faces", name, lambda: portraits(name))

    def _chosen(self, middle: Descriptor, tried: Tried) -> str:
        """Return who is least like the person when seen in the person's place."""
        if self.given is not None:
            return self.given.stem
        taken = {one.name for one in self.people}
        every = [f"random:{number}" for number in range(FIRST, FIRST + MANY)]
        free = [name for name in every if name not in taken] or every
        asked = {name: _asked(name) for name in free}
        apart = {
            name: float(np.linalg.norm(_descriptor(folder) - middle))
            for name, folder in asked.items()
        }
        found: dict[str, float] = {}
        for name in sorted(apart, key=apart.__getitem__, reverse=True)[:TRIED]:
            found[name] = tried(asked[name])
            if found[name] >= UNLIKE:
                break
        return max(found, key=found.__getitem__)


def _asked(name: str) -> Path:
    """Return a face folder with one portrait of somebody."""
    return _imaginary("asked", name, lambda: [portrait(name)])


def _imaginary(kind: str, name: str, drawn: Callable[[], list[Image]]) -> Path:
    """Return the face folder of somebody who does not exist; it is kept from call to call."""
    plain = safe_stem(name.replace(":", "-"))
    home = cache_dir() / DRAWN

    def shown() -> list[Path]:
        places = []
        for number, image in enumerate(drawn()):
            place = home / f"{kind}-portraits" / f"{plain}-{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            images.write(place, image)
            places.append(place)
        return places

    return _filled(home / kind / plain, shown)


def _filled(folder: Path, shown: Callable[[], Sequence[Path]]) -> Path:
    """Fill a face folder, unless it is."""
    if not _has_faces(folder):
        photos = shown()
        extractor.extract(photos, folder.name, ExtractOptions(folder.parent), no_progress)
        if not _has_faces(folder):
            raise UserError(f"{photos[0]}: no face found in it that is large and clear enough")
    return folder


def _has_faces(folder: Path) -> bool:
    return folder.is_dir() and bool(face_file.pictures(folder))


def _descriptor(folder: Path) -> Descriptor:
    stored = next(entry.stored for entry in face_file.entries(folder) if entry.stored is not None)
    return stored.face.descriptor


def _as_json(people: Sequence[Known]) -> str:
    rows = [
        {"name": one.name, "descriptors": one.person.references[:KEPT].round(5).tolist()}
        for one in people
    ]
    return json.dumps({"version": VERSION, "people": rows}) + "\n"


def _read(table: Path) -> list[Known]:
    try:
        people = []
        for row in JsonFields.read(table).objects("people"):
            descriptors = [np.array(one, np.float32) for one in row.items("descriptors")]
            person = known_person(descriptors)
            sound = (one.shape == (DESCRIPTOR,) and np.isfinite(one).all() for one in descriptors)
            if person is None or not all(sound):
                raise ValueError("people without descriptors")
            people.append(Known(person, row.text("name")))
    except (OSError, ValueError, TypeError) as error:
        why = f"{table}: is no table of anonymise ({error})"
        raise UserError(f"{why}; name another file with --table") from error
    return people
