"""What became of every face in every frame of a conversion? Its report, written and read again.

The report lies beside the output, as `swap.mp4.json`: a head that tells of the whole, then a row
for each frame.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from faceswap_ae.common.beside import beside
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.conversion.assignment import DROPPED, NO_FACE, OUTSIDE, Assignment
from faceswap_ae.faces.boxes import Box
from faceswap_ae.faces.detection.scan_cache import ScannedClip, is_within
from faceswap_ae.faces.record import Face
from faceswap_ae.media.resumable_writer import ResumableWriter
from faceswap_ae.media.span import Span
from faceswap_ae.training.runs.run import Run, new_run_folder

if TYPE_CHECKING:  # it would load Keras, and evaluation reads reports without
    from faceswap_ae.conversion.renderer import RenderedFrame

REPORT = ".json"  # after the whole name of the output


@dataclass(frozen=True)
class FaceRow:
    """A face of one frame: whose face it got, or why it was left alone."""

    track: int
    box: Box | None = None  # None where the face was not found, but known from the frames around
    swapped: str | None = None
    left: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what there is to tell."""
        box = None if self.box is None else list(self.box)
        told = {"track": self.track, "box": box, "swapped": self.swapped, "left": self.left}
        return {key: value for key, value in told.items() if value is not None}

    @classmethod
    def from_json(cls, told: JsonFields) -> Self:
        """Raises ValueError where it is no such row."""
        box = _box(told) if "box" in told else None
        words = {key: told.text(key) for key in ("swapped", "left") if key in told}
        return cls(told.whole("track", least=-1), box, **words)


@dataclass(frozen=True)
class FrameRow:
    """A frame of the performance by its number, and its faces."""

    frame: int
    time: float  # seconds
    faces: tuple[FaceRow, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a line of the report has it."""
        faces = [face.to_json() for face in self.faces]
        return {"frame": self.frame, "time": self.time, "faces": faces}

    @classmethod
    def from_json(cls, told: JsonFields) -> Self:
        """Raises ValueError where it is no such row."""
        faces = tuple(map(FaceRow.from_json, told.objects("faces")))
        return cls(told.whole("frame"), told.number("time"), faces)


def _box(told: JsonFields) -> Box:
    left, top, right, bottom = told.numbers("box", 4)
    return left, top, right, bottom


@dataclass
class ConvertedClip:
    """What became of one clip."""

    source: Path
    outputs: list[Path]
    frames: int = 0
    swapped: int = 0  # frames with a new face
    reasons: Counter[str] = field(default_factory=Counter)  # faces left alone

    def to_json(self) -> dict[str, Any]:
        """As the head of the report has it."""
        return {
            "clip": self.source.name,
            "outputs": [path.name for path in self.outputs],
            "frames": self.frames,
            "swapped": self.swapped,
            "left": dict(self.reasons),
        }


@dataclass(frozen=True)
class ReportBuilder:
    """Makes the row of each frame."""

    found: ScannedClip
    assignment: Assignment
    owners: Mapping[int, str]  # whose face each track gets
    span: Span  # of what is swapped

    def row(self, one: "RenderedFrame") -> FrameRow:
        """A frame's faces: whose they became, or why they were left alone."""
        index = one.frame.index
        faces = [self._face(face, one.tracks) for face in self.found.faces_at(index)]
        seen = {face.track for face in faces}
        faces += [
            FaceRow(track, swapped=self.owners[track]) for track in one.tracks if track not in seen
        ]
        return FrameRow(index, round(float(one.frame.time), 4), tuple(faces))

    def _face(self, face: Face, swapped: Sequence[int]) -> FaceRow:
        left, top, right, bottom = (round(side, 1) for side in face.box)
        box = left, top, right, bottom
        if face.track in swapped:
            return FaceRow(face.track, box, swapped=self.owners[face.track])
        return FaceRow(face.track, box, left=self._reason(face))

    def _reason(self, face: Face) -> str:
        if face.id in self.found.dropped:
            return DROPPED
        if not is_within(face, self.span):
            return OUTSIDE
        return self.assignment.why.get(face.track, NO_FACE)


def count_up(source: Path, outputs: list[Path], rows: Iterable[FrameRow]) -> ConvertedClip:
    """What became of a clip, by the rows of its frames."""
    done = ConvertedClip(source, outputs)
    for row in rows:
        done.frames += 1
        done.swapped += any(face.swapped is not None for face in row.faces)
        done.reasons.update(face.left for face in row.faces if face.left is not None)
    return done


def rows_of(part: ResumableWriter) -> Iterator[FrameRow]:
    """The rows of the frames that an output has by now, whoever wrote them."""
    return (FrameRow.from_json(JsonFields(note)) for note in part.notes())


def write_clip_report(place: Path, head: Mapping[str, Any], rows: Iterable[FrameRow]) -> None:
    """JSON, a line for each frame."""
    write_lines(place, head, (row.to_json() for row in rows))


def write_lines(place: Path, head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON: a head, and `every` row in a line of its own."""
    with place.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "every": [\n')
        for number, row in enumerate(rows):
            file.write((",\n" if number else "") + "  " + json.dumps(row))
        file.write("\n ]\n}\n")


def read_rows(output: Path) -> list[FrameRow]:
    """What the report beside an output tells of each frame; nothing where it cannot be read."""
    try:
        return list(map(FrameRow.from_json, _read(output).objects("every")))
    except (OSError, ValueError):
        return []


def read_job(output: Path) -> Any:
    """What an output was made from, in which way; None where its report does not tell."""
    try:
        return _read(output).any("job")
    except (OSError, ValueError):
        return None


def made_by(output: Path, runs: Path) -> Run | None:
    """The run that made an output, if it is there still and was not begun anew."""
    try:
        name, created, *_ = _read(output).inner("job").items("runs")[0]
        run = Run(new_run_folder(str(name), runs))
        return run if run.card.is_file() and run.facts.created == created else None
    except (OSError, ValueError, TypeError, IndexError, UserError):
        return None


def report_of(output: Path) -> Path:
    """The report's place, beside the output."""
    return beside(output, after=REPORT)


def _read(output: Path) -> JsonFields:
    return JsonFields.read(report_of(output))
