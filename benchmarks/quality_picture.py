"""Which picture shows the swaps of all ways beside each other, with one frame of each pair?"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.quality_cast import Stage
from faceswap_ae.common.geometry import Image, Points, warp
from faceswap_ae.evaluation.target import clip_in
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.media import images, reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.span import Span
from faceswap_ae.training.preview import sheet

CROP, SIDE = "whole", 192  # the crop, and the pixels of its side
MOMENT = 0.3  # the shown moment, as a share of the performance


def draw(stages: Sequence[Stage], swaps: Mapping[str, Sequence[Path]], place: Path) -> None:
    """Write a picture with one row per pair: performance, each way's swap, exact answer."""
    clips = {
        "the performance": [stage.play for stage in stages],
        **swaps,
        "the exact answer": [clip_in(stage.answer) for stage in stages],
    }
    columns = [
        np.stack([_face(*one) for one in zip(files, stages, strict=True)]) / np.float32(255)
        for files in clips.values()
    ]
    images.write(place, sheet(columns, list(clips)))


def _face(clip: Path, stage: Stage) -> Image:
    number = int(MOMENT * stage.pair.play.count)
    (frame,) = reader.frames(open_clip(clip), Span(first=number, last=number))
    return warp(frame.image, matrix_of(_landmarks(stage, number), CROP, SIDE), (SIDE, SIDE))


def _landmarks(stage: Stage, number: int) -> Points:
    told = json.loads((stage.play.parent / "truth.json").read_bytes())
    return np.array(told["frames"][number]["landmarks"], np.float64)
