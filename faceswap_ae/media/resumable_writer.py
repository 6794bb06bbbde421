"""How does a stopped conversion resume where it stopped (encoding in segments)?

Frames are always encoded in segments of a fixed number of frames, each by a new encoder. At the end
the packets of all segments are joined. So a conversion that was killed and resumed gives the same
output as one that was not. A segment that is not complete is made again.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import av
from av.packet import Packet
from av.video.stream import VideoStream

from faceswap_ae.common.atomic import check_is_no_input, replacing, replacing_folder
from faceswap_ae.common.geometry import Image
from faceswap_ae.media import provenance
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import Encoding, log_changes
from faceswap_ae.media.montage import check_gif, write_gif
from faceswap_ae.media.segment_joiner import join
from faceswap_ae.media.segment_store import (
    WorkFolder,
    digest_of,
    open_own,
    open_work_folder,
    remove_work_folder,
)
from faceswap_ae.media.segments import OutputSpec, PacketInfo, Segment, WrittenFrame
from faceswap_ae.media.span import Span
from faceswap_ae.media.video_encoder import explaining_errors, open_encoder
from faceswap_ae.media.writer import Form, PictureFolder, form_of, nothing_to_write

log = logging.getLogger(__name__)


@contextmanager
def resumable(output: OutputSpec, job: Mapping[str, Any]) -> Iterator[ResumableWriter]:
    """Open an output that survives being stopped; it appears when the block ends well.

    `job` says, as JSON, what the frames are made of: the parts of another job are deleted.
    """
    tracks = [output.tracks.path] if isinstance(output.tracks, Clip) else []
    check_is_no_input(output.path, [output.like.path, *tracks])
    form = form_of(output.path, output.encoding)
    if form == "gif":
        check_gif(output.path, output.like.width, output.like.height)
    replaced = replacing_folder if form == "pictures" else replacing
    with open_work_folder(output, job) as folder:
        with replaced(output.path) as part:
            if form == "pictures":
                part.rmdir()  # the finished folder is renamed to this path
            parts = ResumableWriter(output, folder, form)
            try:
                yield parts
                parts.finish()
            finally:
                parts.drop()
            _join(parts, part)
        remove_work_folder(folder)


class _SegmentMaker(Protocol):
    """Makes one segment."""

    def add(self, image: Image, shown: WrittenFrame) -> None:
        """Take the next frame."""

    def complete(self, frames: tuple[WrittenFrame, ...]) -> Segment:
        """Finish the segment after its last frame, and write what was made to the disk."""

    def drop(self) -> None:
        """Give up the segment and release its files."""


@dataclass
class ResumableWriter:
    """Takes frames in the order of their times, beginning where the complete segments end."""

    output: OutputSpec
    folder: WorkFolder
    form: Form
    done: int = 0  # frames in complete segments
    end: Fraction | None = None  # of the last of these frames: the next frame's time
    complete: int = 0  # number of complete segments
    _frames: list[WrittenFrame] = field(default_factory=list)  # of the segment in progress
    _maker: _SegmentMaker | None = None

    def __post_init__(self) -> None:
        for number, segment in enumerate(self.folder.segments()):
            if not self.folder.is_sound(number, segment, self.done + 1):
                text = "%s: segment %d is damaged; it is made again, with all after it"
                log.warning(text, self.folder.path, number + 1)
                break
            self._count(segment.frames)
        if self.form == "pictures":
            self.folder.tidy_pictures(self.done)
        else:
            log_changes(self.output.like, _coded(self.output, self.folder, self.form).encoding)

    @property
    def rest(self) -> Span:
        """The part of the clip that is still to be written."""
        span = self.output.span
        return span if self.end is None else replace(span, start=max(span.start, self.end))

    def write(self, image: Image, time: Fraction, duration: Fraction, note: Any = None) -> None:
        """Take one picture, and a note (JSON) that is stored with it."""
        if self._maker is None:
            self._maker = self._next_maker()
        shown = WrittenFrame(time, duration, note)
        seal = self.output.seal
        self._maker.add(image if seal is None else seal.imprint(image), shown)
        self._frames.append(shown)
        if len(self._frames) == self.output.segment:
            self._finish_segment(self._maker)

    def notes(self) -> Iterator[Any]:
        """Yield each frame's note, from the first frame on, whichever process wrote it."""
        for segment in islice(self.folder.segments(), self.complete):
            yield from (shown.note for shown in segment.frames)
        yield from (shown.note for shown in self._frames)

    def finish(self) -> None:
        """Complete the last segment; there are no more frames."""
        if self._maker is not None:
            self._finish_segment(self._maker)
        if not self.done:
            raise nothing_to_write(self.output.path)

    def drop(self) -> None:
        """Give up a segment that is not complete."""
        if self._maker is not None:
            self._maker.drop()

    def _next_maker(self) -> _SegmentMaker:
        if self.form == "pictures":
            words = provenance.png_words(self.output.marks)
            pictures = PictureFolder(self.folder.pictures, self.done, words)
            return _PictureSegment(self.folder, pictures)
        coded = _coded(self.output, self.folder, self.form)
        return _PacketSegment(self.folder, self.complete, coded)

    def _finish_segment(self, maker: _SegmentMaker) -> None:
        frames = tuple(self._frames)
        self.folder.add(self.complete, maker.complete(frames))
        self._maker, self._frames = None, []
        self._count(frames)

    def _count(self, frames: tuple[WrittenFrame, ...]) -> None:
        self.complete += 1
        self.done += len(frames)
        self.end = frames[-1].time + frames[-1].duration


@dataclass
class _PictureSegment:
    """A segment of a picture output: its files are the output itself."""

    folder: WorkFolder
    pictures: PictureFolder
    written: list[Path] = field(default_factory=list)

    def add(self, image: Image, shown: WrittenFrame) -> None:
        self.written.append(self.pictures.next_path)
        self.folder.claim(self.written[-1])
        self.pictures.write(image, shown.time, shown.duration)

    def complete(self, frames: tuple[WrittenFrame, ...]) -> Segment:
        return Segment(frames, digest=digest_of(self.written))

    def drop(self) -> None:
        pass


class _PacketSegment:
    """A segment of a video: the packets of a new encoder."""

    def __init__(self, folder: WorkFolder, number: int, output: OutputSpec) -> None:
        self.folder, self.target, self.output = folder, folder.packets(number), output
        self.part = folder.path / "unfinished"
        folder.claim(self.part)
        self.file = open_own(self.part, "wb")
        self.digest = blake2b(digest_size=16)
        # Nothing is written to it: it only makes the encoder work as it does for a file.
        self.container = av.open(io.BytesIO(), "w", format="matroska")
        self.packer = open_encoder(self.container, output.path, output.like, output.encoding)
        self.numbers: dict[int, int] = {}  # of the frames, by their first tick
        self.pieces: list[PacketInfo] = []
        self.delay = 0

    def add(self, image: Image, shown: WrittenFrame) -> None:
        tick = self.packer.tick
        begin, end = round(shown.time / tick), round((shown.time + shown.duration) / tick)
        self.numbers[begin] = len(self.numbers)
        with explaining_errors(self.output.path):
            self._keep(self.packer.add(image, begin, end))

    def complete(self, frames: tuple[WrittenFrame, ...]) -> Segment:
        with explaining_errors(self.output.path):
            self._keep(self.packer.rest())
        self.file.flush()
        os.fsync(self.file.fileno())
        self._close()
        self.folder.claim(self.target)
        self.part.replace(self.target)
        extradata = self.packer.stream.codec_context.extradata or b""
        digest = self.digest.hexdigest()
        return Segment(frames, tuple(self.pieces), digest, self.delay, extradata)

    def drop(self) -> None:
        with suppress(OSError):  # a full disk raises an error again here
            self._close()
        self.part.unlink(missing_ok=True)

    def _keep(self, packets: list[Packet[VideoStream]]) -> None:
        first = min(self.numbers)
        for packet in packets:
            assert packet.pts is not None and packet.dts is not None
            self.file.write(packet)
            self.digest.update(packet)
            self.pieces.append(
                PacketInfo(packet.size, self.numbers[packet.pts], packet.is_keyframe)
            )
            # If an encoder reorders frames, decoding begins this many frames before display.
            self.delay += packet.dts < first

    def _close(self) -> None:
        self.file.close()
        self.container.close()


def _coded(output: OutputSpec, folder: WorkFolder, form: Form) -> OutputSpec:
    """Return what is encoded: for a GIF, a lossless video that holds its frames until the end."""
    if form != "gif":
        return output
    lossless = Encoding("ffv1")
    return replace(output, path=folder.path / "frames.mkv", encoding=lossless, tracks=None)


def _join(parts: ResumableWriter, part: Path) -> None:
    output, folder = parts.output, parts.folder
    if parts.form == "pictures":
        folder.tidy_pictures(parts.done)
        folder.pictures.replace(part)
        return
    coded = _coded(output, folder, parts.form)
    if parts.form == "gif":
        folder.claim(coded.path)
    join(folder, parts.complete, part if parts.form == "video" else coded.path, coded)
    if parts.form == "gif":
        write_gif(coded.path, part, output.like.rate)
    provenance.stamp(part, output.marks)
    if output.seal is not None:
        output.seal.sign(part, output.path)
