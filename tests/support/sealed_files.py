"""How do tests write outputs with all marks: tags, signature, watermark?"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.seal import Deed, MarkOptions, OutputSeal, make_seal
from faceswap_ae.media import png, provenance
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segments import OutputSpec
from tests.support.written_clips import new

SIZE = 384, 256
KINDS = [".mp4", ".mov", ".mkv", ".gif", ".png"]
FRAMES = 6
ALL = MarkOptions()


@cache
def picture(seed: int = 0) -> Image:
    """Draw a picture with large and small things in it."""
    chance = np.random.default_rng(seed)
    layers = [
        cv2.resize(chance.uniform(0, high, (size, size, 3)), SIZE, interpolation=cv2.INTER_CUBIC)
        for size, high in ((8, 120), (40, 30), (160, 6))
    ]
    return np.asarray(np.clip(40 + np.sum(layers, axis=0), 0, 255), np.uint8)


def seal(kind: str = "swap", run: str = "one", options: MarkOptions = ALL) -> OutputSeal:
    """Return the marks of an output."""
    tags = provenance.make_marks(datetime(2026, 12, 1, tzinfo=UTC), "ben's face put onto ada")
    return make_seal(options, Deed(kind, tags, {"run": run}))


def sealed(path: Path, marks: OutputSeal) -> Path:
    """Write a small output as conversions do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        path.write_bytes(png.encode(marks.imprint(picture()), provenance.png_words(marks.tags)))
        marks.sign(path, path)
        return path
    like = new(SIZE)
    with resumable(OutputSpec(path, like, marks=marks.tags, seal=marks), {}) as parts:
        for number in range(FRAMES):
            moved = np.roll(picture(), 3 * number, axis=1)
            parts.write(moved, number / like.rate, 1 / like.rate)
    return path
