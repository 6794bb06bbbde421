"""How is a clip made in which nobody can be recognised (anonymisation)?

Each person of the clip gets the face of somebody else, out of pictures (instant swap). Faces that
cannot be swapped are covered (cover_plan.py). The clip goes into a file of another name first: it
is looked over (second_look.py) before it gets its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import Progress
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.conversion.compositing.obscuring import obscure
from faceswap_ae.conversion.compositor import CompositeOptions, Compositor
from faceswap_ae.conversion.cover_plan import CoverPlan, find_scenes, plan_covers
from faceswap_ae.conversion.face_generator import FaceRequest
from faceswap_ae.conversion.instant import InstantSwapper
from faceswap_ae.conversion.renderer import REVISION as RENDERED
from faceswap_ae.conversion.renderer import RenderedFrame, RenderPlan, render, warm_start
from faceswap_ae.conversion.trajectories import Trajectories, place_faces
from faceswap_ae.faces.alignment import is_face
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.detection.scan_cache import ScannedClip
from faceswap_ae.faces.identities import KnownPerson, known_person, split_people, tally_tracks
from faceswap_ae.faces.record import Descriptor, Face
from faceswap_ae.marks.seal import OutputSeal
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import H264, Encoding
from faceswap_ae.media.provenance import WATERMARK
from faceswap_ae.media.reader import Frame
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segments import OutputSpec
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.waveform import Waveform
from faceswap_ae.reenactment.source_faces import load_source_faces
from faceswap_ae.version import VERSION

REVISION = 3  # goes up when the same clip gives another output
SWAP, COVERED = "swap", "covered"
NO_PERSON = "no face stands in"
TRIAL_REACH, TRIAL_FRAMES = 60, 6  # frames around the best one, and how many of them are tried
# A larger mask than a swap's: what it leaves of the brows and the chin helps to recognise somebody.
COMPOSITE = CompositeOptions(colour="light", erode=0.0)
HALVED = 30.0  # degrees of yaw at which a face counts as half as large
LOW_SHARE = 20  # %: of the distances, that must be large too


@dataclass(frozen=True, eq=False)
class PersonSeen:
    """A person of a clip: the tracks, and what they look like."""

    tracks: frozenset[int]
    known: KnownPerson
    best: Face  # the face that shows the person best


@dataclass(frozen=True)
class AnonymiseStyle:
    """How faces are made unrecognisable, and how the output is encoded."""

    method: str = SWAP  # else blur, blocks or solid
    encoding: Encoding = H264
    composite: CompositeOptions = COMPOSITE

    @property
    def cover(self) -> str:
        """How a place is covered."""
        return "blur" if self.method == SWAP else self.method


@dataclass(frozen=True, eq=False)
class AnonymousClip:
    """A clip with all that is known about making it anonymous."""

    clip: Clip
    found: ScannedClip
    plan: RenderPlan
    covers: CoverPlan
    style: AnonymiseStyle
    people: Sequence[PersonSeen]

    @property
    def where(self) -> Trajectories:
        """Where new faces lie."""
        return self.plan.trajectories

    @property
    def job(self) -> dict[str, Any]:
        """All that the frames depend on."""
        mark = blake2b(digest_size=16)
        for frame in sorted(self.covers.places):
            mark.update(f"{frame} {self.covers.at(frame)}".encode())
        return {
            "version": [VERSION, RENDERED, REVISION],
            "clip": self.found.key,
            "faces": [one.swapper.job for one in self.plan.compositors],
            "places": self.where.digest,
            "covers": mark.hexdigest(),
            "method": self.style.method,
            "style": asdict(self.style.composite),
            "encoding": asdict(self.style.encoding),
        }

    def frames(self, first: int = 0) -> Iterator[tuple[RenderedFrame, Image]]:
        """The frames from `first` on, each with its anonymous picture."""
        shown = reader.frames(self.clip, replace(WHOLE, first=warm_start(first)))
        for one in render(shown, self.plan):
            if one.frame.index < first:
                continue
            image = one.image
            if places := self.covers.at(one.frame.index):
                image = image.copy()
                for place in places:
                    obscure(image, place.box, self.style.cover)
            yield one, image

    def row(self, one: RenderedFrame) -> dict[str, Any]:
        """What became of a frame's faces."""
        covered = [
            {"box": [round(side, 1) for side in place.box], COVERED: place.why}
            for place in self.covers.at(one.frame.index)
        ]
        return {
            "frame": one.frame.index,
            "time": round(float(one.frame.time), 4),
            "swapped": list(one.tracks),
            COVERED: covered,
        }


def people_in(found: ScannedClip) -> list[PersonSeen]:
    """Return the people of a clip, the one who is seen most first."""
    tracks = tally_tracks(face for face in found.faces(WHOLE) if is_face(face))
    people = []
    for group in split_people(tracks, []).unknown:
        own = frozenset(track for _, track in group)
        descriptors, best = list[Descriptor](), None
        for face in found.faces(WHOLE):  # one by one: a long clip has too many for the memory
            if face.track in own and is_face(face):
                descriptors.append(face.descriptor)
                best = face if best is None or _shows(face) > _shows(best) else best
        known = known_person(descriptors)
        assert known is not None and best is not None
        people.append(PersonSeen(own, known, best))
    return people


def _shows(face: Face) -> float:
    """How well a face shows a person: a large one that is not turned."""
    return face.size / (1 + abs(face.pose[0]) / HALVED)


@dataclass(frozen=True, eq=False)
class Trial:
    """Some frames of a person, in which it is tried who could stand in."""

    person: PersonSeen
    faces: Sequence[Face]  # consecutive ones
    shown: Sequence[Frame]
    style: CompositeOptions

    def distance(self, folder: Path) -> float:
        """Return how far from the person the new faces of a folder's pictures are.

        It is a low one of their distances.
        """
        source = load_source_faces(folder)
        where = place_faces(self.faces, dict.fromkeys(self.person.tracks, 0), meshes=True)
        compositor = Compositor(InstantSwapper(source, "somebody"), self.style)
        compositor = compositor.for_clip(where, 0)
        made = []
        for frame in self.shown:
            for place in where.at(frame.index):
                request = FaceRequest(frame.index, frame.image, place)
                face = compositor.fitted(frame.image, place, compositor.swapper([request])[0])
                face = compositor.dressed(face, compositor.colours(face))
                made.append((compositor.laid(frame.image, face, {}, frame.index), place.outline))
        distances = [self.person.known.distance(one) for one in describe(made)]
        return float(np.percentile(distances, LOW_SHARE)) if distances else 0.0


def trial_of(clip: Clip, found: ScannedClip, person: PersonSeen, style: CompositeOptions) -> Trial:
    """Choose the frames around the one that shows a person best."""
    middle = person.best
    faces = [
        face
        for face in found.faces(WHOLE)
        if face.track == middle.track
        and face.mesh is not None
        and abs(face.frame - middle.frame) <= TRIAL_REACH
    ]
    numbers = [face.frame for face in evenly_spaced(faces, TRIAL_FRAMES)] or [middle.frame]
    span = Span(first=numbers[0], last=numbers[-1])
    shown = [frame for frame in reader.frames(clip, span) if frame.index in numbers]
    return Trial(person, faces, shown, style)


def prepare(
    clip: Clip,
    found: ScannedClip,
    people: Sequence[PersonSeen],
    folders: Sequence[Path | None],
    style: AnonymiseStyle,
) -> AnonymousClip:
    """Plan a clip: `folders` have the faces of whoever stands in for each person, if anybody."""
    compositors, roles = list[Compositor](), dict[int, int]()
    with_mesh = {face.track for face in found.faces(WHOLE) if face.mesh is not None}
    for person, folder in zip(people, folders, strict=True):
        if folder is not None:
            source = load_source_faces(folder)
            roles |= dict.fromkeys(person.tracks & with_mesh, len(compositors))
            compositors.append(Compositor(InstantSwapper(source, "somebody"), style.composite))
    where = place_faces(found.faces(WHOLE), roles, meshes=True)
    why = NO_PERSON if style.method == SWAP else style.method
    covers = plan_covers(found.faces(WHOLE), roles.keys(), find_scenes(clip), why)
    own = [one.for_clip(where, role) for role, one in enumerate(compositors)]
    return AnonymousClip(clip, found, RenderPlan(own, where), covers, style, people)


def write(
    one: AnonymousClip,
    out: Path,
    sound: Clip | Waveform | None,
    seal: OutputSeal,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Write the anonymous clip, and return what became of each frame. Stopped, it goes on there."""
    encoding = replace(one.style.encoding, repeatable=True)
    spec = OutputSpec(out, one.clip, encoding, sound, WHOLE, seal.tags, seal=seal, untitled=True)
    voice = blake2b(sound.samples.tobytes()).hexdigest() if isinstance(sound, Waveform) else ""
    job = {**one.job, "voice": voice or sound is not None, "watermark": seal.tags[WATERMARK]}
    with ExitStack() as stack:
        writer = stack.enter_context(resumable(spec, job))
        rows = list(writer.notes())
        first = rows[-1]["frame"] + 1 if rows else 0
        advance: Callable[[int], None] = stack.enter_context(
            progress(f"anonymise {one.clip.path.name}", one.clip.count - len(rows))
        )
        for count, (shown, image) in enumerate(one.frames(first), 1):
            row = one.row(shown)
            rows.append(row)
            writer.write(image, shown.frame.time, shown.frame.duration, row)
            advance(count)
    return rows
