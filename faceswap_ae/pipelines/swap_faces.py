"""Whose faces does a swap use, and how are they found?"""

import logging
from pathlib import Path

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.progress import Progress
from faceswap_ae.common.quantities import format_count
from faceswap_ae.extraction import extractor
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.folders.face_file import pictures
from faceswap_ae.faces.folders.journal import fingerprint

LIKE = "like.txt"  # fingerprints of the photos of the person whose face is wanted

log = logging.getLogger(__name__)


def check_photos(like: tuple[Path, ...]) -> None:
    """Raise UserError if a photo is not there."""
    for photo in like:
        if not photo.is_file():
            raise UserError(f"{photo}: no such file; name a photo with --like")


def keep_choice(work: Path, folder: Path, like: tuple[Path, ...]) -> None:
    """Write down in the work folder whom the photos in `like` show.

    Raises UserError if the folder's faces were chosen otherwise: two people in one folder would be
    mixed in every face.
    """
    mark, place = "\n".join(sorted(map(fingerprint, like))), work / LIKE
    before = place.read_text(encoding="utf-8") if place.is_file() else ""
    if before != mark and folder.is_dir() and pictures(folder):
        why = "holds the faces of whom an earlier call chose, by another --like or none"
        raise UserError(f"{folder}: {why}; remove it, or name another output")
    if like or before:
        write_text(place, mark)


def fill_folder(clip: Path, folder: Path, progress: Progress, like: tuple[Path, ...]) -> int:
    """Fill a face folder; return how many faces it has. Raises UserError if it has none."""
    options = ExtractOptions(folder.parent, like=like)
    found = extractor.extract([clip], folder.name, options, progress)
    count = len(pictures(folder)) if folder.is_dir() else 0
    if not count:
        raise UserError(
            f"{clip}: shows 0 usable faces; choose one in which a face is large and lit"
        )
    new = sum(found.written.values())
    log.info("extract %s: %s, %d of them new", folder.name, format_count(count, "face"), new)
    return count
