"""How are the frames of a clip decoded and numbered, with their exact times?

Frames are numbered from 0 in display order. If a span starts later and the file's packets give the
frame numbers (one packet, one frame), the reader seeks to the span. Otherwise it decodes from the
beginning. The number is right in both cases.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.prefetch import prefetch
from faceswap_ae.media import images
from faceswap_ae.media.clip import Clip, check_unchanged, open_container
from faceswap_ae.media.pixel_format import ToRgb
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.truncation import missing_bytes

AHEAD_BYTES = 100_000_000  # of frames decoded in advance, at most 16 frames
# In these codecs one packet holds one shown frame, so the packets' times number the frames.
NUMBERED = {"h264", "hevc", "vp9", "libdav1d", "av1", "prores", "ffv1", "mjpeg", "dnxhd", "mpeg4"}
REPEATED = Fraction(1)  # second: a smaller step back is a broken time, a larger one a new recording
SEEKABLE = ("mov", "matroska")  # containers whose index lists every keyframe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """One picture of a clip: its number, its time and duration in seconds, (h, w, 3) RGB."""

    index: int
    time: Fraction
    duration: Fraction
    image: Image


def frames(
    clip: Clip, span: Span = WHOLE, *, keep_going: bool = False, quick: bool = False
) -> Iterator[Frame]:
    """Yield the frames of a span, which a thread decodes in advance.

    A file that changes meanwhile raises MediaError, before any frame that it may have changed.
    Damage raises MediaError after the good frames; with `keep_going` it is only a warning. `quick`
    accepts colours with an error of one level (see pixel_format.py): it is for looking at frames,
    not for writing them.
    """
    reader = (
        _PictureReader(clip, keep_going) if clip.pictures else _VideoReader(clip, keep_going, quick)
    )
    depth = AHEAD_BYTES // (clip.width * clip.height * 3)
    return prefetch(reader.frames(span), max(2, min(16, depth)))


@dataclass
class _PictureReader:
    """Reads a row of pictures, each shown for one period of the clip's rate."""

    clip: Clip
    keep_going: bool

    def frames(self, span: Span) -> Generator[Frame]:
        period = 1 / self.clip.rate
        for index, path in enumerate(self.clip.pictures):
            time = index * period
            if span.ended_by(index, time):
                return
            if not span.begins_after(index, time):
                image = self._read(path)
                check_unchanged(self.clip)
                if image is not None:
                    yield Frame(index, time, period, image)

    def _read(self, path: Path) -> Image | None:
        try:
            return images.read(path)
        except MediaError as error:
            if not self.keep_going:
                raise
            log.warning("%s", error)
            return None


@dataclass
class _VideoReader:
    """Reads a video file and counts the damage that it meets."""

    clip: Clip
    keep_going: bool
    quick: bool
    damage: int = 0
    restarted: bool = False
    read: int = 0

    def frames(self, span: Span) -> Generator[Frame]:
        rgb = ToRgb(self.clip.colour, self.clip.turn, quick=self.quick)
        check_unchanged(self.clip)
        with open_container(self.clip.path) as (container, stream):
            times = self._seek(container, stream, span)
            for count, (picture, time, duration) in enumerate(self._timed(container, stream)):
                index = bisect_left(times, time) if times else count
                check_unchanged(self.clip)
                if span.ended_by(index, time):
                    return
                self.read = index + 1
                if not span.begins_after(index, time):
                    yield Frame(index, time, duration, rgb(picture))
        self._judge()

    def _timed(
        self, container: InputContainer, stream: VideoStream
    ) -> Iterator[tuple[VideoFrame, Fraction, Fraction]]:
        """Yield each frame with its time and how long it is shown: until the next one begins."""
        waiting: tuple[VideoFrame, Fraction] | None = None
        for frame in self._decoded(container, stream):
            time = self._time(frame, waiting[1] if waiting else None)
            if time is None:
                self.restarted = True
                break
            if waiting is not None:
                yield *waiting, time - waiting[1]
            waiting = frame, time
        if waiting is not None:
            # Nothing follows the last frame, so the duration stated in the file is used.
            told = waiting[0].duration * self.clip.time_base
            yield *waiting, told or 1 / self.clip.rate

    def _time(self, frame: VideoFrame, before: Fraction | None) -> Fraction | None:
        """Return when the frame is shown; None where the clip's clock starts again."""
        tick = self.clip.time_base
        if frame.pts is None:
            return Fraction(0) if before is None else before + 1 / self.clip.rate
        time = frame.pts * tick - self.clip.start
        if before is None or time > before:
            return time
        # Broken files repeat times, but an encoder accepts only rising times.
        return before + tick if before - time < REPEATED else None

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Yield all frames that can be decoded.

        Without `keep_going`, damage ends this, after the frames that are still inside the decoder.
        """
        for packet in _packets(container, stream):
            decoded = _decode(packet)
            if decoded is not None:
                yield from decoded
                continue
            self.damage += 1
            if not self.keep_going:
                yield from _rest(stream)
                return

    def _seek(self, container: InputContainer, stream: VideoStream, span: Span) -> list[Fraction]:
        """Seek to the keyframe before the span; return all frames' times, or none if not sought."""
        seekable = container.format.name.startswith(SEEKABLE) and self.clip.codec in NUMBERED
        # In a damaged file, frames are numbered as they decode; an index does not know this.
        if self.keep_going or span.from_beginning or not seekable:
            return []
        shown = [
            (packet.pts, packet.is_keyframe)
            for packet in _packets(container, stream)
            if packet is not None and packet.pts is not None and not packet.is_discard
        ]
        shown.sort()
        times = [pts * self.clip.time_base - self.clip.start for pts, _ in shown]
        before = [n for n, time in enumerate(times) if span.begins_after(n, time)]
        first = min(len(before), len(shown) - 1)
        keys = [pts for pts, is_key in shown[: first + 1] if is_key]
        container.seek(keys[-1] if keys else shown[0][0], stream=stream)
        return times

    def _judge(self) -> None:
        """At the end of the file, report if it was cut off or damaged."""
        check_unchanged(self.clip)
        what = self._harm()
        if what is None:
            return
        found = f"{self.clip.path}: {what}; {self.read} frames could be read"
        if not self.keep_going:
            raise MediaError(f"{found}. Copy the file again, or use --keep-going")
        log.warning("%s", found)

    def _harm(self) -> str | None:
        if self.restarted:
            return "its clock begins anew, as in recordings joined without care"
        if missing_bytes(self.clip.path):
            return "is cut off"
        return f"is damaged in {self.damage} place(s)" if self.damage else None


def _packets(
    container: InputContainer, stream: VideoStream
) -> Iterator[Packet[VideoStream] | None]:
    """Yield the stream's packets; None stands for a broken one."""
    try:
        for packet in container.demux(stream):
            yield None if packet.is_corrupt else packet
    except av.error.FFmpegError:
        yield None


def _decode(packet: Packet[VideoStream] | None) -> list[VideoFrame] | None:
    if packet is None:
        return None
    try:
        return packet.decode()
    except av.error.FFmpegError:
        return None


def _rest(stream: VideoStream) -> list[VideoFrame]:
    try:
        return stream.decode(None)
    except av.error.FFmpegError:
        return []
