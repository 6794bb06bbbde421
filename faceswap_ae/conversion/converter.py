"""How do clips and photos become ones in which a run's face is shown?

    1  find     every face of a clip, once (finding.py); who gets whose face (casting.py), and where
                each lies, steadily (placing.py)
    2  render   decode, swap, encode in segments that survive a stop (rendering.py, segments.py)

The second pass knows the whole clip from the first: so tracks can be judged and smoothed as wholes,
and frames then pass in a straight line, in flat memory.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from faceswap_ae.common.atomic import check_is_no_input, replacing
from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import Progress
from faceswap_ae.conversion.assignment import Assignment, RunRole, SwapRequest, assign_faces
from faceswap_ae.conversion.compositing.masks import painted
from faceswap_ae.conversion.compositor import CompositeOptions, Compositor
from faceswap_ae.conversion.renderer import GROUP, REVISION, WARMUP, RenderPlan, render
from faceswap_ae.conversion.report import (
    REPORT,
    ConvertedClip,
    ReportBuilder,
    count_up,
    read_job,
    rows_of,
    write_clip_report,
)
from faceswap_ae.conversion.smoothing import SMOOTH
from faceswap_ae.conversion.swapper import Swapper
from faceswap_ae.conversion.trajectories import place_faces
from faceswap_ae.conversion.views import View, ViewNames, choose_views
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions, count_unscanned, scan
from faceswap_ae.faces.detection.scan_cache import ScannedClip, find_scan
from faceswap_ae.media import png, provenance, reader
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import H264, Encoding, check_encoding
from faceswap_ae.media.resumable_writer import ResumableWriter, resumable
from faceswap_ae.media.segment_store import SEGMENT, OutputSpec
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.writer import form_of
from faceswap_ae.training.runs.run import Run
from faceswap_ae.version import VERSION


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert."""

    runs: tuple[Run, ...]
    data: Path = Path("data")
    reverse: bool = False  # the onto-identity's face goes onto the other's clip
    wanted: SwapRequest = field(default_factory=SwapRequest)
    look: ScanOptions = field(default_factory=ScanOptions)
    smooth: str = "rts"
    style: CompositeOptions = field(default_factory=CompositeOptions)
    painted: Path | None = None  # a picture of the mask, in the crop
    span: Span = WHOLE  # of what is swapped
    cut: bool = False  # write nothing else
    view: str = "result"
    encoding: Encoding = H264
    frames: bool = False  # a video becomes a folder of pictures
    segment: int = SEGMENT  # frames that are lost at most when it is stopped

    def __post_init__(self) -> None:
        if not self.runs:
            raise UserError("convert: name a run with --run; faceswap-ae runs list shows all")
        choose_views(self.view)
        if self.smooth not in SMOOTH:
            raise UserError(unknown("smoothing", self.smooth, SMOOTH))
        check_encoding(self.encoding)
        if self.frames and self.encoding.codec != H264.codec:
            raise UserError(f"--codec {self.encoding.codec}: is for videos, not for pictures")


@dataclass(frozen=True)
class PreparedClip:
    """A clip of which all is known that rendering needs."""

    clip: Clip
    span: Span  # of what is swapped
    found: ScannedClip
    roles: Assignment
    scene: RenderPlan


class Converter:
    """The networks of some runs and all that looking needs, kept from clip to clip."""

    def __init__(self, options: ConvertOptions, progress: Progress) -> None:
        self.options, self.progress = options, progress
        self.swappers = [Swapper(run, reverse=options.reverse) for run in options.runs]
        self.eyes = Detectors(options.look)
        self.painted = None if options.painted is None else painted(options.painted)
        self.dressers = [Compositor(one, options.style, self.painted) for one in self.swappers]
        self.now = datetime.now(UTC)

    @property
    def names(self) -> ViewNames:
        """Who is who, for people."""
        told = [f"{one.face} on {one.onto}" for one in self.swappers]
        return ViewNames(" and ".join(one.onto for one in self.swappers), ", ".join(told))

    def found(self, clip: Clip, span: Span) -> tuple[ScannedClip, Assignment]:
        """Every face of a part of a clip, and who gets a new one."""
        from faceswap_ae.training import known_people

        folders = [self.options.data / one.onto for one in self.swappers]
        known = find_scan(clip, span, self.options.look, folders)
        total = count_unscanned(clip, known.journal, span, self.options.look)
        with self.progress(f"find faces in {clip.path.name}", total) as advance:
            for count, _ in enumerate(scan(clip, known.journal, self.eyes, span), 1):
                advance(count)
        roles = [
            RunRole(one.onto, known_people.load_known_person(one.run, one.whom))
            for one in self.swappers
        ]
        try:
            return known, assign_faces(known.faces(span), roles, self.options.wanted, self.eyes)
        except UserError as error:
            raise UserError(f"{clip.path}: {error}") from error

    def prepared(self, clip: Clip, span: Span, *, covers: bool) -> PreparedClip:
        """The first pass over a clip; `covers` where masks are wanted too."""
        if not clip.pictures and not span.count(clip.rate, clip.count):
            there = f"has {clip.count} frames, {float(clip.duration):.2f} s"
            raise UserError(f"{clip.path}: {there}; the part asked for holds none")
        found, roles = self.found(clip, span)
        where = place_faces(found.faces(span), roles.roles, self.options.smooth, found.dropped)
        return PreparedClip(clip, span, found, roles, RenderPlan(self.dressers, where, covers))

    def marks(self, roles: Assignment) -> dict[str, str]:
        """What an output says of itself."""
        used = [self.swappers[role] for role in sorted(set(roles.roles.values()))]
        told = [f"{one.face}'s face put onto {one.onto}" for one in used]
        return provenance.make_marks(self.now, "; ".join(told))

    def output(self, one: PreparedClip, place: Path, view: View) -> OutputSpec:
        """A video of a view, with the clip's sound."""
        encoding = replace(self.options.encoding, repeatable=True)
        span = one.span if self.options.cut else WHOLE
        size, said = view.size(one.clip), self.marks(one.roles)
        return OutputSpec(place, size, encoding, one.clip, span, said, self.options.segment)


def convert_clip(converter: Converter, clip: Clip, out: Path) -> ConvertedClip:
    """One clip or photo. The output appears when it is complete; stopped, it goes on there."""
    options = converter.options
    views = choose_views(options.view)
    outputs = {name: _place(out, name, len(views)) for name in views}
    for place in outputs.values():
        _check(clip, place, options)
    covers = any(view.covers for view in views.values())
    span = WHOLE if clip.pictures else options.span
    one = converter.prepared(clip, span, covers=covers)
    report = out.with_name(out.name + REPORT)
    if clip.pictures:
        return _photo(converter, one, outputs, report)
    job = _job(converter, one)
    with ExitStack() as stack:
        told = stack.enter_context(replacing(report))
        parts = {
            name: stack.enter_context(
                resumable(converter.output(one, place, views[name]), {**job, "view": name})
            )
            for name, place in outputs.items()
        }
        _render(converter, one, parts)
        part = next(iter(parts.values()))
        done = count_up(clip.path, list(outputs.values()), rows_of(part))
        head = {**converter.marks(one.roles), **done.to_json(), "job": job}
        write_clip_report(told, head, rows_of(part))
    return done


def is_made(converter: Converter, clip: Clip, out: Path) -> bool:
    """Is there an output already that was made in just this way?"""
    views = choose_views(converter.options.view)
    if not all(_place(out, name, len(views)).exists() for name in views):
        return False
    made = read_job(out)
    if made is None:
        return False
    one = converter.prepared(clip, converter.options.span, covers=False)
    return bool(made == json.loads(json.dumps(_job(converter, one))))


def _render(converter: Converter, one: PreparedClip, parts: Mapping[str, ResumableWriter]) -> None:
    """Write the frames that are not written yet; those before them serve to know what was."""
    begins = {name: _next_frame(part) for name, part in parts.items()}
    first, views, clip = min(begins.values()), choose_views(converter.options.view), one.clip
    builder = ReportBuilder(one.found, one.roles, one.scene, one.span)
    span = next(iter(parts.values())).output.span
    start = max(span.first, (first - WARMUP) // GROUP * GROUP)
    keep_going = converter.options.look.keep_going
    frames = reader.frames(clip, replace(span, first=start), keep_going=keep_going)
    left = span.count(clip.rate, clip.count) - min(part.done for part in parts.values())
    count = 0
    with converter.progress(f"swap {clip.path.name}", left) as advance:
        for frame in render(frames, one.scene):
            if frame.frame.index < first:
                continue
            row = builder.row(frame).to_json()
            for name, part in parts.items():
                if frame.frame.index >= begins[name]:
                    shown = views[name].show(frame, converter.names)
                    part.write(shown, frame.frame.time, frame.frame.duration, row)
            count += 1
            advance(count)


def _next_frame(part: ResumableWriter) -> int:
    """The number of the frame that comes after those that are done."""
    number = part.output.span.first
    for row in rows_of(part):
        number = row.frame + 1
    return number


def _photo(
    converter: Converter, one: PreparedClip, outputs: Mapping[str, Path], report: Path
) -> ConvertedClip:
    views, said = choose_views(converter.options.view), converter.marks(one.roles)
    builder = ReportBuilder(one.found, one.roles, one.scene, one.span)
    rows = []
    for frame in render(reader.frames(one.clip), one.scene):
        rows.append(builder.row(frame))
        for name, place in outputs.items():
            write_picture(place, views[name].show(frame, converter.names), said)
    done = count_up(one.clip.path, list(outputs.values()), rows)
    write_clip_report(report, {**said, **done.to_json(), "job": _job(converter, one)}, rows)
    return done


def _check(clip: Clip, out: Path, options: ConvertOptions) -> None:
    """Can this be written? Told now, not after the clip was looked through."""
    if clip.pictures:
        check_picture(clip, out)
        return
    if options.frames and out.suffix:
        raise UserError(f"{out}: is no folder's name; --codec png writes a folder of pictures")
    check_is_no_input(out, [clip.path])
    form_of(out, options.encoding)


def check_picture(clip: Clip, out: Path) -> None:
    """Can a frame of a clip be written there?"""
    check_is_no_input(out, [clip.path, *clip.pictures])
    if out.suffix.lower() != ".png":
        raise UserError(f"{out}: a picture goes into .png, where it keeps its marks")


def write_picture(out: Path, picture: Image, said: Mapping[str, str]) -> None:
    """With what says that it is altered."""
    with replacing(out) as part:
        part.write_bytes(png.encode(picture, provenance.png_words(said)))


def _job(converter: Converter, one: PreparedClip) -> dict[str, Any]:
    """All that the frames of an output depend on."""
    options = converter.options
    own_mask = b"" if converter.painted is None else converter.painted.tobytes()
    return {
        "version": [VERSION, REVISION],
        "clip": one.found.key,
        "runs": [
            [own.run.name, own.run.facts.created, own.step, own.face, own.align]
            for own in converter.swappers
        ],
        "style": asdict(options.style),
        "view": options.view,
        "encoding": asdict(options.encoding),
        "part": [str(options.span), options.cut],
        "places": one.scene.places.digest,
        "painted": blake2b(own_mask).hexdigest(),
    }


def _place(out: Path, view: str, of: int) -> Path:
    """`out.mp4`; where there are several views, `out-side.mp4` for all but the result."""
    return out if of == 1 or view == "result" else out.with_stem(f"{out.stem}-{view}")
