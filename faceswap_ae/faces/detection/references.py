"""By which faces is somebody known? Those of photos that the user gives, or those in a folder."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.faces.detection.recogniser import describe_one
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.identities import MOST_REFERENCES, KnownPerson, known_person
from faceswap_ae.faces.record import Descriptor
from faceswap_ae.media import images

log = logging.getLogger(__name__)


def known_from_photos(paths: Iterable[Path], eyes: Detectors) -> KnownPerson | None:
    """Whoever these photos show: each one's largest face."""
    return known_person([_of_photo(path, eyes) for path in paths])


def known_from_entries(
    entries: Sequence[face_file.FaceEntry], eyes: Detectors
) -> KnownPerson | None:
    """Whoever's faces these are; None where there are none."""
    return known_person(list(_described_ones(evenly_spaced(entries, MOST_REFERENCES), eyes)))


def _described_ones(
    entries: Iterable[face_file.FaceEntry], eyes: Detectors
) -> Iterator[Descriptor]:
    for entry in entries:
        if entry.stored is not None:
            yield entry.stored.face.descriptor
            continue
        try:
            yield _described(face_file.pixels(entry.place), str(entry.place), eyes)
        except UserError as error:  # a stray picture must not stop the work
            log.warning("%s", error)


def _of_photo(path: Path, eyes: Detectors) -> Descriptor:
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a photo in it")
    stored = face_file.read(path) if path.is_file() else None
    return stored.face.descriptor if stored else _described(images.read(path), str(path), eyes)


def _described(image: Image, name: str, eyes: Detectors) -> Descriptor:
    sights = eyes.finder(picture=True)([image], True)[0]
    if not sights:
        raise UserError(f"{name}: no face found in it; take a clear photo of one person, upright")
    largest = max(sights, key=lambda sight: sight.square.side)
    return describe_one(image, largest.landmarks)
