"""How do tests write clips with our writer, and read them back?"""

from fractions import Fraction
from pathlib import Path

import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.codecs import H264, Encoding
from faceswap_ae.media.reader import Frame, frames
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.writer import writing

NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def rewrite(source: Path, out: Path, encoding: Encoding = H264, span: Span = WHOLE) -> Path:
    clip = open_clip(source)
    with writing(out, clip, encoding, tracks=clip, span=span) as sink:
        for frame in frames(clip, span):
            sink.write(frame.image, frame.time, frame.duration)
    return out


def read(path: Path) -> list[Frame]:
    return list(frames(open_clip(path)))


def new(size: tuple[int, int] = (64, 48), pixels: str = "rgb24") -> Clip:
    rate = Fraction(25)
    return Clip(Path("new"), *size, rate, 1 / rate, Fraction(0), 0, pixels=pixels)


def write_all(path: Path, like: Clip, pictures: list[Image], encoding: Encoding = H264) -> None:
    with writing(path, like, encoding) as sink:
        for number, picture in enumerate(pictures):
            sink.write(picture, number / like.rate, 1 / like.rate)
