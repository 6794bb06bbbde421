"""How do videos and photos become a face folder of one person (extraction)?

    1  look      detect faces in every frame that is not in the journal (faces/detection/scan.py)
    2  know      decide which tracks show the person, by the photos given, by the faces already in
                 the folder, or, without either, as the most frequent person (faces/identities.py)
    3  choose    decide which faces are written, and why the others are not (selection.py)
    4  write     decode the clips again and write the chosen faces (crop_writer.py)

Each step starts from what is on the disk. So an interrupted run continues where it stopped, and a
run with other limits scans no frame twice.
"""

import glob
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import Progress, no_progress
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.extraction.crop_writer import (
    CropFormat,
    Passing,
    PersonFolder,
    open_person_folder,
    write_crops,
)
from faceswap_ae.extraction.options import DEFAULTS, ExtractOptions, ExtractSummary
from faceswap_ae.extraction.selection import (
    OTHER,
    AlreadyThere,
    FaceSelection,
    select_faces,
)
from faceswap_ae.faces.alignment import is_face
from faceswap_ae.faces.detection.references import known_from_photos
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions, count_unscanned, scan
from faceswap_ae.faces.folders import face_folder
from faceswap_ae.faces.folders.contact_sheet import FACES_EACH, thumb, write_others
from faceswap_ae.faces.folders.face_file import read
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.faces.identities import (
    PeopleSplit,
    TrackKey,
    TrackTally,
    split_people,
    tally_tracks,
)
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.inputs import find_inputs
from faceswap_ae.media.span import WHOLE, Span

FACELESS = "no face found; try --detector cnn, or a larger and brighter picture"
NOTHING = "no frame in the part that is asked for; see faceswap-ae info"
LEAST = 3  # faces that a further person needs to get a folder
CLOSE = 0.5  # of the main person's faces: with more, a second person causes a warning

log = logging.getLogger(__name__)


def extract(
    inputs: Sequence[Path],
    name: str,
    options: ExtractOptions = DEFAULTS,
    progress: Progress = no_progress,
) -> ExtractSummary:
    """Fill `data/<name>` with a person's faces from videos, photos, folders and globs."""
    face_folder.named_folder(name, options.data)
    run = _Extraction(name, options, progress)
    clips = run.look(inputs)
    people = run.know(clips)
    others = run.choose(clips, people)
    run.write(clips, others)
    if run.summary.alone and any(run.summary.written.values()):
        for failure in run.summary.failures:
            log.warning("%s", failure.reason)
    return run.summary


Clips = dict[str, Clip]  # by fingerprint
Place = tuple[str, int, str]  # clip, frame, face
Others = dict[int, list[Place]]  # by person, counted from 2


@dataclass
class _Extraction:
    """One extraction. `persons[0]` is the person's own folder; its journal has all faces found."""

    name: str
    options: ExtractOptions
    progress: Progress
    summary: ExtractSummary = field(default_factory=ExtractSummary)
    wanted: dict[str, dict[int, list[tuple[PersonFolder, str]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def __post_init__(self) -> None:
        first = open_person_folder(self.options.data / self.name)
        # A folder that has faces keeps the kind of their landmarks.
        kind = self.options.scan.landmarks or next(iter(first.landmarkers), None)
        self.options = replace(self.options, scan=replace(self.options.scan, landmarks=kind))
        self.detectors = Detectors(self.options.scan)
        # Before the scan: an error in a photo must not be reported after an hour of work.
        first.know(self.detectors)
        self.persons = [first]
        if self.options.like:
            first.known = known_from_photos(self.options.like, self.detectors)
        if self.options.everyone:
            self.persons += [self._opened_for(number) for number in sorted(self._numbers())]

    @property
    def journal(self) -> Journal:
        return self.persons[0].journal

    def _numbers(self) -> Iterator[int]:
        """The numbers of the further people's folders: ada-2, ada-3 and so on."""
        for path in self.options.data.glob(f"{glob.escape(self.name)}-*"):
            number = path.stem.removeprefix(f"{self.name}-")
            if number.isdigit():
                yield int(number)

    def _opened_for(self, number: int) -> PersonFolder:
        """Open the folder of a further person."""
        person = open_person_folder(self.options.data / f"{self.name}-{number}")
        person.know(self.detectors)
        return person

    def look(self, inputs: Sequence[Path]) -> Clips:
        """Find every face."""
        clips = self._open_clips(inputs)
        total = sum(
            count_unscanned(clip, self.journal, *self._how(clip)) for clip in clips.values()
        )
        with self.progress("look", total) as advance:
            for key, clip in clips.items():
                try:
                    for _ in scan(clip, self.journal, self.detectors, self._how(clip)[0]):
                        self.summary.looked += 1
                        advance(self.summary.looked)
                except MediaError as error:
                    self.summary.fail(clip.path, str(error))
                    continue
                if not self.journal.frames(key):
                    self.summary.fail(clip.path, f"{clip.path}: {NOTHING}")
                elif not any(True for _ in self.journal.all_faces([key])):
                    self.summary.fail(clip.path, f"{clip.path}: {FACELESS}")
        return clips

    def _open_clips(self, inputs: Sequence[Path]) -> Clips:
        paths, failures = find_inputs(inputs)
        self.summary.alone = len(paths) + len(failures) == 1
        for failure in failures:
            self.summary.fail(failure.path, failure.reason)
        clips: Clips = {}
        ours = 0
        for path in paths:
            try:
                if is_face_of_ours(path):
                    ours += 1
                else:
                    clips.setdefault(fingerprint(path), open_clip(path))
            except MediaError as error:
                self.summary.fail(path, str(error))
        if ours:
            log.info("%d pictures are faces of ours and left out; see faces merge", ours)
        return clips

    def _how(self, clip: Clip) -> tuple[Span, ScanOptions]:
        return (WHOLE if clip.pictures else self.options.span), self.options.scan

    def know(self, clips: Clips) -> PeopleSplit:
        """Decide which person each track shows."""
        tracks = tally_tracks(face for face in self.journal.all_faces(clips) if is_face(face))
        people = split_people(tracks, [person.known for person in self.persons])
        if self.persons[0].known is None and people.unknown:
            if not self.options.everyone:
                self._warn_of_another(tracks, people)
            people.known[0] |= people.unknown.pop(0)
        elif tracks and not any(people.known) and not self.options.everyone:
            raise UserError(self._stranger(clips))
        if self.options.everyone:
            self._make_room(tracks, people)
        return people

    def _make_room(self, tracks: Mapping[TrackKey, TrackTally], people: PeopleSplit) -> None:
        """Open a folder for each new person; one or two faces are ignored: they may be anything."""
        often = [group for group in people.unknown if _count(tracks, group) >= LEAST]
        first = max(self._numbers(), default=1) + 1
        for number, group in enumerate(often, first):
            self.persons.append(self._opened_for(number))
            people.known.append(group)
            people.unknown.remove(group)

    def _warn_of_another(self, tracks: Mapping[TrackKey, TrackTally], people: PeopleSplit) -> None:
        counts = [_count(tracks, group) for group in people.unknown[:2]]
        if len(counts) == 2 and counts[1] > CLOSE * counts[0]:
            log.warning(
                "two people are seen about as often (%d and %d faces); %s is taken to be the one"
                " who is seen more or larger:"
                " if that is wrong, remove the folder and name a photo with --like",
                *counts,
                self.name,
            )

    def _stranger(self, clips: Clips) -> str:
        names = ", ".join(str(clip.path) for clip in clips.values())
        if self.options.like:
            return f"{names}: nobody there is like the photos given; name others with --like"
        here = self.persons[0].folder
        return f"{names}: shows nobody like the faces in {here}; choose another name with --as"

    def choose(self, clips: Clips, people: PeopleSplit) -> Others:
        """Choose which faces of each clip are written; return where the other people are seen."""
        left: dict[str, str] = {}
        for person, tracks in zip(self.persons, people.known, strict=True):
            choice = self._chosen(person, clips, tracks)
            first = person is self.persons[0]
            # A skipped face gets into no folder; the reason is that of its own person's folder.
            left = (
                choice.skipped
                if first
                else {
                    face: left[face] if reason == OTHER else reason
                    for face, reason in choice.skipped.items()
                    if face in left
                }
            )
        self.summary.skipped = Counter(left.values())
        number_of = {key: n for n, group in enumerate(people.unknown, 2) for key in group}
        others: Others = defaultdict(list)
        for face in self.journal.all_faces(clips):
            number = number_of.get((face.clip, face.track))
            if number is not None and is_face(face):
                others[number].append((face.clip, face.frame, face.id))
        return others

    def _chosen(self, person: PersonFolder, clips: Clips, tracks: set[TrackKey]) -> FaceSelection:
        if person is not self.persons[0]:
            person.learn(self.journal, clips)
        found = person.journal.all_faces(person.journal.clips)
        here = (face for face in found if face.clip in clips or face.id in person.there)
        held = AlreadyThere(person.journal.written, person.there)
        choice = select_faces(here, tracks, self.options.limits, held)
        person.journal.add_skipped(choice.skipped)
        for clip, frames in choice.wanted.items():
            for frame, ids in frames.items():
                self.wanted[clip][frame] += [(person, face) for face in ids]
        return choice

    def write(self, clips: Clips, others: Others) -> None:
        """Write the chosen faces, and a contact sheet with a few faces of each other person."""
        shown = {number: evenly_spaced(places, FACES_EACH) for number, places in others.items()}
        owner = {place[2]: number for number, places in shown.items() for place in places}
        if self.wanted:  # otherwise nothing is new, and the contact sheet exists
            for clip, frame, _ in (place for places in shown.values() for place in places):
                self.wanted[clip].setdefault(frame, [])
        thumbs: dict[int, list[Image]] = defaultdict(list)
        with self.progress("write", sum(map(len, self.wanted.values()))) as advance:
            for count, (image, faces) in enumerate(self._cut(clips), 1):
                advance(count)
                for face in faces.values():
                    if face.id in owner:
                        thumbs[owner[face.id]].append(thumb(image, face))
        self.summary.written = {person.folder: person.count for person in self.persons}
        self.summary.others = {number: len(places) for number, places in others.items()}
        if thumbs:
            self.summary.sheet = self.options.data / f"{self.name}-others.jpg"
            write_others(self.summary.sheet, self.summary.others, thumbs)

    def _cut(self, clips: Clips) -> Iterator[Passing]:
        how = CropFormat(self.options.crop, self.options.size, self.options.scan.keep_going)
        for key, clip in clips.items():
            if key in self.wanted:
                try:
                    yield from write_crops(clip, self.journal, self.wanted[key], how)
                except MediaError as error:
                    self.summary.fail(clip.path, str(error))


def is_face_of_ours(path: Path) -> bool:
    """Is it a face PNG of this program? The face in it must not be extracted once more."""
    return path.suffix.lower() == ".png" and path.is_file() and read(path) is not None


def _count(tracks: Mapping[TrackKey, TrackTally], group: Iterable[TrackKey]) -> int:
    return sum(tracks[key].count for key in group)
