"""How is a clip prepared for conversion, and how do its frames get new faces (the converter)?

    1  prepare  find every face of the clip, once (faces/detection/scan.py); assign the runs to its
                tracks (assignment.py); place each face in each frame, steadily (trajectories.py)
    2  frames   decode, generate and composite the faces (renderer.py), one frame after the other

The second pass knows the whole clip from the first. So tracks are judged and smoothed as wholes,
and frames pass in order, in memory that does not grow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.common.progress import Progress
from faceswap_ae.conversion.assignment import Assignment, RunRole, SwapRequest, assign_faces
from faceswap_ae.conversion.compositing.masks import painted
from faceswap_ae.conversion.compositor import CompositeOptions, Compositor
from faceswap_ae.conversion.face_generator import FaceGenerator
from faceswap_ae.conversion.instant import InstantSwapper
from faceswap_ae.conversion.renderer import RenderedFrame, RenderPlan, render, warm_start
from faceswap_ae.conversion.report import FrameRow, ReportBuilder
from faceswap_ae.conversion.smoothing import SMOOTH
from faceswap_ae.conversion.swapper import Swapper
from faceswap_ae.conversion.trajectories import place_faces
from faceswap_ae.conversion.views import ViewNames, choose_views
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions
from faceswap_ae.faces.detection.scan_cache import ScannedClip, scan_clip
from faceswap_ae.marks.seal import Deed, MarkOptions, OutputSeal, make_seal
from faceswap_ae.media import provenance, reader
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import H264, Encoding, check_encoding
from faceswap_ae.media.segments import SEGMENT
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.reenactment.source_faces import load_source_faces
from faceswap_ae.training.runs.run import Run


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert."""

    runs: tuple[Run, ...] = ()
    data: Path = Path("data")
    reverse: bool = False  # the onto-identity's face goes onto the other's clip
    wanted: SwapRequest = field(default_factory=SwapRequest)
    scan: ScanOptions = field(default_factory=ScanOptions)
    smooth: str = "rts"
    style: CompositeOptions = field(default_factory=CompositeOptions)
    painted: Path | None = None  # a picture of the mask, in the crop
    span: Span = WHOLE  # of what is swapped
    cut: bool = False  # write nothing else
    view: str = "result"
    encoding: Encoding = H264
    frames: bool = False  # a video becomes a folder of pictures
    overwrite: bool = False  # a file at an output's place that is none of ours
    marks: MarkOptions = field(default_factory=MarkOptions)
    segment: int = SEGMENT  # frames that are lost at most when it is stopped
    source: Path | None = None  # a face folder: its pictures are used, and no run
    onto: str = "the performer"  # with a source, who is replaced; a folder of the name may be there

    def __post_init__(self) -> None:
        if not self.runs and self.source is None:
            raise UserError("convert: name a run with --run, or a face folder with --face")
        if self.runs and self.source is not None:
            raise UserError("convert: --run and --face: say one of them")
        if self.reverse and self.source is not None:
            raise UserError("--reverse: is of a run; with --face, name the other person's faces")
        choose_views(self.view)
        if self.smooth not in SMOOTH:
            raise UserError(unknown("smoothing", self.smooth, SMOOTH))
        check_encoding(self.encoding)
        if self.frames and self.encoding.codec != H264.codec:
            raise UserError(f"--codec {self.encoding.codec}: is for videos, not for pictures")


@dataclass(frozen=True)
class PreparedClip:
    """A clip with all that rendering has to know of it."""

    clip: Clip
    span: Span  # of what is swapped
    found: ScannedClip
    assignment: Assignment
    plan: RenderPlan

    @property
    def owners(self) -> Mapping[int, str]:
        """Whose face each track gets."""
        compositors = self.plan.compositors
        roles = self.assignment.roles.items()
        return {track: compositors[role].swapper.face for track, role in roles}


class Converter:
    """The networks of some runs and the detectors, kept from clip to clip."""

    def __init__(self, options: ConvertOptions, progress: Progress) -> None:
        self.options, self.progress = options, progress
        self.swappers = _generators(options)
        self.detectors = Detectors(replace(options.scan, landmarks=_landmarks(self.swappers)))
        self.painted = None if options.painted is None else painted(options.painted)
        self.compositors = [Compositor(one, options.style, self.painted) for one in self.swappers]
        self.now = datetime.now(UTC)

    @property
    def names(self) -> ViewNames:
        """The names that stand over the pictures of a view."""
        swaps = [f"{one.face} on {one.onto}" for one in self.swappers]
        return ViewNames(" and ".join(one.onto for one in self.swappers), ", ".join(swaps))

    def scan(self, clip: Clip, span: Span) -> ScannedClip:
        """Every face of a part of a clip."""
        folders = [self.options.data / one.onto for one in self.swappers]
        return scan_clip(clip, span, self.detectors, folders, self.progress)

    def prepare(self, clip: Clip, span: Span, *, covers: bool) -> PreparedClip:
        """The first pass over a clip; `covers` where masks are wanted too."""
        if not clip.pictures and not span.count(clip.rate, clip.count):
            there = f"has {clip.count} frames, {float(clip.duration):.2f} s"
            raise UserError(f"{clip.path}: {there}; the part asked for holds none")
        options, found = self.options, self.scan(clip, span)
        instant = options.source is not None
        roles = [RunRole(one.onto, one.known, anyone=instant) for one in self.swappers]
        try:
            assignment = assign_faces(found.faces(span), roles, options.wanted, self.detectors)
        except UserError as error:
            raise UserError(f"{clip.path}: {error}") from error
        places = found.faces(span), assignment.roles, options.smooth, found.dropped
        where = place_faces(*places, meshes=instant)
        compositors = [one.for_clip(where, role) for role, one in enumerate(self.compositors)]
        return PreparedClip(clip, span, found, assignment, RenderPlan(compositors, where, covers))

    def frames(
        self, one: PreparedClip, span: Span, first: int = 0
    ) -> Iterator[tuple[RenderedFrame, FrameRow]]:
        """The frames of a part of a clip from `first` on, each with its row of the report.

        Frames of that part just before `first` are rendered too, and left out: what is averaged
        over time comes out as if all had been rendered.
        """
        builder = ReportBuilder(one.found, one.assignment, one.owners, one.span)
        start = max(span.first, warm_start(first))
        keep_going = self.options.scan.keep_going and not one.clip.pictures
        shown = reader.frames(one.clip, replace(span, first=start), keep_going=keep_going)
        for frame in render(shown, one.plan):
            if frame.frame.index >= first:
                yield frame, builder.row(frame)

    def seal(self, one: PreparedClip, job: Mapping[str, Any]) -> OutputSeal:
        """The marks of an output: that it is AI-altered, and how."""
        used = [self.swappers[role] for role in sorted(set(one.assignment.roles.values()))]
        swaps = [f"{one.face}'s face put onto {one.onto}" for one in used]
        tags = provenance.make_marks(self.now, "; ".join(swaps))
        return make_seal(self.options.marks, Deed("swap", tags, job, one.clip.path))


def _generators(options: ConvertOptions) -> list[FaceGenerator]:
    """What makes the faces: a network of each run, or a person's own pictures."""
    if options.source is not None:
        return [InstantSwapper(load_source_faces(options.source), options.onto)]
    return [Swapper(run, reverse=options.reverse) for run in options.runs]


def _landmarks(generators: Sequence[FaceGenerator]) -> str:
    """Who finds the landmarks: whoever found those that the faces are made by."""
    kinds = {one.landmarks: one.name for one in generators}
    if len(kinds) > 1:
        told = ", ".join(f"{name} with landmarks by {kind}" for kind, name in kinds.items())
        raise UserError(f"trained {told}: these do not mix; convert with one run after the other")
    return next(iter(kinds))
