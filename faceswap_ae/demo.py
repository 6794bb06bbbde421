"""What can this release do, shown on people who do not exist?

It does not swap faces yet. Ada is filmed, and so is the answer that a swap will be measured by:
Ben's face on Ada's head, in the same performance. Then every frame goes the way that a swapped one
will go, with the answer's pixels in the place of a network's: landmarks -> crop -> back under the
mask through the same matrix -> encode with the sound copied. What came out is compared and told.
"""

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.clip import open_clip
from faceswap_ae.geometry import Image, Points, fit_similarity, unwarp, warp
from faceswap_ae.montage import side_by_side
from faceswap_ae.synthetic.film import Film, shoot
from faceswap_ae.terminal import Session
from faceswap_ae.video import Frame, frames
from faceswap_ae.writer import writing

ADA = Film("ada", size=(480, 360), fps=Fraction(15), seed=4)
CROP = 256
RIGID = [*range(27, 36), 36, 39, 42, 45]  # landmarks that no expression moves
# Where these lie in the crop: the eyes' outer corners a third of it apart from its sides.
SPREAD, MIDDLE = 0.36, (0.5, 0.42)
SOFT, WIDER = 3.0, 15  # of the mask's edge, pixels


@dataclass(frozen=True)
class Shown:
    """The files that the demo wrote, and what it measured on them."""

    clip: Path
    answer: Path
    result: Path
    side: Path
    frames: int
    times_equal: bool
    sound_equal: bool
    outside_error: float  # mean difference to the clip outside the face, in levels of 255
    inside_error: float  # mean difference to the answer well inside it


def show(folder: Path, seconds: int, session: Session) -> Shown:
    """Film, go every frame's way, compare."""
    film = replace(ADA, seconds=Fraction(seconds))
    ada, ben = (
        _filmed(one, folder / name, session)
        for one, name in ((film, "ada"), (replace(film, as_if="ben"), "ben-on-ada"))
    )
    result, side = folder / "result.mp4", folder / "side.mp4"
    clip, answer = ada / "clip.mp4", ben / "clip.mp4"
    points = [np.array(row["landmarks"]) for row in _truth(ada)]
    masks = (frames(open_clip(one / "face-mask.mkv")) for one in (ada, ben))
    made = open_clip(clip)
    with writing(result, made, tracks=made) as sink:
        together = zip(frames(made), frames(open_clip(answer)), *masks, points, strict=True)
        for one, other, *seen, places in session.track(together, "way of a frame", film.count):
            mask = np.maximum(*(face.image[..., 0] for face in seen))
            image = exchanged(one.image, other.image, mask, places)
            sink.write(image, one.time, one.duration)
    names = ["ada", "result", "the answer"]
    with session.progress("side by side", film.count) as advance:
        side_by_side([clip, result, answer], names, side, lambda done, _: advance(done))
    return _compared(clip, answer, result, side, ada / "face-mask.mkv")


def exchanged(image: Image, answer: Image, mask: Image, points: Points) -> Image:
    """Crop the answer by the landmarks and lay it back under the mask."""
    matrix = fit_similarity(points[RIGID], _template(points))
    crop = warp(answer, matrix, (CROP, CROP))
    back, cover = unwarp(crop, matrix, (image.shape[1], image.shape[0]))
    # Wider than the landmarks, which run along the brows: half a brow is worse than none.
    wide = cv2.dilate(mask, np.ones((WIDER, WIDER), np.uint8))
    share = cv2.GaussianBlur(wide, (0, 0), SOFT).astype(np.float32) / 255 * cover
    mixed = image + (back.astype(np.float32) - image) * share[..., None]
    return np.asarray(mixed.round(), np.uint8)


def _template(points: Points) -> Points:
    """The points themselves, upright and of one size: enough where crops are not compared."""
    rigid = points[RIGID]
    left, right = points[36], points[45]
    away = right - left
    turn = np.array([[away[0], away[1]], [-away[1], away[0]]]) / (away @ away)
    upright = (rigid - (left + right) / 2) @ turn.T
    return np.asarray(CROP * (upright * SPREAD + MIDDLE))


def _filmed(film: Film, folder: Path, session: Session) -> Path:
    with session.progress(f"film {folder.name}", film.count) as advance:
        shoot(film, folder, advance)
    return folder


def _truth(folder: Path) -> list[dict[str, list[list[float]]]]:
    rows: list[dict[str, list[list[float]]]] = json.loads(
        (folder / "truth.json").read_text(encoding="utf-8")
    )["frames"]
    return rows


def _compared(clip: Path, answer: Path, result: Path, side: Path, mask: Path) -> Shown:
    count, times = 0, True
    outside: list[float] = []
    inside: list[float] = []
    each = (frames(open_clip(path)) for path in (clip, answer, result, mask))
    for before, goal, after, face in zip(*each, strict=True):
        count += 1
        times &= (before.time, before.duration) == (after.time, after.duration)
        near = cv2.dilate(face.image[..., 0], np.ones((61, 61), np.uint8)) > 0
        deep = cv2.erode(face.image[..., 0], np.ones((17, 17), np.uint8)) > 0
        outside.append(_off(before, after, ~near))
        inside.append(_off(goal, after, deep))
    sound = _sound(clip) == _sound(result)
    off = float(np.mean(outside)), float(np.mean(inside))
    return Shown(clip, answer, result, side, count, times, sound, *off)


def _off(one: Frame, other: Frame, where: NDArray[np.bool_]) -> float:
    return float(np.abs(one.image.astype(np.int16) - other.image)[where].mean())


def _sound(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
