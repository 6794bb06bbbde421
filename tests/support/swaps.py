"""A performance, its true swap, and a swap with known faults, measured once for several files."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.evaluation.evaluate import Evaluation
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.writer import writing
from faceswap_ae.synthetic.film import Film

COUNT, CUT = 16, 8  # frames, and the one with which another scene begins
KEPT, COVERED = 4, 12  # a frame that was left as it was, and one whose face nobody finds
FILM = Film("ada", seconds=Fraction(COUNT, 10), fps=Fraction(10), size=(256, 192), seed=5, cut=True)


@dataclass(frozen=True)
class Swapped:
    """Folders of films, a swap, and what was measured of it."""

    onto: Path
    truth: Path
    owner: Path
    swap: Path
    measured: Evaluation


def faulty(onto: Path, truth: Path, out: Path) -> Path:
    """The true swap blurred, in one frame not swapped and in one not to be found."""
    clip = open_clip(truth)
    with writing(out, clip, Encoding("ffv1")) as sink:
        for own, true in zip(reader.frames(open_clip(onto)), reader.frames(clip), strict=True):
            image = np.asarray(cv2.GaussianBlur(true.image, (0, 0), 1.0), np.uint8)
            if true.index == KEPT:
                image = own.image
            if true.index == COVERED:
                image = np.full_like(image, 90)
            sink.write(image, true.time, true.duration)
    return out
