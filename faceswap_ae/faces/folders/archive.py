"""Is a zip of faces safe to read, and what does its journal say?

Zips come from strangers. faces.py reads one through `zipfile.Path` without unpacking it; `check`
says first whether it is whole, stays in its place and does not swell beyond measure.
"""

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory

from faceswap_ae.common.errors import MediaError
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_file import FaceEntry, Place
from faceswap_ae.faces.folders.face_folder import zip_of
from faceswap_ae.faces.folders.journal import NAME, Journal

SHRINKS = 100  # times; a journal shrinks by five, a bomb by a thousand
SMALL = 2**16  # bytes that any file may become


def check(path: Path) -> None:
    """Refuse a zip that is damaged or that nobody should trust."""
    try:
        with zipfile.ZipFile(path) as zipped:
            members = zipped.infolist()
        size = path.stat().st_size
    except (zipfile.BadZipFile, OSError) as error:
        raise MediaError(f"{path}: not a zip, or cut off ({error}); copy it again") from error
    for member in members:
        wrong = _wrong(member)
        if wrong:
            raise MediaError(f"{path}: '{member.filename}' {wrong}")
    # Members that lie over each other are a bomb as well.
    if sum(member.compress_size for member in members) > size:
        raise MediaError(f"{path}: its files lie over each other; do not trust it")


def _wrong(member: zipfile.ZipInfo) -> str:
    if any(one.anchor or ".." in one.parts for one in _read_as_paths(member.filename)):
        return "leads out of the folder; do not trust this zip"
    if member.flag_bits & 1:
        return "needs a password; unzip it with another program"
    if member.file_size > SHRINKS * member.compress_size + SMALL:
        return "swells beyond measure; do not trust this zip"
    return ""


def _read_as_paths(name: str) -> tuple[PurePosixPath, PureWindowsPath]:
    return PurePosixPath(name), PureWindowsPath(name)


def entries(folder: Path) -> list[FaceEntry]:
    """Every face of a folder, or of a zip that is safe."""
    if not folder.is_dir() and zip_of(folder).is_file():
        check(zip_of(folder))
    return face_file.entries(folder)


def contents(place: Place) -> bytes:
    """All of a file that may lie in a zip."""
    try:
        return place.read_bytes()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise MediaError(f"{place}: is damaged in its zip ({error}); copy it again") from error


@contextmanager
def journal_of(folder: Path) -> Iterator[Journal]:
    """The journal of a folder or of its zip, to be read."""
    if folder.is_dir():
        yield Journal(folder)
        return
    with TemporaryDirectory() as place:
        with zipfile.ZipFile(zip_of(folder)) as zipped:
            if NAME in zipped.namelist():
                with zipped.open(NAME) as inside, Path(place, NAME).open("wb") as out:
                    shutil.copyfileobj(inside, out)
        yield Journal(Path(place))
