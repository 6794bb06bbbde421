"""Which strips of pictures show the swaps beside each other, for the page of claims?"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import claims_score as score
from benchmarks.claims_runs import SIZES, Work
from faceswap_ae.media import images
from faceswap_ae.training.preview import sheet

CELL = 144  # pixels of a picture in a strip
SHOWN = (2, 12, 35)  # the shown frames of the held-out clips (numbers over both clips)
HIDDEN = (5, 9, 21, 27)  # the shown frames of the clips with an occluder


def strips(work: Work, out: Path) -> list[Path]:
    """Write all strips of pictures into a folder. Return the files."""
    with np.load(work.pictures("references")) as kept:
        frames, true = kept["frames"], kept["true"]
    begin = {"the performance": frames, "the truth": true}
    swaps = {
        "adversarial": {"plain": "plain", "adversarial": "adversarial"},
        "perceptual": {"perceptual off": "plain", "perceptual on": "perceptual"},
        "sizes": {f"{side} pixels": run for side, run in SIZES.items()},
    }
    files = []
    for name, runs in swaps.items():
        done = {title: _kept(work, run)["swap"] for title, run in runs.items()}
        files.append(_strip(out / f"{name}.png", begin | done, SHOWN))
    return [*files, _mask_strip(work, out / "mask.png")]


def _mask_strip(work: Work, path: Path) -> Path:
    clips, kept = work.cast.occluded, _kept(work, "mask")
    outline = np.stack(score.hulls(clips)) * np.uint8(255)
    frames, seen = score.crops(clips.image, clips), score.crops(clips.mask, clips)
    columns = {
        "the performance": frames,
        "visible face": _grey(seen),
        "learned mask": _grey(kept["masks"]),
        "landmarks' hull": _grey(outline),
        "swap by both": score.mixed(kept["covered"], frames, np.minimum(kept["masks"], outline)),
    }
    return _strip(path, columns, HIDDEN)


def _strip(path: Path, columns: dict[str, NDArray[np.uint8]], rows: Sequence[int]) -> Path:
    small = [_small(column[list(rows)]) for column in columns.values()]
    images.write(path, sheet(small, list(columns)))
    return path


def _small(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    found = [cv2.resize(one, (CELL, CELL), interpolation=cv2.INTER_AREA) for one in pictures]
    return np.asarray(np.stack(found).astype(np.float32) / np.float32(255), np.float32)


def _grey(masks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(masks[..., None], 3, axis=-1)


def _kept(work: Work, name: str) -> dict[str, NDArray[np.uint8]]:
    with np.load(work.pictures(name)) as kept:
        return {key: kept[key] for key in kept.files}
