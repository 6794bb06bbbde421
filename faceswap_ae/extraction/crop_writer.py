"""How are the chosen faces cut out of their clip and written to folders (the second pass)?"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.detection.references import known_from_entries
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.folders import face_file, face_folder
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.identities import KnownPerson
from faceswap_ae.faces.record import Face, check_kind
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip, check_unchanged
from faceswap_ae.media.span import Span


@dataclass
class PersonFolder:
    """A person's face folder: its journal, its faces, and descriptors that say whose they are."""

    folder: Path
    journal: Journal
    there: set[str] = field(default_factory=set)  # ids of the faces in the folder
    entries: list[face_file.FaceEntry] = field(default_factory=list)  # when it was opened
    known: KnownPerson | None = None
    count: int = 0  # faces written in this run

    @property
    def landmarkers(self) -> list[str]:
        """Who found the landmarks of its faces; of a whole folder it is one alone."""
        own = {one.stored.face.landmarker for one in self.entries if one.stored}
        return sorted(own | self.journal.landmarkers)

    def know(self, detectors: Detectors) -> None:
        """Know the person by the faces. Raises UserError if their landmarks are of another kind."""
        for kind in self.landmarkers:
            check_kind(
                str(self.folder), kind, detectors.options.landmarker, "this extraction's faces"
            )
        self.known = known_from_entries(self.entries, detectors)

    def put(self, image: Image, face: Face, crop: str, size: int) -> None:
        """Cut a face out of its frame and write its PNG."""
        face_file.write(self.folder / f"{face.id}.png", image, face, crop, size)

    def learn(self, source: Journal, clips: Iterable[str]) -> None:
        """Copy frames of clips that show this person from the journal of another person's folder.

        Only frames that this folder's journal does not have yet are copied.
        """
        for clip in clips:
            for frame in sorted(source.frames(clip) - self.journal.frames(clip)):
                self.journal.add_frame(clip, frame, source.faces(clip, frame))


WORKERS = 2  # threads that cut and encode crops while the decoder runs
WAITING = 8  # faces that wait for these threads, each with its whole frame in memory


@dataclass(frozen=True)
class CropFormat:
    """How crops are cut out of their frames."""

    crop: str
    size: int
    keep_going: bool  # continue after damage, as in the first pass


Wanted = Mapping[int, Iterable[tuple[PersonFolder, str]]]  # by frame: folders and face ids
Passing = tuple[Image, Mapping[str, Face]]  # a frame, and the faces found in it by id


def write_crops(clip: Clip, found: Journal, wanted: Wanted, how: CropFormat) -> Iterator[Passing]:
    """Write the wanted faces of a clip; yield each wanted frame with all faces found in it."""
    key = fingerprint(clip.path)
    check_unchanged(clip)
    span = Span(first=min(wanted), last=max(wanted))
    waiting: deque[tuple[Future[None], PersonFolder, str]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        # The first pass has reported the damage, and no wanted face comes after it.
        with suppress(MediaError):
            for frame in reader.frames(clip, span, keep_going=how.keep_going):
                if frame.index not in wanted:
                    continue
                faces = {face.id: face for face in found.faces(key, frame.index)}
                for person, name in wanted[frame.index]:
                    made = pool.submit(person.put, frame.image, faces[name], how.crop, how.size)
                    waiting.append((made, person, name))
                while len(waiting) > WAITING:
                    _record(*waiting.popleft())
                yield frame.image, faces
        while waiting:
            _record(*waiting.popleft())
    check_unchanged(clip)


def _record(written: Future[None], person: PersonFolder, face: str) -> None:
    written.result()
    person.journal.add_written(face)
    person.count += 1


def open_person_folder(folder: Path) -> PersonFolder:
    """Open a person's folder, which may be new, and read which faces are in it."""
    if folder.exists() or face_file.zip_of(folder).exists():
        face_folder.check_unpacked(folder)
    person = PersonFolder(folder, Journal(folder))
    if folder.is_dir():
        person.entries = face_file.entries(folder)
        person.there = set(_ids(person.entries))
        dropped = folder / face_folder.DROPPED
        gone = _ids(face_file.entries(dropped)) if dropped.is_dir() else ()
        for face in sorted({*person.there, *gone} - person.journal.written):
            person.journal.add_written(face)
    return person


def _ids(entries: list[face_file.FaceEntry]) -> Iterator[str]:
    return (entry.stored.face.id for entry in entries if entry.stored)
