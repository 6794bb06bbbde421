"""What does a journal know of a clip already, so that a scan is never made twice (scan cache)?

A clip that was extracted frame by frame is in the journal of that person's folder, which is only
read here. Any other clip is scanned once. Its journal is kept in the local cache under a
fingerprint of the clip, so another conversion or measurement searches nothing again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.progress import Progress
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions, count_unscanned, scan
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.record import MESH, Face
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.runtime.weights import attention_file

JOURNALS = "journals"
REVISION = 2  # goes up when a scan of the same clip finds other points
ROUNDED = Fraction(1, 10_000)  # second, by which times in a journal may be too early


@dataclass(frozen=True, eq=False)
class ScannedClip:
    """A clip's journal, and the ids of faces that the user dropped: they are not converted."""

    key: str  # the clip's fingerprint
    journal: Journal
    dropped: frozenset[str] = field(default_factory=frozenset)

    @property
    def count(self) -> int:
        """How many frames were scanned."""
        return len(self.journal.frames(self.key))

    def has(self, frame: int) -> bool:
        """Was a frame of this number scanned?"""
        return self.journal.has(self.key, frame)

    def faces_at(self, frame: int) -> list[Face]:
        """The faces of a frame; none where it was not scanned."""
        return self.journal.faces(self.key, frame) if self.has(frame) else []

    def faces(self, span: Span) -> Iterator[Face]:
        """All faces within a part of the clip, dropped ones too, in the order of its frames."""
        faces = self.journal.all_faces([self.key])
        return (face for face in faces if is_within(face, span))


def is_within(face: Face, span: Span) -> bool:
    """Is a face's frame in a part of its clip?"""
    time = Fraction(face.time) + ROUNDED
    return not (span.begins_after(face.frame, time) or span.ended_by(face.frame, time))


def scan_clip(
    clip: Clip, span: Span, detectors: Detectors, folders: Iterable[Path], progress: Progress
) -> ScannedClip:
    """Every face of a part of a clip: what is known of it, and a scan of the rest."""
    found = find_scan(clip, span, detectors.options, folders)
    total = count_unscanned(clip, found.journal, span, detectors.options)
    with progress(f"find faces in {clip.path.name}", total) as advance:
        for count, _ in enumerate(scan(clip, found.journal, detectors, span), 1):
            advance(count)
    return found


def find_scan(clip: Clip, span: Span, options: ScanOptions, folders: Iterable[Path]) -> ScannedClip:
    """What is known of a clip. `folders` are face folders of the people whose face is replaced."""
    key = fingerprint(clip.path)
    by = options.landmarker
    if by == MESH and (attention := attention_file()) is not None:
        by += f"-{fingerprint(attention)}"
    own = cache_dir() / JOURNALS / f"{key}-{by}-{REVISION}"
    journals, dropped = [Journal(own)], set[str]()
    for folder in folders:
        journal = Journal(folder)
        if key in journal.clips:
            dropped |= _dropped(folder, journal)
            journals += [journal] if journal.landmarkers <= {options.landmarker} else []
    for journal in journals:
        if count_unscanned(clip, journal, span, options) == 0 and journal.frames(key):
            return ScannedClip(key, journal, frozenset(dropped))
    # A part gets a journal of its own, and no other journal is continued for it: tracks would
    # break where one scan ended and the next began.
    part = "" if span == WHOLE else f"-{blake2b(str(span).encode(), digest_size=4).hexdigest()}"
    return ScannedClip(key, Journal(own.with_name(own.name + part)), frozenset(dropped))


def _dropped(folder: Path, journal: Journal) -> set[str]:
    """The ids of faces that were written into a folder and are gone from it."""
    there = {entry.stored.face.id for entry in face_file.entries(folder) if entry.stored}
    return journal.written - there
