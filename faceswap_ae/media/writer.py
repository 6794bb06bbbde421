"""How are frames written to a video, a GIF or a folder of pictures, as the output's name says?

Times and durations of the frames are kept exactly if the container can do so (Matroska counts in
milliseconds). Colour tags and pixel aspect are the clip's. A video or a GIF appears under its name
when it is complete, or not at all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from faceswap_ae.common.atomic import check_is_no_input, replacing, replacing_folder
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.media import png, provenance
from faceswap_ae.media.clip import Clip, check_unchanged, open_container
from faceswap_ae.media.codecs import H264, Encoding, kind_for, log_changes
from faceswap_ae.media.montage import check_gif, write_gif
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.streams import StreamCopier
from faceswap_ae.media.video_encoder import VideoEncoder, explaining_errors, open_encoder
from faceswap_ae.media.waveform import Waveform, WaveformEncoder

Form = Literal["pictures", "gif", "video"]


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
    """Open an output with the size, clock and colour of `like`, and with its AI marks, if any,
    and says which tool wrote it.

    `tracks` is the clip whose sound, subtitles and chapters are copied, or generated sound; `span`
    is the part of the clip that will be written.
    """
    check_is_no_input(path, [like.path, *([tracks.path] if isinstance(tracks, Clip) else [])])
    form = form_of(path, encoding)
    said = {**provenance.WRITTEN, **provenance.read_clip_marks(like)}
    if form == "pictures":
        with replacing_folder(path) as part:
            pictures = PictureFolder(part, words=provenance.png_words(said))
            yield pictures
            if not pictures.count:
                raise nothing_to_write(path)
        return
    with replacing(path) as part:
        if form == "gif":
            with _gif(part, path, like, span) as sink:
                yield sink
        else:
            with container_at(part, path, encoding) as container:
                container.metadata.update(said)
                video = VideoFile(container, open_encoder(container, path, like, encoding))
                with accompanied(container, tracks, span) as video.tracks:
                    log_changes(like, encoding)
                    yield video
                    video.finish()
        provenance.stamp(part, said)


def form_of(path: Path, encoding: Encoding) -> Form:
    """Return the form that a name means; raises UserError if the encoding does not fit it."""
    pictures = not path.suffix or path.is_dir()
    if not pictures and path.suffix.lower() != ".gif":
        kind_for(path, encoding)
        return "video"
    if encoding.codec != H264.codec:
        raise UserError(f"{path}: {encoding.codec} is for videos, not for a GIF or pictures")
    return "pictures" if pictures else "gif"


def nothing_to_write(path: Path) -> MediaError:
    """Return the error for an output that got no frame."""
    return MediaError(f"{path}: no frame to write; the part asked for holds none")


@dataclass
class PictureFolder:
    """Writes one PNG per frame: 000001.png, 000002.png, ... with texts beside the pixels."""

    folder: Path
    count: int = 0
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def next_path(self) -> Path:
        """The file that the next picture is written to."""
        return self.folder / f"{self.count + 1:06}.png"

    # The times are unused; they are part of a Sink's interface.
    def write(self, image: Image, time: Fraction, duration: Fraction) -> None:  # noqa: ARG002
        with replacing(self.next_path) as part:
            part.write_bytes(png.encode(image, self.words))
        self.count += 1


@dataclass
class VideoFile:
    """An open output; writes each frame and, up to its time, the other tracks."""

    container: OutputContainer
    packer: VideoEncoder
    tracks: StreamCopier | WaveformEncoder | None = None
    zero: Fraction | None = None
    end: Fraction = Fraction(0)

    def write(self, image: Image, time: Fraction, duration: Fraction) -> None:
        """Take one picture, shown from `time` for `duration` (seconds of the source clip)."""
        if self.zero is None:
            self.zero = output_start(self.tracks, time)
        self.end = time + duration
        tick = self.packer.tick
        begin, end = round((time - self.zero) / tick), round((self.end - self.zero) / tick)
        self._mux(self.packer.add(image, begin, end))
        if self.tracks is not None:
            self.tracks.until(time)

    def finish(self) -> None:
        """Empty the encoder and write the rest of the tracks."""
        if self.zero is None:
            raise nothing_to_write(self.packer.path)
        self._mux(self.packer.rest())
        if self.tracks is not None:
            self.tracks.finish(self.end)

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            self.container.mux(packet)


def output_start(tracks: StreamCopier | WaveformEncoder | None, time: Fraction) -> Fraction:
    """Start the tracks at the first picture's time.

    Returns the time that becomes the output's zero.
    """
    if tracks is None:
        return time
    tracks.start(time)
    return tracks.zero


@contextmanager
def container_at(part: Path, path: Path, encoding: Encoding) -> Iterator[OutputContainer]:
    """Open an empty container at `part`, for a file that will be called `path`."""
    # A browser can start on a file whose index comes first. The metadata tags are for our marks.
    matroska = part.suffix.lower() == ".mkv"
    flags = {} if matroska else {"movflags": "+faststart+use_metadata_tags"}
    if encoding.repeatable:
        flags["fflags"] = "+bitexact"  # else Matroska gives each file a random number
    with explaining_errors(path), av.open(part, "w", options=flags) as container:
        container.metadata.update(provenance.WRITTEN)
        yield container


@contextmanager
def accompanied(
    container: OutputContainer,
    tracks: Clip | Waveform | None,
    span: Span,
    *,
    untitled: bool = False,
) -> Iterator[StreamCopier | WaveformEncoder | None]:
    """Yield what writes `tracks` into a container that has its video stream already.

    Yields None if there are no tracks, or if they are pictures.
    """
    if isinstance(tracks, Waveform):
        yield WaveformEncoder(tracks, container)
    elif tracks is None or tracks.pictures:
        yield None
    else:
        check_unchanged(tracks)
        with open_container(tracks.path) as (source, _):
            yield StreamCopier(tracks, source, container, span, untitled)
        check_unchanged(tracks)


@contextmanager
def _gif(part: Path, path: Path, like: Clip, span: Span) -> Iterator[Sink]:
    """Write a lossless video first, so that a GIF's frames need not all be in memory."""
    check_gif(path, like.width, like.height)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder, "frames.mkv")
        with writing(video, like, Encoding("ffv1"), span=span) as sink:
            yield sink
        write_gif(video, part, like.rate)
