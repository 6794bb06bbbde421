"""What is in a person's folder before an extraction, and how does a face get in?

The files on the disk go before the journal: a face that lies in the folder, whatever its name, was
written, and so was one that lies in `.dropped/`. So a journal that was lost, or that a kill left
behind the files, brings nothing back and overwrites nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_ae import faces, folders
from faceswap_ae.face import Face
from faceswap_ae.finding import Eyes
from faceswap_ae.geometry import Image
from faceswap_ae.journal import Journal
from faceswap_ae.people import Known
from faceswap_ae.reference import of_entries


@dataclass
class Shelf:
    """A person's folder, its journal, what is there and whom that shows."""

    folder: Path
    journal: Journal
    there: set[str] = field(default_factory=set)  # ids
    known: Known | None = None
    count: int = 0  # faces put in

    def put(self, image: Image, face: Face, crop: str, size: int) -> None:
        """Write a face."""
        faces.write(self.folder / f"{face.id}.png", image, face, crop, size)

    def learn(self, source: Journal, clips: Iterable[str]) -> None:
        """What was seen in these clips of somebody else, in which this person is too."""
        for clip in clips:
            for frame in sorted(source.frames(clip) - self.journal.frames(clip)):
                self.journal.add_frame(clip, frame, source.faces(clip, frame))


def opened(folder: Path, eyes: Eyes) -> Shelf:
    """The shelf of a folder, which may be new."""
    if folder.exists() or folders.packed(folder).exists():
        folders.opened(folder)
    shelf = Shelf(folder, Journal(folder))
    if folder.is_dir():
        entries = faces.entries(folder)
        shelf.there = set(_ids(entries))
        dropped = folder / folders.DROPPED
        gone = _ids(faces.entries(dropped)) if dropped.is_dir() else ()
        for face in sorted({*shelf.there, *gone} - shelf.journal.written):
            shelf.journal.add_written(face)
        shelf.known = of_entries(entries, eyes)
    return shelf


def _ids(entries: list[faces.Entry]) -> Iterator[str]:
    return (entry.stored.face.id for entry in entries if entry.stored)
