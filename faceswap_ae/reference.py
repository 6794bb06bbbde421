"""By which faces is somebody known? Those of photos that the user gives, or those in a folder."""

from collections.abc import Iterable
from pathlib import Path

from faceswap_ae import faces, images
from faceswap_ae.describing import describe_one
from faceswap_ae.errors import UserError
from faceswap_ae.face import Descriptor
from faceswap_ae.finding import Eyes
from faceswap_ae.geometry import Image
from faceswap_ae.people import Known, known_by


def of_photos(paths: Iterable[Path], eyes: Eyes) -> Known | None:
    """Whoever these photos show: each one's largest face."""
    return known_by([_of_photo(path, eyes) for path in paths])


def of_folder(folder: Path, eyes: Eyes) -> Known | None:
    """Whoever's faces are in a folder; None where there is none yet."""
    if not folder.is_dir():
        return None
    return known_by([_of_entry(entry, eyes) for entry in faces.entries(folder)])


def _of_entry(entry: faces.Entry, eyes: Eyes) -> Descriptor:
    if entry.stored is not None:
        return entry.stored.face.descriptor
    return _described(faces.pixels(entry.place), str(entry.place), eyes)


def _of_photo(path: Path, eyes: Eyes) -> Descriptor:
    stored = faces.read(path) if path.is_file() else None
    return stored.face.descriptor if stored else _described(images.read(path), str(path), eyes)


def _described(image: Image, name: str, eyes: Eyes) -> Descriptor:
    sights = eyes.finder(picture=True)([image], True)[0]
    if not sights:
        raise UserError(f"{name}: no face found in it; take a clear photo of one person, upright")
    largest = max(sights, key=lambda sight: sight.square.side)
    return describe_one(image, largest.landmarks)
