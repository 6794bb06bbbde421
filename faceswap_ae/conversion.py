"""How do clips and photos become ones in which a run's face is shown?

    1  find     every face of a clip, once (finding.py); who gets whose face (casting.py), and where
                each lies, steadily (placing.py)
    2  render   decode, swap, encode in segments that survive a stop (rendering.py, segments.py)

The second pass knows the whole clip from the first: so tracks can be judged and smoothed as wholes,
and frames then pass in a straight line, in flat memory.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from faceswap_ae import images, marks, png, video
from faceswap_ae.atomic import replacing
from faceswap_ae.casting import DROPPED, NO_FACE, OUTSIDE, Cast, Role, Wanted, cast
from faceswap_ae.clip import Clip
from faceswap_ae.dressing import Dresser, Style
from faceswap_ae.encoding import H264, Encoding
from faceswap_ae.errors import UserError
from faceswap_ae.face import Face
from faceswap_ae.finding import Eyes, Look, find, to_look_at
from faceswap_ae.geometry import Image
from faceswap_ae.lookup import Found, lookup
from faceswap_ae.parts import SEGMENT, Output
from faceswap_ae.placing import places
from faceswap_ae.rendering import GROUP, WARMUP, Rendered, Scene, rendered
from faceswap_ae.runs import Run
from faceswap_ae.segments import Parts, segments
from faceswap_ae.span import WHOLE, Span
from faceswap_ae.swapper import Swapper
from faceswap_ae.views import Names, View, chosen

REPORT = ".json"  # after the whole name of the output
AROUND = Fraction(1)  # second, on either side of a still, that is looked at to place it steadily

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Options:
    """How to convert."""

    runs: tuple[Run, ...]
    data: Path = Path("data")
    reverse: bool = False  # the onto-identity's face goes onto the other's clip
    wanted: Wanted = field(default_factory=Wanted)
    look: Look = field(default_factory=Look)
    smooth: str = "rts"
    style: Style = field(default_factory=Style)
    painted: Path | None = None  # a picture of the mask, in the crop
    span: Span = WHOLE  # of what is swapped
    cut: bool = False  # write nothing else
    view: str = "result"
    encoding: Encoding = H264
    segment: int = SEGMENT  # frames that are lost at most when it is stopped

    def __post_init__(self) -> None:
        if not self.runs:
            raise UserError("convert: name a run with --run; faceswap-ae runs list shows all")
        chosen(self.view)


@dataclass
class Done:
    """What became of one clip."""

    source: Path
    outputs: list[Path]
    frames: int = 0
    swapped: int = 0  # frames with a new face
    reasons: Counter[str] = field(default_factory=Counter)  # faces left alone


class Converter:
    """The networks of some runs and all that looking needs, kept from clip to clip."""

    def __init__(self, options: Options, progress: Progress) -> None:
        self.options, self.progress = options, progress
        cv2.setNumThreads(1)  # stages run beside each other; OpenCV's threads get into their way
        self.swappers = [Swapper(run, reverse=options.reverse) for run in options.runs]
        self.eyes = Eyes(options.look)
        self.painted = _painted(options.painted)
        self.dressers = [Dresser(one, options.style, self.painted) for one in self.swappers]
        self.now = datetime.now(UTC)

    @property
    def names(self) -> Names:
        """Who is who, for people."""
        told = [f"{one.face} on {one.onto}" for one in self.swappers]
        return Names(" and ".join(one.onto for one in self.swappers), ", ".join(told))

    def found(self, clip: Clip, span: Span) -> tuple[Found, Cast]:
        """Every face of a part of a clip, and who gets a new one."""
        from faceswap_ae import acquaintance

        folders = [self.options.data / one.onto for one in self.swappers]
        known = lookup(clip, span, self.options.look, folders)
        total = to_look_at(clip, known.journal, span, self.options.look)
        with self.progress(f"find faces in {clip.path.name}", total) as advance:
            for count, _ in enumerate(find(clip, known.journal, self.eyes, span), 1):
                advance(count)
        roles = [Role(one.onto, acquaintance.known(one.run, one.whom)) for one in self.swappers]
        try:
            return known, cast(known.faces(span), roles, self.options.wanted, self.eyes)
        except UserError as error:
            raise UserError(f"{clip.path}: {error}") from error

    def scene(self, found: Found, roles: Cast, span: Span, *, covers: bool) -> Scene:
        """How the frames of a clip are rendered."""
        where = places(found.faces(span), roles.roles, self.options.smooth)
        return Scene(self.dressers, where, covers)

    @property
    def marks(self) -> dict[str, str]:
        """What outputs say of themselves."""
        told = [f"{one.face}'s face put onto {one.onto}" for one in self.swappers]
        return marks.marks(self.now, "; ".join(told))

    def output(self, clip: Clip, place: Path, view: View, span: Span) -> Output:
        """A video of a view, with the clip's sound."""
        encoding = replace(self.options.encoding, repeatable=True)
        size = view.size(clip)
        return Output(place, size, encoding, clip, span, self.marks, self.options.segment)


def convert_clip(converter: Converter, clip: Clip, out: Path) -> Done:
    """One clip or photo. The output appears when it is complete; stopped, it goes on there."""
    options = converter.options
    span = WHOLE if clip.pictures else options.span
    views = chosen(options.view)
    found, roles = converter.found(clip, span)
    scene = converter.scene(found, roles, span, covers=any(one.covers for one in views.values()))
    outputs = {name: _place(out, name, len(views)) for name in views}
    done = Done(clip.path, list(outputs.values()))
    told = _Told(found, roles, scene, done)
    if clip.pictures:
        _photo(converter, clip, scene, outputs, told)
        return done
    job = _job(converter, found, scene)
    with ExitStack() as stack:
        report = stack.enter_context(replacing(out.with_name(out.name + REPORT)))
        whole = span if options.cut else WHOLE
        parts = {
            name: stack.enter_context(
                segments(converter.output(clip, place, views[name], whole), {**job, "view": name})
            )
            for name, place in outputs.items()
        }
        _render(converter, clip, scene, parts, told)
        _write_report(report, converter, next(iter(parts.values())).notes(), done)
    return done


def still(converter: Converter, clip: Clip, time: Fraction, out: Path) -> Path:
    """The one frame that is shown at a time, as it would be in the whole."""
    part = Span(max(time - AROUND, Fraction(0)), time + AROUND)
    found, roles = converter.found(clip, part)
    view = chosen(converter.options.view)
    if len(view) > 1:
        raise UserError("--still: shows one view; name result, side, mask or triptych")
    (shown,) = view.values()
    scene = converter.scene(found, roles, part, covers=shown.covers)
    last: Rendered | None = None
    for one in rendered(video.frames(clip, part), scene):
        if one.frame.time > time and last is not None:
            break
        last = one
    if last is None:
        raise UserError(f"{clip.path}: has no frame at {float(time):g} s")
    _write_picture(out, shown.show(last, converter.names), converter)
    return out


def _render(
    converter: Converter, clip: Clip, scene: Scene, parts: Mapping[str, Parts], told: "_Told"
) -> None:
    """Write the frames that are not written yet; those before them serve to know what was."""
    begins = {name: told.recall(part) for name, part in parts.items()}
    first, views = min(begins.values()), chosen(converter.options.view)
    span = next(iter(parts.values())).output.span
    start = max(span.first, (first - WARMUP) // GROUP * GROUP)
    keep_going = converter.options.look.keep_going
    frames = video.frames(clip, replace(span, first=start), keep_going=keep_going)
    with converter.progress(f"swap {clip.path.name}", span.count(clip.rate, clip.count)) as advance:
        for one in rendered(frames, scene):
            if one.frame.index < first:
                continue
            note = told.of(one)
            for name, part in parts.items():
                if one.frame.index >= begins[name]:
                    shown = views[name].show(one, converter.names)
                    part.write(shown, one.frame.time, one.frame.duration, note)
            advance(told.done.frames)


def _photo(
    converter: Converter, clip: Clip, scene: Scene, outputs: Mapping[str, Path], told: "_Told"
) -> None:
    views = chosen(converter.options.view)
    for one in rendered(video.frames(clip), scene):
        told.of(one)
        for name, place in outputs.items():
            _write_picture(place, views[name].show(one, converter.names), converter)


def _write_picture(out: Path, picture: Image, converter: Converter) -> None:
    if out.suffix.lower() != ".png":
        raise UserError(f"{out}: a picture goes into .png, where it keeps its marks")
    with replacing(out) as part:
        part.write_bytes(png.encode(picture, marks.words(converter.marks)))


@dataclass
class _Told:
    """What is said of each frame, and counted."""

    found: Found
    roles: Cast
    scene: Scene
    done: Done

    def recall(self, part: Parts) -> int:
        """What earlier sessions wrote counts too; the number of the frame that comes next."""
        counted, following = self.done.frames > 0, part.output.span.first
        for note in part.notes():
            following = int(note["frame"]) + 1
            if not counted:
                self._count(note)
        return following

    def of(self, one: Rendered) -> dict[str, Any]:
        """A frame's faces: whose they became, or why they were left alone."""
        index = one.frame.index
        faces = []
        if self.found.journal.has(self.found.key, index):
            faces = [self._face(face, one.tracks) for face in self._known(index)]
        bridged = [track for track in one.tracks if track not in {face["track"] for face in faces}]
        faces += [{"track": track, "swapped": self._name(track)} for track in bridged]
        note = {"frame": index, "time": round(float(one.frame.time), 4), "faces": faces}
        self._count(note)
        return note

    def _known(self, index: int) -> list[Face]:
        return self.found.journal.faces(self.found.key, index)

    def _face(self, face: Face, swapped: Sequence[int]) -> dict[str, Any]:
        box = [round(side, 1) for side in face.box]
        told = {"track": face.track, "box": box}
        if face.track in swapped:
            return {**told, "swapped": self._name(face.track)}
        return {**told, "left": self._reason(face)}

    def _name(self, track: int) -> str:
        return self.scene.dressers[self.roles.roles[track]].swapper.face

    def _reason(self, face: Face) -> str:
        if face.id in self.found.dropped:
            return DROPPED
        if face.track in self.roles.roles:
            return OUTSIDE
        return self.roles.why.get(face.track, NO_FACE)

    def _count(self, note: Mapping[str, Any]) -> None:
        self.done.frames += 1
        self.done.swapped += any("swapped" in face for face in note["faces"])
        self.done.reasons.update(face["left"] for face in note["faces"] if "left" in face)


def _job(converter: Converter, found: Found, scene: Scene) -> dict[str, Any]:
    """All that the frames of an output depend on."""
    options = converter.options
    painted = b"" if converter.painted is None else converter.painted.tobytes()
    return {
        "clip": found.key,
        "runs": [
            [one.run.name, one.run.facts.created, one.step, one.face] for one in converter.swappers
        ],
        "style": asdict(options.style),
        "places": scene.places.digest,
        "painted": blake2b(painted).hexdigest(),
    }


def _place(out: Path, view: str, of: int) -> Path:
    """`out.mp4`; where there are several views, `out-side.mp4` for all but the result."""
    return out if of == 1 or view == "result" else out.with_stem(f"{out.stem}-{view}")


def _painted(path: Path | None) -> Image | None:
    return None if path is None else np.ascontiguousarray(images.read(path)[..., 0])


def _write_report(
    place: Path, converter: Converter, notes: Iterator[Mapping[str, Any]], done: Done
) -> None:
    """JSON, a line for each frame: found, swapped, left alone and why."""
    head = {
        **converter.marks,
        "clip": done.source.name,
        "outputs": [path.name for path in done.outputs],
        "frames": done.frames,
        "swapped": done.swapped,
        "left": dict(done.reasons),
        "style": asdict(converter.options.style),
    }
    with place.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "every": [\n')
        for number, note in enumerate(notes):
            file.write((",\n" if number else "") + "  " + json.dumps(note))
        file.write("\n ]\n}\n")
