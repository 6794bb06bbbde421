"""How are pictures encoded into a video: which encoder, which pixel format, which container?"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from av.video.stream import VideoStream

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.media.clip import Clip, Colour
from faceswap_ae.media.pixel_format import matrix_of

RGB = 0  # FFmpeg's matrix code for pixels that need no matrix

REPEATABLE_THREADS = 4  # x264's output depends on their number

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Encoding:
    """How pictures are encoded.

    `crf` is h264's quality, 0 (perfect) to 51 (poor); `preset` is its speed.
    """

    codec: str = "h264"
    crf: int = 18
    preset: str = "veryfast"
    repeatable: bool = False  # the same pictures give the same file, on any number of cores


H264 = Encoding()


@dataclass(frozen=True)
class CodecKind:
    """What a codec needs: FFmpeg's encoder, its pixel formats, the file suffixes it may have."""

    encoder: str
    pixels: str
    grey: str
    suffixes: tuple[str, ...]
    even: bool = False  # it halves the chroma planes, so both sides must be even


CODECS = {
    "h264": CodecKind("libx264", "yuv420p", "yuv420p", (".mp4", ".mov", ".mkv"), even=True),
    "prores": CodecKind("prores_ks", "yuv422p10le", "yuv422p10le", (".mov", ".mkv")),
    "ffv1": CodecKind("ffv1", "bgr0", "gray", (".mkv",)),
}
PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow"),
)


def check_encoding(encoding: Encoding) -> None:
    """Raise UserError if the codec or the preset is unknown."""
    if encoding.codec not in CODECS:
        raise UserError(unknown("codec", encoding.codec, CODECS))
    if encoding.preset not in PRESETS:
        raise UserError(unknown("preset", encoding.preset, PRESETS))


def kind_for(path: Path, encoding: Encoding) -> CodecKind:
    check_encoding(encoding)
    kind = CODECS[encoding.codec]
    if path.suffix.lower() not in kind.suffixes:
        places = " or ".join(kind.suffixes)
        raise UserError(
            f"{path}: {encoding.codec} goes into {places}; a GIF is .gif, a folder of "
            "pictures has no suffix"
        )
    return kind


def options_for(encoding: Encoding) -> dict[str, str]:
    if encoding.codec == "h264":
        options = {"crf": str(encoding.crf), "preset": encoding.preset}
        # The results of x264's fastest routines depend on where in memory a picture is.
        steady = {"x264-params": "cpu-independent=1"} if encoding.repeatable else {}
        return {**options, **steady}
    return {"level": "3"} if encoding.codec == "ffv1" else {}


def output_colour(like: Clip, pixels: str) -> Colour:
    """Return the output's colour tags: the clip's own where the codec can state them."""
    colour = like.colour
    if pixels == "yuv420p":
        return colour
    if pixels.startswith("yuv"):
        # ProRes has limited range and always names a matrix: the one used for the pixels.
        return replace(colour, matrix=matrix_of(colour, like.height), range=1)
    return replace(colour, matrix=RGB, range=2)


def threads_for(encoding: Encoding) -> int:
    """Return how many threads encode; 0 means one for each core."""
    return REPEATABLE_THREADS if encoding.repeatable else 0


def log_changes(like: Clip, encoding: Encoding) -> None:
    """Log which properties of the clip this codec cannot keep."""
    kind = CODECS[encoding.codec]
    right, bottom = odd_sides(like, even=kind.even)
    if right or bottom:
        told = "%dx%d becomes %dx%d: this kind of video needs even sides, the last line is doubled"
        log.info(told, like.width, like.height, like.width + right, like.height + bottom)
    pixels = kind.grey if like.pixels == "gray" else kind.pixels
    if like.aspect != 1 and not pixels.startswith("yuv"):
        log.info("the shape of the pixels (%s) is not kept: FFV1 cannot tell it", like.aspect)


def odd_sides(like: Clip, *, even: bool) -> tuple[int, int]:
    """Return how many columns at the right and rows at the bottom make both sides even.

    Both are 0 if the codec takes odd sides (not `even`).
    """
    return (like.width % 2, like.height % 2) if even else (0, 0)


def describe(stream: VideoStream, like: Clip, pixels: str, colour: Colour, *, even: bool) -> None:
    """Set on the encoder everything that it must know before the first frame."""
    right, bottom = odd_sides(like, even=even)
    context = stream.codec_context
    context.width, context.height = like.width + right, like.height + bottom
    context.pix_fmt = pixels
    # Both are set, else a variable frame rate is rounded to a constant one.
    stream.time_base = context.time_base = like.time_base
    context.sample_aspect_ratio = like.aspect
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace, context.color_range = colour.matrix, colour.range
