"""How do frames become a file? A video, a GIF or a folder of pictures, by the output's name.

Times and lengths of the frames are kept exactly where the container can (Matroska counts in
milliseconds); colour tags and pixel shape are the clip's. A video or a GIF appears under its name
when it is complete, or not at all.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from faceswap_ae import images
from faceswap_ae.atomic import replacing, replacing_folder, spare
from faceswap_ae.clip import Clip, opened
from faceswap_ae.encoding import (
    H264,
    Encoding,
    Kind,
    describe,
    kind_for,
    options_for,
    threads_for,
    told_colour,
)
from faceswap_ae.errors import MediaError, UserError
from faceswap_ae.geometry import Image
from faceswap_ae.montage import write_gif
from faceswap_ae.pixels import Writer
from faceswap_ae.span import WHOLE, Span
from faceswap_ae.tracks import Tracks
from faceswap_ae.waveform import Played, Waveform

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Anything that takes frames, in the order of their times."""

    def write(self, image: Image, time: Fraction, duration: Fraction) -> None:
        """Take one (h, w, 3) RGB or (h, w) grey picture."""


@contextmanager
def writing(
    path: Path,
    like: Clip,
    encoding: Encoding = H264,
    *,
    tracks: Clip | Waveform | None = None,
    span: Span = WHOLE,
) -> Iterator[Sink]:
    """Open an output with the size, clock and colour of `like`.

    `tracks` is the clip whose sound, subtitles and chapters come along, or sound made here;
    `span` is the part of the clip that will be written.
    """
    spare(path, [like.path, *([tracks.path] if isinstance(tracks, Clip) else [])])
    if not path.suffix or path.is_dir():
        _only_for_videos(path, encoding)
        with replacing_folder(path) as part:
            pictures = PictureFolder(part)
            yield pictures
            if not pictures.count:
                raise _nothing(path)
    elif path.suffix.lower() == ".gif":
        _only_for_videos(path, encoding)
        with replacing(path) as part, _gif(part, like, span) as sink:
            yield sink
    else:
        kind = kind_for(path, encoding)
        with (
            replacing(path) as part,
            _video(part, path, like, kind, encoding) as video,
            _accompanied(video, tracks, span),
        ):
            yield video
            video.finish()


@dataclass
class PictureFolder:
    """One PNG per frame: 000001.png, 000002.png, ..."""

    folder: Path
    count: int = 0

    def write(self, image: Image, time: Fraction, duration: Fraction) -> None:  # noqa: ARG002 - a Sink's
        self.count += 1
        images.write(self.folder / f"{self.count:06}.png", image)


@dataclass
class VideoFile:
    """An open output. Writes each frame and, up to its time, the tracks that come along."""

    path: Path
    container: OutputContainer
    stream: VideoStream
    convert: Writer
    size: tuple[int, int]  # (width, height) of the pictures, before any padding
    even: bool
    tracks: Tracks | Played | None = None
    zero: Fraction | None = None
    end: Fraction = Fraction(0)
    lengths: dict[int, int] = field(default_factory=dict)  # of frames inside the encoder, by time

    def write(self, image: Image, time: Fraction, duration: Fraction) -> None:
        """Take one picture, shown from `time` for `duration` (seconds of the source clip)."""
        if (image.shape[1], image.shape[0]) != self.size:
            width, height = self.size
            raise MediaError(
                f"{self.path}: a frame of {image.shape[1]}x{image.shape[0]} does not fit a video "
                f"of {width}x{height}; all pictures of one clip need one size"
            )
        if self.zero is None:
            self.zero = self._start(time)
        frame = self.convert(self._padded(image))
        tick = self.stream.codec_context.time_base
        assert tick is not None
        self.end = time + duration
        frame.pts, frame.time_base = round((time - self.zero) / tick), tick
        frame.duration = self.lengths[frame.pts] = round((self.end - self.zero) / tick) - frame.pts
        self._mux(self.stream.encode(frame))
        if self.tracks is not None:
            self.tracks.until(time)

    def finish(self) -> None:
        """Empty the encoder and write what is left of the tracks."""
        if self.zero is None:
            raise _nothing(self.path)
        self._mux(self.stream.encode(None))
        if self.tracks is not None:
            self.tracks.finish(self.end)

    def _start(self, time: Fraction) -> Fraction:
        if self.tracks is None:
            return time
        self.tracks.start(time)
        return self.tracks.zero

    def _padded(self, image: Image) -> Image:
        right, bottom = (side % 2 if self.even else 0 for side in self.size)
        if not right and not bottom:
            return image
        border = cv2.BORDER_REPLICATE
        return np.asarray(cv2.copyMakeBorder(image, 0, bottom, 0, right, border), np.uint8)

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            # Encoders guess a length from the next picture, and lose the last one's.
            packet.duration = self.lengths.pop(packet.pts or 0, packet.duration)
            self.container.mux(packet)


def _only_for_videos(path: Path, encoding: Encoding) -> None:
    if encoding.codec != H264.codec:
        raise UserError(f"{path}: {encoding.codec} is for videos, not for a GIF or pictures")


def _nothing(path: Path) -> MediaError:
    return MediaError(f"{path}: no frame to write; the part asked for holds none")


@contextmanager
def _gif(part: Path, like: Clip, span: Span) -> Iterator[Sink]:
    """A lossless video first, so that a GIF's frames need not all be in memory."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder, "frames.mkv")
        with writing(video, like, Encoding("ffv1"), span=span) as sink:
            yield sink
        write_gif(video, part, like.rate)


@contextmanager
def _video(
    part: Path, path: Path, like: Clip, kind: Kind, encoding: Encoding
) -> Iterator[VideoFile]:
    # Browsers start on a file whose index comes first; the tags are for marks of ours.
    matroska = part.suffix.lower() == ".mkv"
    flags = {} if matroska else {"movflags": "+faststart+use_metadata_tags"}
    if encoding.repeatable:
        flags["fflags"] = "+bitexact"  # Matroska otherwise draws a number for each file
    try:
        with av.open(part, "w", options=flags) as container:
            pixels = kind.grey if like.pixels == "gray" else kind.pixels
            colour = told_colour(like, pixels)
            options = options_for(encoding)
            stream = container.add_stream(kind.encoder, rate=like.rate, options=options)
            assert isinstance(stream, VideoStream)
            stream.codec_context.thread_count = threads_for(encoding)
            describe(stream, like, pixels, colour, even=kind.even)
            convert = Writer(pixels, colour)
            size = like.width, like.height
            yield VideoFile(path, container, stream, convert, size, kind.even)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise MediaError(f"{path}: this cannot be written ({error.strerror}); try .mkv") from error


@contextmanager
def _accompanied(video: VideoFile, tracks: Clip | Waveform | None, span: Span) -> Iterator[None]:
    if isinstance(tracks, Waveform):
        video.tracks = Played(tracks, video.container)
        yield
    elif tracks is None or tracks.pictures:
        yield
    else:
        with opened(tracks.path) as (source, _):
            video.tracks = Tracks(tracks, source, video.container, span)
            yield
