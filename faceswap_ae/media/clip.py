"""What is in a clip (a video file or a row of pictures): size, times, colour, codecs, streams?

A clip is a video that PyAV opens, one picture, a folder of pictures, or a glob pattern. Times are
exact fractions of a second, counted from the clip's first frame.
"""

import glob
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.limits import check_is_file
from faceswap_ae.media import images
from faceswap_ae.media.inputs import VIDEOS

PICTURE_RATE = Fraction(25)  # frames per second of pictures, if no rate is given
TRIES = 100  # packets that are tried to find a first frame
# FFmpeg's formats that only name other files or addresses: a stranger's would show files of ours.
PLAYLISTS = {"concat", "dash", "hls", "imf", "sdp"}


@dataclass(frozen=True)
class Colour:
    """What a video's numbers mean, in FFmpeg's codes; the defaults mean "unspecified"."""

    matrix: int = 2
    range: int = 0  # 1 limited, 2 full
    primaries: int = 2
    transfer: int = 2


BT2020 = 9  # FFmpeg's code for both its matrix and its primaries
BT709 = Colour(matrix=1, range=1, primaries=1, transfer=1)


@dataclass(frozen=True)
class Clip:
    """The properties of one clip.

    Width and height are those of the upright picture, after the camera's rotation is applied.
    """

    path: Path
    width: int
    height: int
    rate: Fraction  # frames per second, the average where it varies
    time_base: Fraction  # the unit of its timestamps, in seconds
    duration: Fraction  # in seconds; 0 if the file does not state it
    count: int  # frames as the file states; a damaged or edited one may hold fewer
    codec: str = "pictures"
    pixels: str = "rgb24"
    turn: int = 0  # quarter turns, counter-clockwise, that make it upright
    aspect: Fraction = Fraction(1)  # of one pixel: width / height
    colour: Colour = BT709
    start: Fraction = Fraction(0)  # the first frame's time on the file's own clock
    sound: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    chapters: int = 0
    pictures: tuple[Path, ...] = ()
    # The file's size in bytes, and when it last changed, as it was opened; for `check_unchanged`.
    stamp: tuple[int, int] | None = field(default=None, compare=False, repr=False)


def open_clip(path: Path, rate: Fraction | None = None) -> Clip:
    """Return a clip's properties; `rate` is for pictures, which have no rate of their own."""
    check_is_file(path)
    stamp = _stamp(path)
    pictures = _pictures(path)
    if pictures:
        return replace(_picture_clip(path, pictures, rate or PICTURE_RATE), stamp=stamp)
    if rate is not None:
        raise UserError(f"{path}: a rate is for pictures; this is a video with its own")
    with open_container(path) as (container, stream):
        clip = _described(path, container, stream, _first_frame(path, container, stream))
        return replace(clip, stamp=stamp)


def check_unchanged(clip: Clip) -> None:
    """Raise MediaError if the file is another one than when it was opened.

    Every frame is checked after it is decoded: so no frame of another file goes unnoticed.
    """
    if clip.stamp is None:
        return
    try:
        same = _stamp(clip.path) == clip.stamp
    except FileNotFoundError:
        same = False
    except OSError:  # the network fails for a moment
        return
    if not same:
        raise MediaError(f"{clip.path}: changed while it was read; when it is complete, again")


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return a file's size and time; None for a folder, a pattern, or what cannot be found."""
    if not path.is_file():
        return None
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


@contextmanager
def open_container(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Yield the file and its largest video stream, which decodes on all cores.

    Raises MediaError with the file's name.
    """
    check_is_file(path)
    try:
        container = open_media(path)
    except av.error.FileNotFoundError as error:
        raise MediaError(f"{path}: no such file") from error
    except av.error.PermissionError as error:
        raise MediaError(f"{path}: no permission to read it") from error
    except av.error.ArgumentError as error:  # of a format that is not allowed
        raise MediaError(f"{path}: a list of other files; give the clip itself") from error
    except av.error.FFmpegError as error:
        raise MediaError(_unreadable(path)) from error
    with container:
        found = [stream for stream in container.streams.video if not _is_cover(stream)]
        if not found:
            raise MediaError(f"{path}: no video stream; is it an audio file?")
        videos = [stream for stream in found if is_decodable(stream)]
        if not videos:
            raise MediaError(f"{path}: its video is of a kind that FFmpeg does not know")
        stream = max(videos, key=lambda video: video.width * video.height)
        stream.thread_type = "AUTO"
        yield container, stream


def open_media(path: Path) -> InputContainer:
    """Open a file of sound or video, whatever its name says, but no list of other files.

    Raises av.error.FFmpegError.
    """
    # An absolute path: FFmpeg reads `10:` in `10:30.mp4` as a protocol. Tags in another code than
    # UTF-8, as old cameras wrote them, must not make a clip unusable.
    allowed = {"format_whitelist": _allowed_formats()}
    return av.open(path.absolute(), options=allowed, metadata_errors="replace")


@cache
def _allowed_formats() -> str:
    return ",".join(sorted(av.formats_available - PLAYLISTS))


def _unreadable(path: Path) -> str:
    if path.stat().st_size == 0:
        return f"{path}: is empty (0 bytes); copy it again"
    return f"{path}: not a video, or one cut off before its index was written; copy it again"


def is_decodable(stream: Stream) -> bool:
    """Return whether FFmpeg knows the stream's codec; PyAV gives other streams no context."""
    return stream.codec_context is not None


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _first_frame(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame:
    try:
        for packet in islice(container.demux(stream), TRIES):
            with suppress(av.error.InvalidDataError):  # a recording may begin inside a picture
                for frame in packet.decode():
                    return frame
    except av.error.FFmpegError as error:  # damage may ask for more memory than there is
        raise MediaError(_unreadable(path)) from error
    raise MediaError(f"{path}: no frame of its {stream.codec.name} video can be decoded")


def _described(
    path: Path, container: InputContainer, stream: VideoStream, frame: VideoFrame
) -> Clip:
    turn = round(frame.rotation / 90) % 4
    width, height = (frame.height, frame.width) if turn % 2 else (frame.width, frame.height)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    rate = stream.average_rate or stream.guessed_rate or PICTURE_RATE
    duration = promised_duration(stream) or Fraction(container.duration or 0, av.time_base)
    base = stream.time_base or 1 / rate
    return Clip(
        path=path,
        width=width,
        height=height,
        rate=rate,
        time_base=base,
        duration=duration,
        count=stream.frames or round(duration * rate),
        codec=stream.codec.name,
        pixels=frame.format.name,
        turn=turn,
        aspect=1 / aspect if turn % 2 else aspect,
        colour=_colour(frame),
        start=(frame.pts or 0) * base,
        sound=tuple(audio.codec.name for audio in container.streams.audio if is_decodable(audio)),
        subtitles=tuple(
            text.codec.name for text in container.streams.subtitles if is_decodable(text)
        ),
        chapters=len(container.chapters()),
    )


def promised_duration(stream: VideoStream) -> Fraction | None:
    """Return how long the video is in seconds, as the file states it; None if it does not.

    A file that was cut off holds less than it states.
    """
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    # Matroska keeps the duration in a tag.
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag is None:
        return None
    return Fraction(tag[1]) * 3600 + Fraction(tag[2]) * 60 + Fraction(tag[3])


def _colour(frame: VideoFrame) -> Colour:
    if frame.format.is_rgb:  # it has no matrix: take the one of its primaries
        wide = int(frame.color_primaries) == BT2020
        told = int(frame.color_primaries), int(frame.color_trc)
        primaries, transfer = (1 if code == Colour.primaries else code for code in told)
        return Colour(BT2020 if wide else BT709.matrix, BT709.range, primaries, transfer)
    return Colour(
        int(frame.colorspace),
        int(frame.color_range),
        int(frame.color_primaries),
        int(frame.color_trc),
    )


def _pictures(path: Path) -> tuple[Path, ...]:
    """Return the pictures that a path means, in natural order; none for a video file."""
    if path.is_dir():
        found = [item for item in path.iterdir() if _is_picture(item)]
        missing = f"{path}: is a folder without pictures{_clips_in(path)}"
    elif path.suffix.lower() in images.READABLE and path.exists():
        return (path,)
    elif glob.has_magic(str(path)) and not path.exists():
        # Not Path.glob, which refuses absolute patterns.
        found = [Path(item) for item in glob.glob(str(path), recursive=True)]  # noqa: PTH207
        missing = f"{path}: matches no file"
    else:
        return ()
    if not found:
        raise MediaError(missing)
    return tuple(sorted(found, key=_natural))


def _clips_in(folder: Path) -> str:
    """Say which clip may be meant, if there is one in a folder."""
    clips = sorted(item for item in folder.iterdir() if item.suffix.lower() in VIDEOS)
    return f"; name the clip in it: {clips[0]}" if clips else ""


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in images.READABLE and not path.name.startswith(".")


def _natural(path: Path) -> list[tuple[int, str]]:
    """Return a sort key that puts frame2 before frame10."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _picture_clip(path: Path, pictures: tuple[Path, ...], rate: Fraction) -> Clip:
    height, width = _first_picture(pictures).shape[:2]
    count = len(pictures)
    return Clip(path, width, height, rate, 1 / rate, count / rate, count, pictures=pictures)


def _first_picture(pictures: tuple[Path, ...]) -> Image:
    """Return the first picture that can be read; reader.frames reports the broken ones."""
    for number, path in enumerate(pictures, 1):
        try:
            return images.read(path)
        except MediaError:
            if number == len(pictures):
                raise
    raise AssertionError("a clip has a picture")
