"""Which faces of a clip are known already, and which did the user throw out?

A clip that was extracted frame by frame is in the journal of that person's folder, and only read
there. Any other is looked at once, and that is kept in the local cache, by what is in the clip:
another conversion looks at nothing again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.faces.detection.scan import ScanOptions, count_unscanned
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.record import Face
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.span import WHOLE, Span

JOURNALS = "journals"
ROUNDED = Fraction(1, 10_000)  # second: a journal's times may be so much too early


@dataclass(frozen=True, eq=False)
class ScannedClip:
    """A clip's journal, and the ids of faces that are not to be converted."""

    key: str  # the clip's fingerprint
    journal: Journal
    dropped: frozenset[str] = field(default_factory=frozenset)

    def faces(self, span: Span) -> Iterator[Face]:
        """All within a part of the clip, dropped ones too, in the order of its frames."""
        faces = self.journal.all_faces([self.key])
        return (face for face in faces if is_within(face, span))


def is_within(face: Face, span: Span) -> bool:
    """Is a face's frame in a part of its clip?"""
    time = Fraction(face.time) + ROUNDED
    return not (span.begins_after(face.frame, time) or span.ended_by(face.frame, time))


def find_scan(clip: Clip, span: Span, look: ScanOptions, people: Iterable[Path]) -> ScannedClip:
    """What is known of a clip. `people` are the folders of those whose face is replaced."""
    key = fingerprint(clip.path)
    journals, dropped = [Journal(cache_dir() / JOURNALS / key)], set[str]()
    for folder in people:
        journal = Journal(folder)
        if key in journal.clips:
            dropped |= _dropped(folder, journal)
            journals.append(journal)
    for journal in journals:
        if count_unscanned(clip, journal, span, look) == 0 and journal.frames(key):
            return ScannedClip(key, journal, frozenset(dropped))
    # A part has a journal of its own, and nobody's is gone on with: tracks would break where one
    # look ended and another began.
    part = "" if span == WHOLE else f"-{blake2b(str(span).encode(), digest_size=4).hexdigest()}"
    return ScannedClip(key, Journal(cache_dir() / JOURNALS / (key + part)), frozenset(dropped))


def _dropped(folder: Path, journal: Journal) -> set[str]:
    """What was written there and is gone."""
    there = {entry.stored.face.id for entry in face_file.entries(folder) if entry.stored}
    return journal.written - there
