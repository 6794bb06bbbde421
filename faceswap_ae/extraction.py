"""How do videos and photos become a folder of one person's faces?

    1  look      at every frame that the journal does not know (finding.py)
    2  know      which tracks show the person: like the photos given, like the faces already in the
                 folder, or, without either, whoever is seen most (people.py)
    3  choose    which faces are written, and why the others are not (choosing.py)
    4  write     the chosen faces, decoding again (cutting.py)

Each step starts from what lies on the disk, so a run stopped anywhere goes on there, and a run with
other limits looks at nothing twice.
"""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_ae.choosing import Limits, choose, is_face
from faceswap_ae.clip import Clip, open_clip
from faceswap_ae.cutting import Passing, Shelf, cut
from faceswap_ae.errors import MediaError, UserError, unknown
from faceswap_ae.faces import SIZE
from faceswap_ae.finding import Eyes, Look, find
from faceswap_ae.geometry import Image
from faceswap_ae.inputs import Failure, sources
from faceswap_ae.journal import Journal, fingerprint
from faceswap_ae.others import sampled, thumb, write_sheet
from faceswap_ae.people import Parted, Tally, TrackKey, parted, tallied
from faceswap_ae.reference import of_folder, of_photos
from faceswap_ae.span import WHOLE, Span

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
FACELESS = "no face found; faces of under 80 pixels and covered ones are not seen"
NAME = re.compile(r"[^\W_][^/\\:]*")
STORED_CROPS = ("whole", "head")  # smaller ones are cut out of these for training
CLOSE = 0.5  # of the main person's share, from which on somebody else is worth a warning

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to extract. Without `like`, the faces that a folder holds say who belongs there."""

    data: Path = Path("data")
    like: tuple[Path, ...] = ()  # photos of the person
    everyone: bool = False  # a folder for each person found
    look: Look = field(default_factory=Look)
    limits: Limits = field(default_factory=Limits)
    span: Span = WHOLE
    crop: str = "whole"
    size: int = SIZE

    def __post_init__(self) -> None:
        if self.crop not in STORED_CROPS:
            raise UserError(unknown("crop to store", self.crop, STORED_CROPS))


@dataclass
class Summary:
    """What came of it."""

    written: dict[Path, int] = field(default_factory=dict)  # new faces, by folder
    skipped: Counter[str] = field(default_factory=Counter)  # faces, by reason
    others: dict[int, int] = field(default_factory=dict)  # faces of each other person
    sheet: Path | None = None  # a picture of them
    looked: int = 0  # frames, newly
    failures: list[Failure] = field(default_factory=list)

    def fail(self, path: Path, reason: str) -> None:
        """An input is of no use; the rest goes on."""
        log.warning("%s", reason)
        self.failures.append(Failure(path, reason))


@contextmanager
def silent(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
    """No progress shown."""
    yield lambda _: None


def extract(
    inputs: Sequence[Path], name: str, options: Options = Options(), progress: Progress = silent
) -> Summary:
    """Fill `data/<name>` with a person's faces from videos, photos, folders and globs."""
    if not NAME.fullmatch(name):
        raise UserError(f"--as '{name}': give a folder's name without slashes, such as ada")
    run = _Run(name, options, progress)
    clips = run.look(inputs)
    people = run.know(clips)
    others = run.choose(clips, people)
    run.write(clips, others)
    return run.summary


Clips = dict[str, Clip]  # by fingerprint
Place = tuple[str, int, str]  # clip, frame, face
Others = dict[int, list[Place]]  # by person, counted from 2


@dataclass
class _Run:
    """One extraction. The first shelf is the person's own; its journal knows all that was seen."""

    name: str
    options: Options
    progress: Progress
    summary: Summary = field(default_factory=Summary)
    shelves: list[Shelf] = field(default_factory=list)
    wanted: dict[tuple[str, int], list[tuple[Shelf, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        self.eyes = Eyes(self.options.look)
        self.shelves = [self._shelf(1)]
        while (
            self.options.everyone and (shelf := self._shelf(len(self.shelves) + 1)).folder.is_dir()
        ):
            self.shelves.append(shelf)
        # Before the work: a bad photo must not show after an hour of looking.
        self.known = [of_folder(shelf.folder, self.eyes) for shelf in self.shelves]
        if self.options.like:
            self.known[0] = of_photos(self.options.like, self.eyes)

    @property
    def journal(self) -> Journal:
        return self.shelves[0].journal

    def _shelf(self, number: int) -> Shelf:
        name = self.name if number == 1 else f"{self.name}-{number}"
        folder = self.options.data / name
        return Shelf(folder, Journal(folder), self.options.crop, self.options.size)

    def look(self, inputs: Sequence[Path]) -> Clips:
        """Find every face."""
        clips = self._opened(inputs)
        with self.progress("look", sum(map(self._frames, clips.values()))) as advance:
            for key, clip in clips.items():
                try:
                    for _ in find(clip, self.journal, self.eyes, self._span(clip)):
                        self.summary.looked += 1
                        advance(self.summary.looked)
                except MediaError as error:
                    self.summary.fail(clip.path, str(error))
                    continue
                if not any(True for _ in self.journal.all_faces([key])):
                    self.summary.fail(clip.path, f"{clip.path}: {FACELESS}")
        return clips

    def _opened(self, inputs: Sequence[Path]) -> Clips:
        paths, failures = sources(inputs)
        for failure in failures:
            self.summary.fail(failure.path, failure.reason)
        clips: Clips = {}
        for path in paths:
            try:
                clips.setdefault(fingerprint(path), open_clip(path))
            except MediaError as error:
                self.summary.fail(path, str(error))
        return clips

    def _span(self, clip: Clip) -> Span:
        return WHOLE if clip.pictures else self.options.span

    def _frames(self, clip: Clip) -> int:
        return -(-self._span(clip).count(clip.rate, clip.count) // self.options.look.every)

    def know(self, clips: Clips) -> Parted:
        """Say whose track is whose."""
        tracks = tallied(face for face in self.journal.all_faces(clips) if is_face(face))
        people = parted(tracks, self.known)
        if self.known[0] is None and people.unknown:
            self._warn_of_another(tracks, people)
            people.known[0] |= people.unknown.pop(0)
        elif tracks and not any(people.known) and not self.options.everyone:
            raise UserError(self._stranger(clips))
        if self.options.everyone:
            for group in people.unknown:
                self.shelves.append(self._shelf(len(self.shelves) + 1))
                people.known.append(group)
            people.unknown.clear()
        return people

    def _warn_of_another(self, tracks: Mapping[TrackKey, Tally], people: Parted) -> None:
        counts = [sum(tracks[key].count for key in group) for group in people.unknown[:2]]
        if len(counts) == 2 and counts[1] > CLOSE * counts[0]:
            log.warning(
                "two people are seen about as often (%d and %d faces); %s is taken to be the first:"
                " if that is wrong, remove the folder and name a photo with --like",
                *counts,
                self.name,
            )

    def _stranger(self, clips: Clips) -> str:
        names = ", ".join(clip.path.name for clip in clips.values())
        if self.options.like:
            return f"{names}: nobody there is like the photos given; name others with --like"
        here = self.shelves[0].folder
        return f"{names}: shows nobody like the faces in {here}; choose another name with --as"

    def choose(self, clips: Clips, people: Parted) -> Others:
        """Order what is wanted of each clip; where the others are seen."""
        for shelf, tracks in zip(self.shelves, people.known, strict=True):
            if shelf is not self.shelves[0]:
                _carry(self.journal, shelf.journal, clips)
            found = self.journal.all_faces(clips)
            choice = choose(found, tracks, self.options.limits, shelf.journal.written)
            shelf.journal.add_skipped(choice.skipped)
            for place, ids in choice.wanted.items():
                self.wanted[place] += [(shelf, face) for face in ids]
            self.summary.skipped += choice.reasons
        number_of = {key: n for n, group in enumerate(people.unknown, 2) for key in group}
        others: Others = defaultdict(list)
        for face in self.journal.all_faces(clips):
            number = number_of.get((face.clip, face.track))
            if number is not None and is_face(face):
                others[number].append((face.clip, face.frame, face.id))
        return others

    def write(self, clips: Clips, others: Others) -> None:
        """Cut the chosen faces out, and a few of the others for their picture."""
        shown = {number: sampled(places) for number, places in others.items()}
        owner = {place[2]: number for number, places in shown.items() for place in places}
        for clip, frame, _ in (place for places in shown.values() for place in places):
            if self.wanted:  # else nothing is new, and the picture is there
                self.wanted.setdefault((clip, frame), [])
        thumbs: dict[int, list[Image]] = defaultdict(list)
        with self.progress("write", len(self.wanted)) as advance:
            for count, (image, faces) in enumerate(self._cut(clips), 1):
                advance(count)
                for face in faces.values():
                    if face.id in owner:
                        thumbs[owner[face.id]].append(thumb(image, face))
        self.summary.written = {shelf.folder: shelf.count for shelf in self.shelves}
        self.summary.others = {number: len(places) for number, places in others.items()}
        if thumbs:
            self.summary.sheet = self.options.data / f"{self.name}-others.jpg"
            write_sheet(self.summary.sheet, self.summary.others, thumbs)

    def _cut(self, clips: Clips) -> Iterator[Passing]:
        for key, clip in clips.items():
            wanted = {frame: jobs for (own, frame), jobs in self.wanted.items() if own == key}
            if wanted:
                yield from cut(clip, self.journal, wanted)


def _carry(source: Journal, to: Journal, clips: Iterable[str]) -> None:
    """What was seen in these clips, for the journal of somebody else who is in them."""
    for clip in clips:
        for frame in sorted(source.frames(clip) - to.frames(clip)):
            to.add_frame(clip, frame, source.faces(clip, frame))
