"""How are stills of a swap and of its sources drawn side by side for the report?

A few frames are decoded again when a report is written. No frame is kept during the measurement.
"""

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as pillow

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Doubles, Image, Matrix, warp
from faceswap_ae.evaluation.ground_truth import find_ground_truth
from faceswap_ae.evaluation.target import clip_in, is_folder
from faceswap_ae.media import reader
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.span import Span

SIDE = 256  # pixels of a still
QUALITY = 85  # of its JPEG
AROUND = 0.06  # of the crop: margin that is shown on each side
# Frames: an encoder's usual distance of keyframes. Frames that are nearer are read in one go.
SEEK = 250
STRONGER = 4  # factor by which a change is amplified, shown when no mask is known


Masks = Callable[[Sequence[int]], Mapping[int, Image]]  # for frame numbers of the performance


@dataclass(frozen=True)
class StillSources:
    """The clips of a swap, and which of the performance's frames the result shows."""

    result: Path
    onto: Path
    truth: Path | None
    numbers: Sequence[int]
    masks: Masks | None = None  # renders masks, if there is no clip of them


def draw_stills(
    sources: StillSources, crops: Doubles, frames: Sequence[int]
) -> dict[int, dict[str, Image]]:
    """Return stills of the faces in some frames of the result, by name: `original`, `result` etc.

    `crops` (n, 2, 3) map each of the result's frames to a crop of one pixel.
    """
    found: dict[int, dict[str, Image]] = {frame: {} for frame in sorted(set(frames))}
    for name, (clip, numbers) in _clips(sources).items():
        wanted = {int(numbers[frame]): frame for frame in found}
        for number, image in _pictures(clip, sorted(wanted)):
            frame = wanted[number]
            found[frame][name] = _still(image, crops[frame])
    if sources.masks is not None:
        own = {int(sources.numbers[frame]): frame for frame in found}
        for number, image in sources.masks(sorted(own)).items():
            found[own[number]].setdefault("mask", _still(image, crops[own[number]]))
    return {frame: _with_change(pictures) for frame, pictures in found.items()}


def embedded(image: Image) -> str:
    """Return a picture as a data URL, to embed it in the page."""
    packed = io.BytesIO()
    pillow.fromarray(image).save(packed, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(packed.getvalue()).decode()


def _clips(sources: StillSources) -> dict[str, tuple[Clip, Sequence[int]]]:
    result = open_clip(sources.result)
    own, onto = range(result.count), clip_in(sources.onto)
    found: dict[str, tuple[Clip, Sequence[int]]] = {}
    if not is_folder(onto):
        found["original"] = open_clip(onto), sources.numbers
    found["result"] = result, own
    if sources.truth is not None:
        found["true swap"] = open_clip(find_ground_truth(sources.truth).clip), sources.numbers
    mask = _mask(sources.result, result)
    return found if mask is None else {**found, "mask": (mask, own)}


def _mask(place: Path, result: Clip) -> Clip | None:
    """Return the clip of masks that `convert --view all` writes beside its result, if it fits."""
    try:
        mask = open_clip(place.with_stem(f"{place.stem}-mask"))
    except MediaError:
        return None
    alike = (mask.count, mask.width, mask.height) == (result.count, result.width, result.height)
    return mask if alike else None


def _pictures(clip: Clip, numbers: Sequence[int]) -> Iterator[tuple[int, Image]]:
    """Yield frames by their numbers, which must rise."""
    wanted = set(numbers)
    for row in np.split(numbers, np.flatnonzero(np.diff(numbers) > SEEK) + 1):
        for frame in reader.frames(clip, Span(first=int(row[0]), last=int(row[-1]))):
            if frame.index in wanted:
                yield frame.index, frame.image


def _still(image: Image, crop: Doubles) -> Image:
    return warp(image, _matrix(crop, image), (SIDE, SIDE))


def _matrix(crop: Doubles, image: Image) -> Matrix:
    """Return the map from frame to still: around the face, else around the frame's middle."""
    if np.isfinite(crop).all():
        # A crop of one pixel reaches half a pixel to each side of its centre.
        scale = SIDE / (1 + 2 * AROUND)
        return np.asarray(scale * crop + np.array([[0.0, 0.0, (SIDE - 1) / 2]] * 2))
    height, width = image.shape[:2]
    scale = SIDE / min(height, width)
    shift = (SIDE - 1) / 2 - scale * np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([scale * np.eye(2), shift])


def _with_change(pictures: Mapping[str, Image]) -> dict[str, Image]:
    """Add a picture of the change between original and result if no mask is known."""
    if "mask" in pictures or "original" not in pictures or "result" not in pictures:
        return dict(pictures)
    change = cv2.absdiff(pictures["result"], pictures["original"]).max(axis=2)
    strong = np.minimum(change.astype(np.int64) * STRONGER, 255).astype(np.uint8)
    return {**pictures, "change": np.repeat(strong[..., None], 3, axis=2)}
