"""Which segments of an output are complete, and what is in them?

A hidden folder beside the output keeps what a stopped conversion has done:

    .out.mp4.parts/job.json         what is being made, and by which encoder
                   000000.packets   the encoder's packets of the first segment, end to end
                   000000.json      its frames' times and notes, its packets' lengths: written last
                   pictures/        instead of packets, if the output is pictures

A segment without its JSON does not exist. Packets are stored without a container, because each
container rounds times or changes bytes in its own way. The exact times are in the JSON.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from faceswap_ae.common.atomic import explain_os_error, write_text
from faceswap_ae.common.errors import UserError
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import H264, Encoding
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.waveform import Waveform

# Frames; about x264's own keyframe distance, so that the keyframe of each segment costs nothing.
SEGMENT = 240
VERSION = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutputSpec:
    """What is to be made: a file or folder like `like`, with its other tracks and its marks."""

    path: Path
    like: Clip
    encoding: Encoding = H264
    tracks: Clip | Waveform | None = None
    span: Span = WHOLE
    marks: Mapping[str, str] = field(default_factory=dict)
    segment: int = SEGMENT


@dataclass(frozen=True)
class WrittenFrame:
    """A frame that is done: its time, its duration, and the caller's note about it."""

    time: Fraction
    duration: Fraction
    note: Any = None


@dataclass(frozen=True)
class PacketInfo:
    """One packet: its bytes, its frame's number in the segment, whether it is a keyframe."""

    size: int
    frame: int
    key: bool


@dataclass(frozen=True)
class Segment:
    """Frames in display order, packets in decoding order (a segment of pictures has none)."""

    frames: tuple[WrittenFrame, ...]
    pieces: tuple[PacketInfo, ...] = ()
    delay: int = 0  # frames by which decoding is ahead of display
    extradata: bytes = b""  # what a decoder must know before the first packet


@dataclass(frozen=True)
class WorkFolder:
    """The folder that keeps the parts of one output."""

    path: Path

    @property
    def pictures(self) -> Path:
        return self.path / "pictures"

    def packets(self, number: int) -> Path:
        """Return the path of a segment's packets."""
        return self.path / f"{number:06}.packets"

    def add(self, number: int, segment: Segment) -> None:
        """Write a segment's JSON; this makes the segment complete."""
        write_text(self._facts(number), json.dumps(_to_json(segment), separators=(",", ":")) + "\n")

    def segment(self, number: int) -> Segment | None:
        """Return a complete segment; None if it is not complete."""
        try:
            segment = _from_json(json.loads(self._facts(number).read_bytes()))
            size = sum(piece.size for piece in segment.pieces)
            whole = not size or self.packets(number).stat().st_size == size
        except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return segment if whole else None

    def segments(self) -> Iterator[Segment]:
        """Yield the complete segments, from the first one to the last before a gap."""
        number = 0
        while (segment := self.segment(number)) is not None:
            yield segment
            number += 1

    def _facts(self, number: int) -> Path:
        return self.path / f"{number:06}.json"


@contextmanager
def open_work_folder(output: OutputSpec, job: Mapping[str, Any]) -> Iterator[WorkFolder]:
    """Yield the work folder of an output, which no other process can use meanwhile.

    It is emptied if it belongs to another job. It stays if at least one segment is complete, and
    `remove_work_folder` deletes it.
    """
    path = output.path.absolute()
    folder = WorkFolder(path.with_name(f".{path.name}.parts"))
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        with _alone(folder.path / "lock", output.path):
            try:
                _begin(folder, _made(output, job))
                yield folder
            finally:
                if folder.segment(0) is None:
                    remove_work_folder(folder)
    except OSError as error:
        raise explain_os_error(error, output.path) from error


def remove_work_folder(folder: WorkFolder) -> None:
    """Delete the work folder; its parts are no longer needed."""
    shutil.rmtree(folder.path, ignore_errors=True)


def _begin(folder: WorkFolder, made: dict[str, Any]) -> None:
    """Keep the parts of this same job; delete all others."""
    made = json.loads(json.dumps(made))  # as it is when it is read back
    place = folder.path / "job.json"
    found = _read(place)
    if found == made:
        return
    if found is not None:
        log.info("%s: holds parts of another conversion, which are thrown away", folder.path)
    for item in folder.path.iterdir():
        if item.is_dir():
            shutil.rmtree(item)
        elif item.name != "lock":
            item.unlink()
    write_text(place, json.dumps(made, indent=1) + "\n")


def _made(output: OutputSpec, job: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that the bytes of a segment depend on."""
    like = replace(output.like, path=Path(), pictures=())  # `job` names a clip by its content
    return {
        "version": VERSION,
        "job": job,
        "like": {key: str(value) for key, value in asdict(like).items()},
        "encoding": asdict(output.encoding),
        "span": {key: str(value) for key, value in asdict(output.span).items()},
        "segment": output.segment,
        "av": [av.__version__, av.library_versions],
    }


def _to_json(segment: Segment) -> dict[str, Any]:
    return {
        "frames": [[str(shown.time), str(shown.duration)] for shown in segment.frames],
        "notes": [shown.note for shown in segment.frames],
        "packets": [[piece.size, piece.frame, piece.key] for piece in segment.pieces],
        "delay": segment.delay,
        "extradata": segment.extradata.hex(),
    }


def _from_json(told: dict[str, Any]) -> Segment:
    times = [(Fraction(time), Fraction(duration)) for time, duration in told["frames"]]
    frames = tuple(
        WrittenFrame(*when, note) for when, note in zip(times, told["notes"], strict=True)
    )
    pieces = tuple(PacketInfo(*piece) for piece in told["packets"])
    return Segment(frames, pieces, told["delay"], bytes.fromhex(told["extradata"]))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


@contextmanager
def _alone(lock: Path, output: Path) -> Iterator[None]:
    """Allow one process at a time; the kernel releases the lock however the process ends."""
    if sys.platform == "win32":  # there, another process cannot delete an open file
        yield
        return
    import fcntl

    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{output}: is being made by another process; wait for it, or choose another name"
            ) from error
        except OSError:
            log.info("%s: this drive knows no locks; make it by one process at a time", output)
        yield
