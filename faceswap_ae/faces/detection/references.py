"""Which faces are the references of a known person: from the user's photos or a face folder?"""

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


def known_from_photos(paths: Iterable[Path], detectors: Detectors) -> KnownPerson | None:
    """Return the person that these photos show; the largest face of each photo counts."""
    return known_person([_of_photo(path, detectors) for path in paths])


def known_from_entries(
    entries: Sequence[face_file.FaceEntry], detectors: Detectors
) -> KnownPerson | None:
    """Return the person of these face files; None if no face is found."""
    return known_person(list(_described_ones(evenly_spaced(entries, MOST_REFERENCES), detectors)))


def _described_ones(
    entries: Iterable[face_file.FaceEntry], detectors: Detectors
) -> Iterator[Descriptor]:
    for entry in entries:
        if entry.stored is not None:
            yield entry.stored.face.descriptor
            continue
        try:
            yield _described(face_file.pixels(entry.place), str(entry.place), detectors)
        except UserError as error:  # a wrong picture in the folder must not stop the work
            log.warning("%s", error)


def _of_photo(path: Path, detectors: Detectors) -> Descriptor:
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a photo in it")
    stored = face_file.read(path) if path.is_file() else None
    return stored.face.descriptor if stored else _described(images.read(path), str(path), detectors)


def _described(image: Image, name: str, detectors: Detectors) -> Descriptor:
    sights = detectors.finder(picture=True)([image], True)[0]
    if not sights:
        raise UserError(f"{name}: no face found in it; take a clear photo of one person, upright")
    largest = max(sights, key=lambda sight: sight.square.side)
    return describe_one(image, largest.landmarks)
