"""Which faces of a clip are known already, and which did the user throw out?

A clip that was extracted frame by frame is in the journal of that person's folder. Any other is
looked at once, and that is kept in the local cache, by what is in the clip: another conversion
looks at nothing again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from faceswap_ae import faces
from faceswap_ae.clip import Clip
from faceswap_ae.face import Face
from faceswap_ae.facecache import home
from faceswap_ae.finding import Look, to_look_at
from faceswap_ae.journal import Journal, fingerprint
from faceswap_ae.span import Span

JOURNALS = "journals"
ROUNDED = Fraction(1, 10_000)  # second: a journal's times may be so much too early
MOSTLY = 0.5  # of the frames, that a folder's journal must know to be gone on with


@dataclass(frozen=True, eq=False)
class Found:
    """A clip's journal, and the ids of faces that are not to be converted."""

    key: str  # the clip's fingerprint
    journal: Journal
    dropped: frozenset[str] = field(default_factory=frozenset)

    def faces(self, span: Span) -> Iterator[Face]:
        """All that count within a part of the clip, in the order of its frames."""
        for face in self.journal.all_faces([self.key]):
            time = Fraction(face.time) + ROUNDED
            outside = span.begins_after(face.frame, time) or span.ended_by(face.frame, time)
            if not outside and face.id not in self.dropped:
                yield face


def lookup(clip: Clip, span: Span, look: Look, people: Iterable[Path]) -> Found:
    """What is known of a clip. `people` are the folders of those whose face is replaced."""
    key = fingerprint(clip.path)
    own = Journal(home() / JOURNALS / key)
    dropped: set[str] = set()
    for folder in people:
        if not folder.is_dir():
            continue
        journal = Journal(folder)
        if key not in journal.clips:
            continue
        dropped |= _dropped(folder, journal)
        wanted = span.count(clip.rate, clip.count)
        left = [to_look_at(clip, one, span, look) for one in (journal, own)]
        # One that was looked at here and there would be gone through in crumbs.
        if left[0] <= min(left[1], (1 - MOSTLY) * wanted):
            own = journal
    return Found(key, own, frozenset(dropped))


def _dropped(folder: Path, journal: Journal) -> set[str]:
    """What was written there and is gone."""
    there = {entry.stored.face.id for entry in faces.entries(folder) if entry.stored}
    return journal.written - there
