"""What do a result, the performance it was made from, and the true swap show at the same moment?

Frames pass side by side, one moment at a time, each with the face of whoever is meant. A result
that is only a part of the performance says in its conversion's report which frames it shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from typing import Literal

import numpy as np

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Flags, Image
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.conversion.assignment import OUTSIDE
from faceswap_ae.conversion.report import FrameRow
from faceswap_ae.evaluation.ground_truth import GroundTruth
from faceswap_ae.evaluation.target import MeasuredClip, TargetPerson
from faceswap_ae.faces.record import Face
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.reader import Frame
from faceswap_ae.media.scene_cuts import CutDetector
from faceswap_ae.media.span import Span

Role = Literal["result", "onto", "truth"]

DRAWN = 12  # frames of the true swap by its other definition, which have to be rendered
PADDED = 1  # pixel that an encoder adds to a side that is odd
LATE = Fraction(1, 2)  # of a frame, that clips may differ in time


@dataclass(frozen=True, eq=False)
class AlignedFrames:
    """Frames that are shown at the same time, and where the face is in them."""

    at: int  # the number in the result
    time: float  # seconds
    cut: bool  # does another scene begin here?
    images: Mapping[Role, Image]
    faces: Mapping[Role, Face]
    visible: Flags | None = None  # of the true swap: where the face is seen
    other: Image | None = None  # the true swap by the other definition


@dataclass(frozen=True, eq=False)
class ComparedClips:
    """Clips of the same moments."""

    result: MeasuredClip
    leads: TargetPerson  # who is meant: in the performance, or in the result where there is none
    numbers: Sequence[int]  # of the performance's frames, that the result shows
    truth: MeasuredClip | None = None
    answer: GroundTruth | None = None
    unasked: frozenset[int] = frozenset()  # frames of the result that were not to be swapped

    @property
    def onto(self) -> MeasuredClip | None:
        """The performance, if it is known."""
        return None if self.leads.looked is self.result else self.leads.looked

    @property
    def clips(self) -> dict[Role, MeasuredClip]:
        """All that there are."""
        every: dict[Role, MeasuredClip | None] = {
            "result": self.result,
            "onto": self.onto,
            "truth": self.truth,
        }
        return {role: one for role, one in every.items() if one is not None}

    def number(self, role: Role, at: int) -> int:
        """The number of a moment's frame in one of the clips."""
        return at if role == "result" else self.numbers[at]

    def faces(self, at: int) -> dict[Role, Face]:
        """Where whoever is meant is at a moment; nothing where they are not seen."""
        place = None if at in self.unasked else self.leads.at(self.numbers[at])
        if place is None:
            return {}
        found: dict[Role, Face | None] = {
            role: place if one is self.leads.looked else one.near(self.number(role, at), place)
            for role, one in self.clips.items()
        }
        return {role: face for role, face in found.items() if face is not None}


def frame_numbers(
    result: MeasuredClip, onto: MeasuredClip, rows: Sequence[FrameRow] = ()
) -> Sequence[int]:
    """Which frames of a performance a result shows: all, or those that its report names."""
    shown = [row.frame for row in rows]
    if len(shown) == result.count and all(map(onto.has, shown)):
        return shown
    if result.count == onto.count:
        return range(result.count)
    one, other = (f"{each.clip.path} has {each.count} frames" for each in (result, onto))
    raise UserError(f"{one}, {other}: compare clips of the same moments")


def frames_not_asked(result: MeasuredClip, rows: Sequence[FrameRow]) -> frozenset[int]:
    """Frames before and after the part that a conversion was to swap, by its report."""
    asked = [at for at, row in enumerate(rows) if any(face.left != OUTSIDE for face in row.faces)]
    if len(rows) != result.count or not asked:
        return frozenset()
    return frozenset(range(result.count)) - frozenset(range(asked[0], asked[-1] + 1))


def align_frames(stage: ComparedClips) -> Iterator[AlignedFrames]:
    """Every moment of the result, in order."""
    begins, drawn = CutDetector(), set(evenly_spaced(range(stage.result.count), DRAWN))
    roles = tuple(stage.clips)
    for at, row in enumerate(_abreast(stage)):
        shown = dict(zip(roles, row, strict=False))
        images = _even({role: frame.image for role, frame in shown.items()})
        scene = images.get("onto", images["result"])
        visible = row[-1].image[..., 0] > 127 if len(row) > len(roles) else None
        yield AlignedFrames(
            at,
            float(row[0].time),
            begins(scene),
            images,
            stage.faces(at),
            visible,
            stage.answer.drawn(stage.numbers[at]) if stage.answer and at in drawn else None,
        )


def _abreast(stage: ComparedClips) -> Iterator[tuple[Frame, ...]]:
    """The frames of all clips, and of the true swap's mask as the last."""
    streams = [
        _only(one.clip, None if role == "result" else stage.numbers)
        for role, one in stage.clips.items()
    ]
    if stage.answer is not None and stage.answer.mask is not None:
        streams.append(_only(open_clip(stage.answer.mask), stage.numbers))
    begin: tuple[Frame, ...] | None = None
    for row in zip_longest(*streams):
        if None in row:
            raise MediaError(f"{stage.result.clip.path}: is not as long as what it is compared to")
        begin = begin or row
        _check_times(stage, begin, row)
        yield row


def _only(clip: Clip, wanted: Sequence[int] | None) -> Iterator[Frame]:
    if wanted is None:
        yield from reader.frames(clip)
        return
    chosen = wanted if isinstance(wanted, range) else set(wanted)
    for frame in reader.frames(clip, Span(first=wanted[0], last=wanted[-1])):
        if frame.index in chosen:
            yield frame


def _check_times(stage: ComparedClips, begin: Sequence[Frame], row: Sequence[Frame]) -> None:
    """Frames of the same number are to be shown at the same time."""
    passed = [frame.time - first.time for frame, first in zip(row, begin, strict=True)]
    if max(passed) - min(passed) > LATE / stage.result.clip.rate:
        told = ", ".join(f"{float(one):.2f} s" for one in passed)
        name = stage.result.clip.path
        raise UserError(f"{name}: frame {row[0].index} is shown at {told} in the clips compared")


def _even(images: Mapping[Role, Image]) -> dict[Role, Image]:
    """Pictures of one size; an encoder may have added a column or a row."""
    sizes = np.array([image.shape[:2] for image in images.values()])
    height, width = sizes.min(axis=0)
    if np.any(sizes.max(axis=0) - sizes.min(axis=0) > PADDED):
        told = ", ".join(
            f"{role} {image.shape[1]}x{image.shape[0]}" for role, image in images.items()
        )
        raise UserError(f"pictures of different sizes ({told}); compare clips of one size")
    return {role: image[:height, :width] for role, image in images.items()}
