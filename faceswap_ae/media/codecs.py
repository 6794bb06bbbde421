"""How are pictures packed into a video: which encoder, which pixels, which container?"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from av.video.stream import VideoStream

from faceswap_ae.common.errors import UserError, unknown
from faceswap_ae.media.clip import Clip, Colour
from faceswap_ae.media.pixel_format import matrix_of

RGB = 0  # FFmpeg's code for pixels that need no matrix

REPEATABLE_THREADS = 4  # x264's bits depend on their number

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Encoding:
    """How pictures are packed. crf: 0 perfect to 51 poor, of h264; preset: its speed."""

    codec: str = "h264"
    crf: int = 18
    preset: str = "veryfast"
    repeatable: bool = False  # the same pictures give the same file, on any number of cores


H264 = Encoding()


@dataclass(frozen=True)
class CodecKind:
    """What a codec needs: FFmpeg's encoder, the pixels it takes, where it may stand."""

    encoder: str
    pixels: str
    grey: str
    suffixes: tuple[str, ...]
    even: bool = False  # it halves the colour planes, so sides must be even


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
    """Is there such an encoding?"""
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
        # x264's quickest sums depend on where in memory a picture lies.
        steady = {"x264-params": "cpu-independent=1"} if encoding.repeatable else {}
        return {**options, **steady}
    return {"level": "3"} if encoding.codec == "ffv1" else {}


def output_colour(like: Clip, pixels: str) -> Colour:
    """How the output's numbers are meant: as the clip's, where the codec lets it be told."""
    colour = like.colour
    if pixels == "yuv420p":
        return colour
    if pixels.startswith("yuv"):
        # ProRes is limited and always names a matrix: the one that the pixels are made with.
        return replace(colour, matrix=matrix_of(colour, like.height), range=1)
    return replace(colour, matrix=RGB, range=2)


def threads_for(encoding: Encoding) -> int:
    """How many threads encode; 0 is as many as there are cores."""
    return REPEATABLE_THREADS if encoding.repeatable else 0


def log_changes(like: Clip, encoding: Encoding) -> None:
    """Say what of the clip's shape a kind of video cannot keep."""
    kind = CODECS[encoding.codec]
    right, bottom = odd_sides(like, even=kind.even)
    if right or bottom:
        told = "%dx%d becomes %dx%d: this kind of video needs even sides, the last line is doubled"
        log.info(told, like.width, like.height, like.width + right, like.height + bottom)
    pixels = kind.grey if like.pixels == "gray" else kind.pixels
    if like.aspect != 1 and not pixels.startswith("yuv"):
        log.info("the shape of the pixels (%s) is not kept: FFV1 cannot tell it", like.aspect)


def odd_sides(like: Clip, *, even: bool) -> tuple[int, int]:
    """How many lines right and at the bottom make both sides even, where they must be."""
    return (like.width % 2, like.height % 2) if even else (0, 0)


def describe(stream: VideoStream, like: Clip, pixels: str, colour: Colour, *, even: bool) -> None:
    """Tell the encoder all that it has to know before the first frame."""
    right, bottom = odd_sides(like, even=even)
    context = stream.codec_context
    context.width, context.height = like.width + right, like.height + bottom
    context.pix_fmt = pixels
    # Both, or a varying rate is rounded to the constant one.
    stream.time_base = context.time_base = like.time_base
    context.sample_aspect_ratio = like.aspect
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace, context.color_range = colour.matrix, colour.range
