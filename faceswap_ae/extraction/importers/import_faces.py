"""How are the faces of another program's face set imported into a face folder of ours?

The contents of a file decide what it is, never its name. A face is identified by its contents too:
a second import of a set adds nothing, and does not bring back faces that the user dropped. A file
that cannot be used becomes one line of the summary; the import continues.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_ae.common.errors import MediaError, UserError, unknown
from faceswap_ae.common.progress import Advance
from faceswap_ae.extraction.importers import deepfacelab, faceswap
from faceswap_ae.extraction.importers.base import Candidate
from faceswap_ae.extraction.importers.recut import SQUARES, Describe, Recut, recut
from faceswap_ae.faces.folders import face_file, face_folder
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.media import images, png
from faceswap_ae.media.inputs import safe_stem

HEAD = 4096  # bytes from the beginning of a file that show what it is
DIGITS = 6  # of a face's id, in its file's name
SETS = (".pak", ".fsa")  # suffixes of face sets
KNOWN = "DeepFaceLab's face JPGs and faceset.pak, faceswap's face PNGs and .fsa"


@dataclass
class ImportSummary:
    """The result of an import: what became of the faces, and why some files gave none."""

    added: int = 0
    there: int = 0  # already in the folder
    dropped: int = 0  # dropped from the folder earlier, so not added again
    masks: int = 0  # of the added faces
    refused: list[str] = field(default_factory=list)  # one message each
    photos: list[Path] = field(default_factory=list)  # pictures without face data
    ours: list[Path] = field(default_factory=list)  # faces of this program, which need no import

    @property
    def lines(self) -> list[str]:
        """The messages for the user about files that gave no face."""
        plain = "no face data in it; faceswap-ae extract finds the faces in pictures"
        ours = "a face of ours already; faceswap-ae faces merge brings folders together"
        return [*self.refused, *_together(self.photos, plain), *_together(self.ours, ours)]


def import_faces(
    places: Sequence[Path],
    folder: Path,
    describe: Describe,
    square: str = "whole",
    advance: Advance = lambda _: None,
) -> ImportSummary:
    """Import the faces of files and folders into a face folder, which may be new.

    `square` is the largest crop that is kept (recut.SQUARES); sets with smaller crops give smaller
    ones.
    """
    if square not in SQUARES:
        raise UserError(unknown("crop", square, SQUARES))
    if not folder.is_dir() and face_file.zip_of(folder).is_file():
        face_folder.check_unpacked(folder)
    run = _Import(folder, describe, square)
    for count, found in enumerate(run.candidates(places), 1):
        run.take(found)
        advance(count)
    return run.imported


class _Import:
    """One import: the folder, the faces that it already has, and the result so far."""

    def __init__(self, folder: Path, describe: Describe, square: str) -> None:
        self.folder, self.describe, self.square = folder, describe, square
        self.imported = ImportSummary()
        self.journal = Journal(folder)
        here = face_file.entries(folder) if folder.is_dir() else []
        self.there = {entry.stored.face.id for entry in here if entry.stored}

    def candidates(self, places: Sequence[Path]) -> Iterator[Candidate]:
        """Yield every face in the files and folders named, those of alignments files first."""
        files = list(dict.fromkeys(self._files(places)))
        alignments = [path for path in files if faceswap.is_alignments(_head(path))]
        used = set(alignments)
        for path in alignments:
            yield from self._guarded(_cut_out(path, places, used), path)
        for path in files:
            if path not in used:
                yield from self._guarded(self._faces(path, _head(path), places), path)

    def take(self, found: Candidate) -> None:
        """Import a face, unless it is in the folder or was dropped from it."""
        if found.id in self.there:
            self.imported.there += 1
            if found.id not in self.journal.written:  # journal lost, or process killed
                self.journal.add_written(found.id)
        elif found.id in self.journal.written:
            self.imported.dropped += 1
        else:
            try:
                made = recut(found, self.describe, self.square)
            except UserError as error:
                self.imported.refused.append(str(error))
            else:
                self._write(found, made)

    def _write(self, found: Candidate, made: Recut) -> None:
        mask = None if made.mask is None else png.encode(made.mask)
        stem = safe_stem(found.stem)
        path = face_folder.free_name(self.folder / f"{stem}_{found.id[:DIGITS]}.png", mask)
        # Mask first, then face, then journal row: after a kill, the next import does it again.
        face_folder.put_mask(path, mask)
        face_file.write_crop(path, made.pixels, made.stored)
        self.journal.add_written(found.id)
        self.there.add(found.id)
        self.imported.added += 1
        self.imported.masks += mask is not None

    def _files(self, places: Sequence[Path]) -> Iterator[Path]:
        for place in places:
            if not place.exists():
                self.imported.refused.append(f"{place}: no such file or folder")
            elif not place.is_dir():
                yield place
            else:
                try:
                    inside = sorted(place.iterdir())
                except OSError as error:
                    self.imported.refused.append(f"{place}: cannot be read ({error.strerror})")
                    continue
                yield from (path for path in inside if _is_visible(path))

    def _guarded(self, found: Iterator[Candidate], path: Path) -> Iterator[Candidate]:
        """Yield the same candidates; an error in a file becomes one line of the result."""
        try:
            yield from found
        except UserError as error:
            self.imported.refused.append(str(error))
        except OSError as error:
            self.imported.refused.append(f"{path}: cannot be read ({error.strerror})")

    def _faces(self, path: Path, head: bytes, places: Sequence[Path]) -> Iterator[Candidate]:
        """Yield the faces in one file."""
        if deepfacelab.is_pak(head):
            yield from deepfacelab.pak(path)
        elif head.startswith(deepfacelab.JPEG):
            yield from self._face(path, deepfacelab.face(path))
        elif head.startswith(png.SIGNATURE):
            yield from self._face(path, faceswap.face(path))
        elif path.suffix.lower() in images.READABLE:
            images.read(path)  # raises an error if it is not a picture
            self.imported.photos.append(path)
        elif path in places or path.suffix.lower() in SETS:
            raise _unknown(path, head)

    def _face(self, path: Path, found: Candidate | None) -> Iterator[Candidate]:
        if found is not None:
            yield found
        else:
            with path.open("rb") as file:
                is_ours = png.read_text(file, face_file.KEYWORD) is not None
            (self.imported.ours if is_ours else self.imported.photos).append(path)


def _is_visible(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""  # the error is reported later, when the file is read


def _cut_out(path: Path, places: Sequence[Path], used: set[Path]) -> Iterator[Candidate]:
    """Yield the faces of an alignments file, cut out of the frames or clip named with it."""
    aligned = faceswap.alignments(path)
    for place in places:
        pictures = faceswap.pictures_of(aligned, place) if place.is_dir() else []
        if pictures:
            used.update(pictures)
            yield from faceswap.faces_of_pictures(aligned, pictures)
            return
        if place.is_file() and place not in used and place.stem == aligned.clip:
            used.add(place)
            yield from faceswap.faces_of_clip(aligned, place)
            return
    what = "tells where faces are, not what they look like"
    frames = f"the video '{aligned.clip}' or the folder of frames"
    raise UserError(f"{path}: {what}; name {frames} that it was made from too")


def _unknown(path: Path, head: bytes) -> UserError:
    if not head:
        return MediaError(f"{path}: is empty or cannot be read; copy it again")
    return UserError(f"{path}: no face set ({KNOWN}); for videos there is faceswap-ae extract")


def _together(paths: Sequence[Path], what: str) -> list[str]:
    if not paths:
        return []
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return [f"{paths[0]}{more}: {what}"]
