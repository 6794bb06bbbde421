"""What can this release do, shown on a clip that is made here?

It does not swap faces yet. It goes the way that every swapped frame will go, with a marker in a
face's place: find -> crop through a similarity -> change the crop -> back through the same matrix
-> encode with the sound copied. What went in and what came out is then compared and told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.clip import BT709, Clip, open_clip
from faceswap_ae.geometry import Image, Matrix, Points, fit_similarity, transform, unwarp, warp
from faceswap_ae.montage import side_by_side, write_gif
from faceswap_ae.terminal import Session
from faceswap_ae.video import frames
from faceswap_ae.waveform import Waveform
from faceswap_ae.writer import writing

SIZE = (480, 360)
LENGTHS = (1, 2, 1, 1)  # in 1/30 s, in turn: a varying frame rate, as phones record
CROP = 128
# A face of four points: eyes, nose, mouth, in the crop's pixels.
TEMPLATE = np.array([[40.0, 48.0], [88.0, 48.0], [64.0, 72.0], [64.0, 96.0]])


@dataclass(frozen=True)
class Shown:
    """The files that the demo wrote, and what it measured on them."""

    clip: Path
    result: Path
    side: Path
    gif: Path
    frames: int
    times_equal: bool
    sound_equal: bool
    untouched_error: float  # mean difference outside the marker, in levels of 255


def show(folder: Path, seconds: int, session: Session) -> Shown:
    """Make the clip, change the marker in every frame, compare."""
    clip, result = folder / "clip.mp4", folder / "result.mp4"
    side, gif = folder / "side.mp4", folder / "side.gif"
    count = int(seconds * 30 * len(LENGTHS) / sum(LENGTHS))
    _draw_clip(clip, count, session)
    made = open_clip(clip)
    with writing(result, made, tracks=made) as sink:
        for frame in session.track(frames(made), "change", made.count):
            sink.write(changed(frame.image, _pose(frame.time)), frame.time, frame.duration)
    with session.progress("side by side", 0) as advance:
        side_by_side([clip, result], ["original", "result"], side, lambda done, _: advance(done))
    write_gif(side, gif, Fraction(10))
    return _compared(clip, result, side, gif)


def changed(image: Image, points: Points) -> Image:
    """Crop the marker, turn its colours round, lay it back: one frame's way."""
    matrix = fit_similarity(points, TEMPLATE)
    crop = warp(image, matrix, (CROP, CROP))
    turned = np.ascontiguousarray(crop[..., ::-1], np.uint8)
    back, cover = unwarp(turned, matrix, SIZE)
    disc = np.asarray(_disc(matrix) * cover, np.float32)
    mixed = image + (back.astype(np.float32) - image) * disc[..., None]
    return np.asarray(mixed.round(), np.uint8)


def _disc(matrix: Matrix) -> NDArray[np.float32]:
    """Where the marker is, soft at its edge; (height, width) in [0, 1]."""
    mask = np.zeros((CROP, CROP), np.uint8)
    cv2.circle(mask, (CROP // 2, CROP // 2), CROP // 2 - 13, 255, -1, cv2.LINE_AA)
    soft = np.asarray(cv2.GaussianBlur(mask, (9, 9), 0), np.uint8)
    placed, _ = unwarp(soft, matrix, SIZE)
    return np.multiply(placed, 1 / 255, dtype=np.float32)


def _pose(time: Fraction) -> Points:
    """Where the marker's four points are in the frame at a time."""
    t = float(time)
    angle, scale = 0.4 * np.sin(1.7 * t), 1 + 0.25 * np.sin(1.1 * t)
    centre = np.array([240 + 110 * np.sin(0.9 * t), 180 + 50 * np.sin(1.3 * t)])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed: Points = (TEMPLATE - CROP / 2) @ turn.T + centre
    return placed


def _draw_clip(path: Path, count: int, session: Session) -> None:
    tick = Fraction(1, 30)
    like = Clip(
        path.with_name("drawn"), *SIZE, Fraction(30), tick, Fraction(0), count, colour=BT709
    )
    with writing(path, like, tracks=Waveform(_tone(count * 2))) as sink:
        for time, duration in session.track(_clock(count, tick), "draw", count):
            sink.write(_scene(_pose(time)), time, duration)


def _clock(count: int, tick: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    time = Fraction(0)
    for index in range(count):
        duration = LENGTHS[index % len(LENGTHS)] * tick
        yield time, duration
        time += duration


def _scene(points: Points) -> Image:
    """A soft ground with the marker on it."""
    across, down = np.meshgrid(np.linspace(0, 1, SIZE[0]), np.linspace(0, 1, SIZE[1]))
    ground = np.stack([90 + 60 * across, 110 + 40 * down, 140 - 30 * across], axis=-1)
    image = np.ascontiguousarray(ground.round(), np.uint8)
    matrix = fit_similarity(TEMPLATE, points)
    (centre,) = transform(np.array([[CROP / 2, CROP / 2]]), matrix)
    radius = int(np.linalg.norm(matrix[:, 0]) * (CROP / 2 - 12))
    cv2.circle(image, _whole(centre), radius, (226, 172, 96), -1, cv2.LINE_AA)
    for point, size in zip(points, (7, 7, 4, 11), strict=True):
        cv2.circle(image, _whole(point), size, (70, 40, 30), -1, cv2.LINE_AA)
    return image


def _whole(point: Points) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _tone(thirtieths: int) -> NDArray[np.float32]:
    """A soft two-note hum."""
    t = np.arange(thirtieths * 1600) / 48_000
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * 1.5 * t)
    hum = np.sin(2 * np.pi * 180 * t) + 0.4 * np.sin(2 * np.pi * 271 * t)
    return (0.15 * swell * hum).astype(np.float32)


def _compared(clip: Path, result: Path, side: Path, gif: Path) -> Shown:
    count, times, errors = 0, True, []
    for before, after in zip(frames(open_clip(clip)), frames(open_clip(result)), strict=True):
        count += 1
        times &= (before.time, before.duration) == (after.time, after.duration)
        matrix = fit_similarity(_pose(before.time), TEMPLATE)
        outside = _disc(matrix) == 0
        difference = before.image.astype(np.int16) - after.image
        errors.append(float(np.abs(difference)[outside].mean()))
    sound = _sound(clip) == _sound(result)
    return Shown(clip, result, side, gif, count, times, sound, float(np.mean(errors)))


def _sound(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
