"""How is a face stored as a PNG with metadata, and which faces are in a folder or a zip?

A face is one PNG: an aligned, lossless crop, with all face data (record.py) in an iTXt chunk. No
other file depends on its name, so the user may rename, move and copy the files. Beside `name.png`
there may be `name.mask.png`, a mask painted by hand. It has priority over any computed mask.
"""

import json
import logging
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.beside import beside
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Image, warp
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.common.limits import read_whole
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.record import Face, StoredFace, stored_from_json, stored_to_json
from faceswap_ae.media import images, png

KEYWORD = "faceswap_ae"
SIZE = 512  # pixels a side
MASK = ".mask.png"

Place = Path | zipfile.Path

# Of a member: another checksum, a torn stream, a way of packing that is not known, a password.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FaceEntry:
    """A picture in a folder or a zip; `stored` is None if it carries no face data."""

    place: Place
    stored: StoredFace | None

    @property
    def name(self) -> str:
        return self.place.name


def write(path: Path, image: Image, face: Face, crop: str = "whole", size: int = SIZE) -> None:
    """Cut a face out of its frame and write it as a PNG."""
    matrix = matrix_of(face.landmarks, crop, size)
    write_crop(path, warp(image, matrix, (size, size)), StoredFace(face, crop, matrix))


def write_crop(path: Path, crop: Image, stored: StoredFace) -> None:
    """Write an aligned face with its face data, as a complete file or not at all."""
    story = json.dumps(stored_to_json(stored), separators=(",", ":"))
    with replacing(path) as part:
        part.write_bytes(png.encode(crop, {KEYWORD: story}))


def read(place: Place) -> StoredFace | None:
    """Return the face data in a picture, or None if it has none. The pixels are not decoded."""
    with _explaining(place), place.open("rb") as file:
        story = png.read_text(file, KEYWORD)
    if story is None:
        return None
    try:
        return stored_from_json(JsonFields.parse(story))
    except UserError as error:
        raise MediaError(f"{place}: {error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        damage = f"its face data is damaged ({error})"
        raise MediaError(f"{place}: {damage}; remove it, or copy it again") from error


def pixels(place: Place) -> Image:
    """Return the pixels of a picture."""
    with _explaining(place), place.open("rb") as file:
        return images.read(file, str(place))


def contents(place: Place) -> bytes:
    """Return the bytes of a file that may be inside a zip."""
    with _explaining(place):
        return read_whole(place) if isinstance(place, Path) else place.read_bytes()


@contextmanager
def _explaining(place: Place) -> Iterator[None]:
    """Turn the errors of a file that cannot be read, in a zip too, into a MediaError."""
    try:
        yield
    except ZIP_ERRORS as error:
        raise MediaError(f"{place}: is damaged in its zip ({error}); copy it again") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise MediaError(f"{place}: cannot be read ({why}); is it yours to read?") from error


def mask(place: Place) -> Image | None:
    """Return the mask painted for a face, (h, w) in 0..255, or None if there is none."""
    painted = mask_place(place)
    return pixels(painted)[..., 0] if painted.exists() else None


def mask_place(place: Place) -> Place:
    """Return the path for a face's painted mask."""
    name = f"{Path(place.name).stem}{MASK}"
    if isinstance(place, Path):
        return place.with_name(name)
    return zipfile.Path(place.root, place.at.removesuffix(place.name) + name)


def entries(folder: Path) -> list[FaceEntry]:
    """Return all pictures of a face folder or of its zip, by name; damaged ones cause a warning."""
    found: list[FaceEntry] = []
    for place in pictures(folder):
        try:
            found.append(FaceEntry(place, read(place)))
        except UserError as error:
            log.warning("%s", error)
    return found


def pictures(folder: Path) -> list[Place]:
    """Return the paths of all pictures, by name, without masks and hidden files."""
    inside = _inside(folder).iterdir()
    found = [place for place in inside if _is_face(place.name) and place.is_file()]
    return sorted(found, key=lambda place: place.name)


def _is_face(name: str) -> bool:
    is_picture = Path(name).suffix.lower() in images.READABLE
    return is_picture and not name.startswith(".") and not name.endswith(MASK)


def zip_of(folder: Path) -> Path:
    """Return the path of a face folder's zip."""
    return folder if folder.suffix == ".zip" else beside(folder, after=".zip")


def _inside(folder: Path) -> Place:
    """Return a face folder, or the root inside its zip: `ada`, `ada.zip`."""
    if folder.is_dir():
        return folder
    packed = zip_of(folder)
    if not packed.exists():
        raise UserError(f"{folder}: no such face folder; fill it with faceswap-ae extract")
    try:
        return zipfile.Path(packed)
    except zipfile.BadZipFile as error:
        raise UserError(f"{packed}: not a zip, or cut off; pack or copy it again") from error
