"""Is a zip of faces safe to read, and how are its faces and its journal read?

Zips may come from strangers. face_file.py reads a zip through `zipfile.Path` without unpacking it.
Before that, `check` makes sure that the zip is complete, that no path leads out of the folder, and
that no file grows beyond all measure (a zip bomb).
"""

import logging
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory

from faceswap_ae.common.errors import MediaError
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_file import ZIP_ERRORS, FaceEntry, zip_of
from faceswap_ae.faces.folders.journal import NAME, Journal

log = logging.getLogger(__name__)

SHRINKS = 100  # greatest compression ratio; a journal has five, a zip bomb a thousand
SMALL = 2**16  # bytes that any file may have, whatever its compression ratio


def check(path: Path) -> None:
    """Raise MediaError if a zip is damaged or not safe."""
    try:
        with zipfile.ZipFile(path) as zipped:
            members = zipped.infolist()
        size = path.stat().st_size
    except (*ZIP_ERRORS, OSError) as error:
        raise MediaError(f"{path}: not a zip, or cut off ({error}); copy it again") from error
    for member in members:
        wrong = _wrong(member)
        if wrong:
            raise MediaError(f"{path}: '{member.filename}' {wrong}")
    # Overlapping members are a zip bomb too.
    if sum(member.compress_size for member in members) > size:
        raise MediaError(f"{path}: its files lie over each other; do not trust it")


def _wrong(member: zipfile.ZipInfo) -> str:
    if any(one.anchor or ".." in one.parts for one in _read_as_paths(member.filename)):
        return "leads out of the folder; do not trust this zip"
    if member.header_offset < 0:
        return "lies before the zip's beginning; copy the zip again"
    if member.flag_bits & 1:
        return "needs a password; unzip it with another program"
    if member.file_size > SHRINKS * member.compress_size + SMALL:
        return "swells beyond measure; do not trust this zip"
    return ""


def _read_as_paths(name: str) -> tuple[PurePosixPath, PureWindowsPath]:
    return PurePosixPath(name), PureWindowsPath(name)


def entries(folder: Path) -> list[FaceEntry]:
    """Return all faces of a folder or of its zip; the zip is checked first."""
    if not folder.is_dir() and zip_of(folder).is_file():
        check(zip_of(folder))
    return face_file.entries(folder)


@contextmanager
def journal_of(folder: Path) -> Iterator[Journal]:
    """Yield the journal of a folder or of its zip, for reading only."""
    if folder.is_dir():
        yield Journal(folder)
        return
    with TemporaryDirectory() as place:
        with zipfile.ZipFile(zip_of(folder)) as zipped:
            if NAME in zipped.namelist():
                try:
                    with zipped.open(NAME) as inside, Path(place, NAME).open("wb") as out:
                        shutil.copyfileobj(inside, out)
                except (
                    ZIP_ERRORS
                ) as error:  # what came out by then is rows of a journal all the same
                    log.warning(
                        "%s: its journal is damaged (%s) and read as far as it goes", folder, error
                    )
        yield Journal(Path(place))
