"""How is a face folder packed into one zip, and unpacked into a folder again?

PNGs cannot be compressed further, so the zip stores them as they are. The journal and the masks are
packed too, the dropped faces are not. Nothing is deleted: packing leaves the folder in place, and
unpacking leaves the zip.
"""

import zipfile
from pathlib import Path

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.limits import check_is_file
from faceswap_ae.common.progress import Advance
from faceswap_ae.common.zip_check import check_written
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.archive import check
from faceswap_ae.faces.folders.face_file import zip_of
from faceswap_ae.faces.folders.face_folder import check_unpacked, face_key
from faceswap_ae.faces.folders.journal import NAME, Journal
from faceswap_ae.faces.folders.merging import MergeResult, merge


def pack(folder: Path, advance: Advance = lambda _: None) -> tuple[Path, int]:
    """Write `ada.zip` beside `ada` and verify it; return its path and its number of faces."""
    pictures = face_file.pictures(check_unpacked(folder))
    if not pictures:
        raise UserError(f"{folder}: has no faces to pack")
    out = zip_of(folder)
    if out.exists():
        _check_replaces(out, folder)
    masks = dict.fromkeys(mask for mask in map(face_file.mask_place, pictures) if mask.exists())
    journal = [folder / NAME] if (folder / NAME).exists() else []
    for path in (*pictures, *masks, *journal):
        _check_readable(Path(str(path)))
    with replacing(out) as part:
        with zipfile.ZipFile(part, "w", strict_timestamps=False) as zipped:
            for count, file in enumerate([*pictures, *masks, *journal], 1):
                zipped.write(str(file), file.name)
                advance(count)
        check_written(part, out)
    return out, len(pictures)


def unpack(path: Path, out: Path, advance: Advance = lambda _: None) -> MergeResult:
    """Copy the faces of a zip into a folder that may be new or contain faces."""
    if not path.is_file():
        raise UserError(f"{path}: no such zip")
    check(path)
    if not face_file.pictures(path):
        raise UserError(f"{path}: has no faces at its top; unzip it with another program")
    return merge([path], out, advance)


def _check_readable(path: Path) -> None:
    """Raise UserError if a file of the folder cannot be read: the zip would be without it."""
    check_is_file(path)
    try:
        path.open("rb").close()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); mend or remove it") from error


def _check_replaces(out: Path, folder: Path) -> None:
    """Raise UserError if the zip has faces that the folder never had: they would be lost."""
    check(out)
    known = {*map(face_key, face_file.entries(folder)), *Journal(folder).written}
    alone = [entry for entry in face_file.entries(out) if face_key(entry) not in known]
    if alone:
        why = f"{out}: has {len(alone)} faces that {folder} never had"
        raise UserError(f"{why}; unpack it, or move it elsewhere first")
