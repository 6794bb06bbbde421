"""How are the frames of a result, of its performance and of the true swap synchronised?

The clips are read side by side, one moment at a time. Each frame comes with the face of the target
person. If a result shows only a part of the performance, the report of its conversion says which
frames these are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from typing import Literal

import numpy as np

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Flags, Image, invert, transform
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.conversion.assignment import OUTSIDE
from faceswap_ae.conversion.report import FrameRow
from faceswap_ae.evaluation.ground_truth import GroundTruth
from faceswap_ae.evaluation.image_metrics import CROP, SIDE
from faceswap_ae.evaluation.target import MeasuredClip, TargetPerson
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.record import Face
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.reader import Frame
from faceswap_ae.media.scene_cuts import CutDetector
from faceswap_ae.media.span import Span

Role = Literal["result", "onto", "truth"]

DRAWN = 12  # frames of the true swap that are rendered by its other definition
BESIDE = 24  # pixels beside the crop: light from there reaches into it
PADDED = 1  # pixel that an encoder adds to an odd side
LATE = Fraction(1, 2)  # of a frame's length: the largest time difference between clips


@dataclass(frozen=True, eq=False)
class AlignedFrames:
    """The frames of all clips that are shown at the same time, and the face in each."""

    at: int  # the frame's number in the result
    time: float  # seconds
    cut: bool  # whether a new scene begins here
    images: Mapping[Role, Image]
    faces: Mapping[Role, Face]
    visible: Flags | None = None  # where the face is visible in the true swap
    other: Image | None = None  # the true swap by the other definition


@dataclass(frozen=True, eq=False)
class ComparedClips:
    """The clips of one swap, which show the same moments."""

    result: MeasuredClip
    leads: TargetPerson  # the target person: in the performance, or in the result if none is known
    numbers: Sequence[int]  # numbers of the performance's frames that the result shows
    truth: MeasuredClip | None = None
    answer: GroundTruth | None = None
    unasked: frozenset[int] = frozenset()  # frames of the result outside the converted part

    @property
    def onto(self) -> MeasuredClip | None:
        """The performance, if it is known."""
        return None if self.leads.looked is self.result else self.leads.looked

    @property
    def clips(self) -> dict[Role, MeasuredClip]:
        """The clips that exist, by their role."""
        every: dict[Role, MeasuredClip | None] = {
            "result": self.result,
            "onto": self.onto,
            "truth": self.truth,
        }
        return {role: one for role, one in every.items() if one is not None}

    def number(self, role: Role, at: int) -> int:
        """Return the frame number in one of the clips, for frame `at` of the result."""
        return at if role == "result" else self.numbers[at]

    def faces(self, at: int) -> dict[Role, Face]:
        """Return the target person's face in each clip at a moment; empty if it is not visible."""
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
    """Return the numbers of the frames that a result shows: all, or those named in its report."""
    shown = [row.frame for row in rows]
    if len(shown) == result.count and all(map(onto.has, shown)):
        return shown
    if result.count == onto.count:
        return range(result.count)
    one, other = (f"{each.clip.path} has {each.count} frames" for each in (result, onto))
    raise UserError(f"{one}, {other}: compare clips of the same moments")


def frames_not_asked(result: MeasuredClip, rows: Sequence[FrameRow]) -> frozenset[int]:
    """Return the frames before and after the part that was to be swapped, by the report's rows."""
    asked = [at for at, row in enumerate(rows) if any(face.left != OUTSIDE for face in row.faces)]
    if len(rows) != result.count or not asked:
        return frozenset()
    return frozenset(range(result.count)) - frozenset(range(asked[0], asked[-1] + 1))


def align_frames(stage: ComparedClips) -> Iterator[AlignedFrames]:
    """Yield every moment of the result, in order."""
    begins, drawn = CutDetector(), set(evenly_spaced(range(stage.result.count), DRAWN))
    roles = tuple(stage.clips)
    for at, row in enumerate(_abreast(stage)):
        shown = dict(zip(roles, row, strict=False))
        images = _even({role: frame.image for role, frame in shown.items()})
        scene = images.get("onto", images["result"])
        visible = row[-1].image[..., 0] > 127 if len(row) > len(roles) else None
        faces = stage.faces(at)
        other = _drawn(stage, at, faces) if at in drawn else None
        time = float(row[0].time)
        yield AlignedFrames(at, time, begins(scene), images, faces, visible, other)


def _drawn(stage: ComparedClips, at: int, faces: Mapping[Role, Face]) -> Image | None:
    """Render what is compared of the true swap by its other definition."""
    if stage.answer is None or "truth" not in faces:
        return None
    corners = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]], np.float64)
    reach = transform(corners, invert(matrix_of(faces["truth"].landmarks, CROP, SIDE)))
    left, top = (int(side) - BESIDE for side in reach.min(axis=0))
    right, bottom = (int(side) + BESIDE for side in reach.max(axis=0))
    return stage.answer.drawn(stage.numbers[at], (left, top, right, bottom))


def _abreast(stage: ComparedClips) -> Iterator[tuple[Frame, ...]]:
    """Yield the frames of all clips side by side; the true swap's mask comes last."""
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
    """Raise an error if the frames of one moment are shown at different times."""
    passed = [frame.time - first.time for frame, first in zip(row, begin, strict=True)]
    if max(passed) - min(passed) > LATE / stage.result.clip.rate:
        told = ", ".join(f"{float(one):.2f} s" for one in passed)
        name = stage.result.clip.path
        raise UserError(f"{name}: frame {row[0].index} is shown at {told} in the clips compared")


def _even(images: Mapping[Role, Image]) -> dict[Role, Image]:
    """Crop pictures to one size; an encoder may have added a column or a row."""
    sizes = np.array([image.shape[:2] for image in images.values()])
    height, width = sizes.min(axis=0)
    if np.any(sizes.max(axis=0) - sizes.min(axis=0) > PADDED):
        told = ", ".join(
            f"{role} {image.shape[1]}x{image.shape[0]}" for role, image in images.items()
        )
        raise UserError(f"pictures of different sizes ({told}); compare clips of one size")
    return {role: image[:height, :width] for role, image in images.items()}
