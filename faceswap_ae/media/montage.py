"""How are clips shown to people: as a GIF, side by side with names, inside a notebook?

All through moviepy, which works at a constant rate: good for looking, so nothing else here reads
or writes through it. Imported late: it takes half a second.
"""

import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as pillow
from PIL import ImageDraw, ImageFont

from faceswap_ae.common.atomic import check_is_no_input, replacing
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.truncation import missing_bytes

if TYPE_CHECKING:
    from moviepy import VideoClip, VideoFileClip

NAME_HEIGHT = 0.06  # of the clip's height
# Each picture gets its own 256 colours, so that none has to wait for the last.
GIF_COLOURS = "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"
PREVIEW_SECONDS = 60  # a notebook holds the video's bytes, so a long one makes it slow

Told = Callable[[int, int], None]  # frames done, frames in all


def write_gif(video: Path, gif: Path, rate: Fraction) -> None:
    """Turn a video file into a GIF that repeats for ever, at about this rate."""
    # A GIF counts in 1/100 s and browsers slow down what is faster than 2 of them.
    delay = max(2, round(100 / rate))
    with _moving(video) as clip:
        # moviepy's own write_gif holds every frame in memory; its ffmpeg passes them through.
        clip.write_videofile(
            str(gif),
            fps=100 / delay,
            codec="gif",
            audio=False,
            ffmpeg_params=["-filter_complex", GIF_COLOURS, "-loop", "0"],
            logger=None,
        )


def side_by_side(
    videos: Sequence[Path], names: Sequence[str], out: Path, told: Told | None = None
) -> None:
    """Write the videos beside each other, each with its name, with the first one's sound."""
    if len(videos) != len(names):
        raise UserError(f"{len(videos)} clips, but {len(names)} names: {', '.join(names)}")
    if out.suffix.lower() not in (".mp4", ".mov", ".mkv"):
        raise UserError(f"{out}: side by side goes into .mp4, .mov or .mkv")
    check_is_no_input(out, videos)
    from moviepy import clips_array

    with ExitStack() as stack:
        clips = [stack.enter_context(_moving(video)) for video in videos]
        height = min(clip.h for clip in clips) // 2 * 2
        shown = [_named(clip, name, height) for clip, name in zip(clips, names, strict=True)]
        seconds = min(clip.duration for clip in clips)
        whole = clips_array([shown]).with_duration(seconds)
        sound = clips[0].audio.subclipped(0, seconds) if clips[0].audio else None
        part = stack.enter_context(replacing(out))
        rate = max(clip.fps for clip in clips)
        _write(whole.with_audio(sound), part, rate, _logger(told, round(seconds * rate)))


def in_notebook(video: Path, width: int = 640) -> Any:
    """The video as an object that Jupyter shows, its bytes inside the notebook."""
    from moviepy.video.io.display_in_notebook import HTML2, html_embed

    with tempfile.TemporaryDirectory() as folder, _moving(video) as clip:
        begin = clip.subclipped(0, min(clip.duration, PREVIEW_SECONDS))
        height = round(width * clip.h / clip.w / 2) * 2
        preview = Path(folder, "preview.mp4")
        _write(begin.resized((width // 2 * 2, height)), preview, clip.fps, None)
        return HTML2(html_embed(str(preview), width=width))


def _write(clip: "VideoClip", path: Path, rate: float, logger: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # moviepy rounds a clip's length up and then warns of the last frame that is not there.
        warnings.simplefilter("ignore", UserWarning)
        clip.write_videofile(
            str(path),
            fps=rate,
            codec="libx264",
            audio_codec="aac",
            preset="veryfast",
            ffmpeg_params=["-crf", "18", "-movflags", "+faststart"],
            pixel_format="yuv420p",
            temp_audiofile_path=folder,
            logger=logger,
        )


def _moving(video: Path) -> "VideoFileClip":
    # moviepy's own words for a file that it cannot read fill a screen, and its last frame stands
    # still where a file is cut off.
    facts = open_clip(video)
    if missing_bytes(video):
        raise MediaError(f"{video}: is cut off; copy the file again")
    from moviepy import VideoFileClip

    # Told the size, ffmpeg brings it upright; moviepy alone squashes what a phone recorded.
    upright = round(facts.width * facts.aspect), facts.height
    try:
        return VideoFileClip(str(video.absolute()), target_resolution=upright)
    except OSError as error:
        raise MediaError(f"{video}: cannot be shown ({str(error).splitlines()[0]})") from error


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
    """White on black, with a little room around it."""
    font = ImageFont.load_default(max(8, height * 0.7))
    width = int(font.getlength(name)) + height
    board = pillow.new("RGB", (width, height))
    ImageDraw.Draw(board).text((height / 2, height / 2), name, font=font, anchor="lm")
    return np.asarray(board)


def _logger(told: Told | None, total: int) -> Any:
    from proglog import ProgressBarLogger

    class Bars(ProgressBarLogger):  # type: ignore[misc] # proglog has no types
        def bars_callback(self, bar: str, attr: str, value: int, _: int | None = None) -> None:
            if told is not None and bar == "frame_index" and attr == "index":
                told(value, total)

    return Bars()
