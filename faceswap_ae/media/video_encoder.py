"""How are pictures encoded, one after another, into the packets of a video?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.codecs import (
    Encoding,
    describe,
    kind_for,
    options_for,
    output_colour,
    threads_for,
)
from faceswap_ae.media.pixel_format import FromRgb


@dataclass
class VideoEncoder:
    """The encoder of an output's video stream."""

    path: Path  # of the output, for error messages
    stream: VideoStream
    convert: FromRgb
    size: tuple[int, int]  # (width, height) of the pictures, before any padding
    even: bool
    lengths: dict[int, int] = field(default_factory=dict)  # of frames inside the encoder, by time

    @property
    def tick(self) -> Fraction:
        """The unit of the encoder's times, in seconds."""
        tick = self.stream.codec_context.time_base
        assert tick is not None
        return tick

    def add(self, image: Image, begin: int, end: int) -> list[Packet[VideoStream]]:
        """Take one picture, shown from tick to tick; return the packets that are ready."""
        if (image.shape[1], image.shape[0]) != self.size:
            width, height = self.size
            raise MediaError(
                f"{self.path}: a frame of {image.shape[1]}x{image.shape[0]} does not fit a video "
                f"of {width}x{height}; all pictures of one clip need one size"
            )
        frame = self.convert(self._padded(image))
        frame.pts, frame.time_base = begin, self.tick
        frame.duration = self.lengths[begin] = end - begin
        return self._measured(self.stream.encode(frame))

    def rest(self) -> list[Packet[VideoStream]]:
        """Empty the encoder; return its last packets."""
        return self._measured(self.stream.encode(None))

    def _padded(self, image: Image) -> Image:
        right, bottom = (side % 2 if self.even else 0 for side in self.size)
        if not right and not bottom:
            return image
        border = cv2.BORDER_REPLICATE
        return np.asarray(cv2.copyMakeBorder(image, 0, bottom, 0, right, border), np.uint8)

    def _measured(self, packets: list[Packet[VideoStream]]) -> list[Packet[VideoStream]]:
        for packet in packets:
            # Encoders guess a duration from the next picture, and lose that of the last one.
            packet.duration = self.lengths.pop(packet.pts or 0, packet.duration)
        return packets


def open_encoder(
    container: OutputContainer, path: Path, like: Clip, encoding: Encoding
) -> VideoEncoder:
    """Add a video stream with the properties of `like` to a container that becomes `path`."""
    kind = kind_for(path, encoding)
    pixels = kind.grey if like.pixels == "gray" else kind.pixels
    colour = output_colour(like, pixels)
    stream = container.add_stream(kind.encoder, rate=like.rate, options=options_for(encoding))
    assert isinstance(stream, VideoStream)
    stream.codec_context.thread_count = threads_for(encoding)
    describe(stream, like, pixels, colour, even=kind.even)
    return VideoEncoder(path, stream, FromRgb(pixels, colour), (like.width, like.height), kind.even)


@contextmanager
def explaining_errors(path: Path) -> Iterator[None]:
    """Turn errors of FFmpeg into a MediaError of one line.

    Errors of the disk stay an OSError.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise MediaError(f"{path}: this cannot be written ({error.strerror}); try .mkv") from error
