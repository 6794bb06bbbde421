"""Which swap with known faults is measured, once for several test files of the evaluation?"""

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

COUNT, CUT = 16, 8  # number of frames, and the first frame after the scene cut
KEPT, COVERED = 4, 12  # a frame that was not swapped, and one without a detectable face
FILM = Film("ada", seconds=Fraction(COUNT, 10), fps=Fraction(10), size=(256, 192), seed=5, cut=True)


@dataclass(frozen=True)
class Swapped:
    """The folders of the films, the swap, and its evaluation."""

    onto: Path
    truth: Path
    owner: Path
    swap: Path
    measured: Evaluation


def faulty(onto: Path, truth: Path, out: Path) -> Path:
    """Write a blurred copy of the true swap.

    One frame is not swapped, and one is plain grey, so that no face is found in it.
    """
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
