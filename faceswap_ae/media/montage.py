"""How are clips shown to people: as a GIF, side by side with names, or in a notebook?

Everything here uses moviepy, which works at a constant frame rate. That is good enough for viewing,
so no other module reads or writes video with it. It is imported late, because its import takes half
a second.
"""

import base64
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.atomic import check_is_no_input, replacing
from faceswap_ae.common.errors import Fault, MediaError, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.limits import MOST_GIF_PIXELS, MOST_IN_GIF, MOST_SHOWN
from faceswap_ae.common.progress import AdvanceOf
from faceswap_ae.media import provenance
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.truncation import missing_bytes

if TYPE_CHECKING:
    from moviepy import VideoClip, VideoFileClip

WIDEST = 7680  # pixels of clips side by side; moviepy takes sixty bytes for each it shows
NAME_HEIGHT = 0.06  # of the clip's height
# Each frame gets its own palette of 256 colours, so that no frame has to wait for the last one.
GIF_COLOURS = "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"
NARROW = 'style="max-width:100%;height:auto"'  # on a phone too
NO_MARKS: Mapping[str, str] = {}
PREVIEW_SECONDS = 60  # a notebook holds the video's bytes, so a long video makes it slow


def check_gif(gif: Path, width: int, height: int) -> None:
    """Raise MediaError if a GIF would have frames too large for the memory of most machines."""
    if width * height > MOST_GIF_PIXELS:
        size = f"{width} x {height} pixels, more than {MOST_GIF_PIXELS // 10**6} million"
        raise MediaError(f"{gif}: gets {size}; write a video instead, as .mp4")


def write_gif(video: Path, gif: Path, rate: Fraction) -> None:
    """Turn a video file into a GIF that repeats for ever, at about this frame rate."""
    # A GIF counts time in 1/100 s, and browsers slow down frames shorter than 2 of these.
    delay = max(2, round(100 / rate))
    from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

    params = ["-filter_complex", GIF_COLOURS, "-loop", "0"]
    with _moving(video) as clip, _explaining_end(gif):
        _check_length(gif, clip.duration * 100 / delay, MOST_IN_GIF)
        # moviepy's own functions hold every frame in memory, or do not ask how FFmpeg ended.
        with FFMPEG_VideoWriter(
            str(gif), clip.size, 100 / delay, codec="gif", ffmpeg_params=params
        ) as writer:
            process = writer.proc
            for frame in clip.iter_frames(fps=100 / delay, dtype="uint8"):
                writer.write_frame(frame)
        # Where the one that reads is killed, moviepy repeats the last frame, and only warns.
        status = process.returncode or clip.reader.proc.poll()
        if status:
            raise OSError(f"status {status}")


@contextmanager
def _explaining_end(out: Path) -> Iterator[None]:
    """Turn moviepy's errors, which fill a screen, into a Fault of one line."""
    try:
        yield
    except OSError as error:
        why = str(error).strip().splitlines() or ["no reason given"]
        cause = f"{why[0]}: {why[-1]}" if len(why) > 1 else why[0]
        text = f"{out}: FFmpeg came to its end before it was done ({cause}); is the disk full?"
        raise Fault(f"{text} Again, when there is room") from error


def side_by_side(
    videos: Sequence[Path], names: Sequence[str], out: Path, advance: AdvanceOf | None = None
) -> None:
    """Write the videos side by side, each with its name, with the first one's sound.

    The marks of the first one that is AI-altered are the output's marks too.
    """
    if len(videos) != len(names):
        raise UserError(f"{len(videos)} clips, but {len(names)} names: {', '.join(names)}")
    if out.suffix.lower() not in (".mp4", ".mov", ".mkv"):
        raise UserError(f"{out}: side by side goes into .mp4, .mov or .mkv")
    check_is_no_input(out, videos)
    from moviepy import clips_array

    with ExitStack() as stack:
        height = _common_height(videos)
        marks = next(filter(None, map(provenance.read, videos)), {})
        clips = [stack.enter_context(_moving(video, height)) for video in videos]
        shown = [_named(clip, name, height) for clip, name in zip(clips, names, strict=True)]
        seconds = min(clip.duration for clip in clips)
        whole = clips_array([shown]).with_duration(seconds)
        sound = clips[0].audio.subclipped(0, seconds) if clips[0].audio else None
        part = stack.enter_context(replacing(out))
        rate = max(clip.fps for clip in clips)
        _check_length(out, seconds * rate, MOST_SHOWN)
        with _explaining_end(out):
            logger = _logger(advance, round(seconds * rate))
            _write(whole.with_audio(sound), part, rate, logger, marks)
        provenance.stamp(part, marks)


@dataclass(frozen=True)
class NotebookVideo:
    """A video that a notebook shows, which holds its bytes."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def in_notebook(video: Path, width: int = 640) -> NotebookVideo:
    """Return the beginning of a video as an object that a notebook shows."""
    with tempfile.TemporaryDirectory() as folder, _moving(video) as clip:
        begin = clip.subclipped(0, min(clip.duration, PREVIEW_SECONDS))
        height = round(width * clip.h / clip.w / 2) * 2
        preview = Path(folder, "preview.mp4")
        _write(begin.resized((width // 2 * 2, height)), preview, clip.fps, None)
        data = base64.b64encode(preview.read_bytes()).decode()
    source = f'src="data:video/mp4;base64,{data}"'
    return NotebookVideo(f'<video {NARROW} width="{width}" controls {source}></video>')


def _write(
    clip: "VideoClip", path: Path, rate: float, logger: Any, marks: Mapping[str, str] = NO_MARKS
) -> None:
    tags = {**provenance.WRITTEN, **marks}.items()
    said = [word for name, value in tags for word in ("-metadata", f"{name}={value}")]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # moviepy rounds a clip's length up, and then warns about a last frame that is missing.
        warnings.simplefilter("ignore", UserWarning)
        clip.write_videofile(
            str(path),
            fps=rate,
            codec="libx264",
            audio_codec="aac",
            preset="veryfast",
            ffmpeg_params=["-crf", "18", "-movflags", "+faststart+use_metadata_tags", *said],
            pixel_format="yuv420p",
            temp_audiofile_path=folder,
            logger=logger,
        )
    # moviepy does not ask how FFmpeg ended.
    try:
        whole = not missing_bytes(path) and open_clip(path).duration > 0
    except MediaError:
        whole = False
    if not whole:
        raise OSError("its file is cut off")


def _common_height(videos: Sequence[Path]) -> int:
    """Return the height of the lowest clip, or less where they would be too wide together."""
    clips = [open_clip(video) for video in videos]
    height = min(clip.height for clip in clips)
    width = float(sum(height * clip.width * clip.aspect / clip.height for clip in clips))
    return max(2, int(height * min(1.0, WIDEST / width)) // 2 * 2)


def _moving(video: Path, height: int | None = None) -> "VideoFileClip":
    # Both checks come first: moviepy's message for an unreadable file fills a screen, and for a
    # file that is cut off it only repeats the last frame.
    facts = open_clip(video)
    if missing_bytes(video):
        raise MediaError(f"{video}: is cut off; copy the file again")
    from moviepy import VideoFileClip

    # With this size, FFmpeg makes the video upright; moviepy alone squashes phone recordings.
    high = height or facts.height
    upright = round(facts.width * facts.aspect * high / facts.height), high
    try:
        return VideoFileClip(str(video.absolute()), target_resolution=upright)
    except OSError as error:
        raise MediaError(f"{video}: cannot be shown ({str(error).splitlines()[0]})") from error


def _check_length(path: Path, frames: float, most: int) -> None:
    """Raise MediaError if a constant rate would show more frames than anybody waits for."""
    if frames > most:
        raise MediaError(f"{path}: gets {frames:.0f} frames, more than {most}; take a shorter part")


def _named(clip: "VideoFileClip", name: str, height: int) -> "VideoFileClip":
    width = round(clip.w * height / clip.h / 2) * 2
    label = _label(name, round(height * NAME_HEIGHT))

    def draw(picture: Image) -> Image:
        picture = picture.copy()
        rows, columns = label.shape[0], min(label.shape[1], picture.shape[1])
        picture[:rows, :columns] = label[:, :columns]
        return picture

    return clip.resized((width, height)).image_transform(draw)


def _label(name: str, height: int) -> Image:
    """Return the name in white on black, with a small margin."""
    font = ImageFont.load_default(max(8, height * 0.7))
    width = int(font.getlength(name)) + height
    board = pillow.new("RGB", (width, height))
    ImageDraw.Draw(board).text((height / 2, height / 2), name, font=font, anchor="lm")
    return np.asarray(board)


def _logger(advance: AdvanceOf | None, total: int) -> Any:
    from proglog import ProgressBarLogger

    class Bars(ProgressBarLogger):  # type: ignore[misc] # proglog has no types
        def bars_callback(self, bar: str, attr: str, value: int, _: int | None = None) -> None:
            if advance is not None and bar == "frame_index" and attr == "index":
                advance(value, total)

    return Bars()
