"""Where exactly are the 68 landmarks of a rendered face (iBUG's order, viewer's left first)?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from faceswap_ae.synthetic.curves import Field
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.features import brow, lids, lips
from faceswap_ae.synthetic.layers import gather
from faceswap_ae.synthetic.model import Camera, Model, Posed
from faceswap_ae.synthetic.people import Features

UPPER, LOWER = 1, 2  # the two copies of the lips' row
# The points of the jaw line from ear to chin: their rings, and their degrees from the middle.
JAW_RINGS = np.array([7.0, 8.2, 9.3, 10.4, 11.5, 12.4, 12.9, 13.0, 13.05])
JAW_ANGLES = np.array([90, 90, 88, 84, 74, 56, 36, 18, 0.0])
# When the head turns, its outline may hide the jaw's border. The outline is searched this many
# degrees further in front, in so many steps.
TURNED, STEPS = 60, 121
BLUNT = 0.6  # millimetres: outline points about this close to the outermost count too (softmax)


@dataclass(frozen=True)
class Landmarks:
    """68 points in the picture (x, y) and in room coordinates (millimetres)."""

    picture: Field
    room: Field


def landmarks(scene: Posed, camera: Camera, look: Look) -> Landmarks:
    """The landmarks of one frame."""
    f, squint = scene.model.sitter.face.features, scene.felt.lid_squint
    row, column = _places(scene.model, *_in_plane(f, look.blink, squint))
    room = np.empty((68, 3), np.float32)
    room[17:] = gather(scene.skin, row, column)
    room[:17] = _jaw(scene, camera)
    # In the result, whole numbers are the centres of pixels.
    return Landmarks(camera.project(room)[0] - 0.5, room)


def _in_plane(f: Features, blink: tuple[float, float], squint: float) -> tuple[Any, Any]:
    """Points 17 to 67 in the face's plane, and on which copy of the lips' row they are (or 0)."""
    points, copy = np.zeros((51, 2)), np.zeros(51, int)
    x, y, thick = brow(f, np.linspace(0.02, 0.98, 5))
    y = y + thick * [0.2, 0.75, 0.85, 0.8, 0.3]
    points[5:10], points[:5] = np.stack([x, y], -1), np.stack([-x[::-1], y[::-1]], -1)
    tip = f.nose_base + 9.5 + 0.9 * f.nose_tip
    points[10:14, 1] = np.linspace(2.5, tip, 4)
    wing = 12.94 * f.nose_width
    points[14:19, 0] = np.array([-1, -0.5, 0, 0.5, 1]) * wing
    points[14:19, 1] = f.nose_base + np.array([0.5, -0.8, -1.2, -0.8, 0.5])
    points[19:25] = _eye(f, -1, blink[0], squint)
    points[25:31] = _eye(f, 1, blink[1], squint)
    points[31:], copy[31:] = _mouth(f)
    return points, copy


def _eye(f: Features, side: int, closed: float, squint: float) -> Any:
    """The six points of an eye: left to right on the upper lid, then back on the lower lid."""
    x = np.array([-1, -0.36, 0.36, 1]) * f.eye_width
    low, high = lids(f, x * side, closed, squint)
    corners = (low + high) / 2
    y = [corners[0], high[1], high[2], corners[3], low[2], low[1]]
    return np.stack([x[[0, 1, 2, 3, 2, 1]] + side * f.eye_distance, y], -1)


def _mouth(f: Features) -> tuple[Any, Any]:
    outer = np.array([-1, -0.6, -0.24, 0, 0.24, 0.6, 1]) * f.mouth_width
    _, line, high = lips(f, outer)
    top = np.stack([outer, [line[0], *high[1:6], line[6]]], -1)
    under = np.array([0.6, 0.27, 0, -0.27, -0.6]) * f.mouth_width
    bottom = np.stack([under, lips(f, under)[0]], -1)
    above = np.array([-0.86, -0.3, 0, 0.3, 0.86]) * f.mouth_width
    below = np.array([0.3, 0, -0.3]) * f.mouth_width
    inner_top = np.stack([above, lips(f, above)[1] + 0.3], -1)
    inner_low = np.stack([below, lips(f, below)[1] - 0.3], -1)
    copies = [UPPER] * 7 + [LOWER] * 5 + [UPPER] * 5 + [LOWER] * 3
    return np.concatenate([top, bottom, inner_top, inner_low]), copies


def _places(model: Model, points: Any, copy: Any) -> tuple[Field, Field]:
    """The fractional (row, column) in the grid of points in the face's plane."""
    x, y = model.surface.points[..., 0], model.relief.plane[..., 1].astype(float)
    front, lip = model.surface.face > 0.02, model.surface.lips
    found = np.zeros((2, len(points)), np.float32)
    for number, (point, which) in enumerate(zip(points, copy, strict=True)):
        away = (x - point[0]) ** 2 + (y - point[1]) ** 2 + np.where(front, 0, 1e6)
        away[lip + 1 :] += 1e9 * (which == UPPER)
        away[: lip + 1] += 1e9 * (which == LOWER)
        row, column = np.unravel_index(int(np.argmin(away)), away.shape)
        if which and abs(int(row) - lip) <= 2:
            found[:, number] = _at_cut((x, y), lip, int(row), front[row], (point, which))
        else:
            step = _newton((x, y), int(row), int(column), point)
            found[:, number] = row + step[0], column + step[1]
    return found[0], found[1]


def _at_cut(
    plane: tuple[Any, Any], lip: int, row: int, front: Any, what: tuple[Any, int]
) -> tuple[float, float]:
    """The (row, column) of a point near the cut of the mouth, where the grid is one-sided.

    The column is found first, then the row along that column.
    """
    (x, y), (point, copy) = plane, what
    ahead = np.flatnonzero(front)
    column = float(np.interp(point[0], x[row, ahead], ahead))
    side = np.arange(lip, lip - 6, -1) if copy == UPPER else np.arange(lip + 1, lip + 7)
    nearest = round(column)
    heights = y[side, nearest] if copy == UPPER else -y[side, nearest]
    return float(np.interp(point[1] if copy == UPPER else -point[1], heights, side)), column


def _newton(plane: tuple[Any, Any], row: int, column: int, point: Any) -> Any:
    """One Newton step (row, column) from the nearest grid point towards the point itself."""
    x, y = plane
    r, c = np.clip(row, 1, x.shape[0] - 2), np.clip(column, 1, x.shape[1] - 2)
    slope = np.array(
        [
            [x[r + 1, c] - x[r - 1, c], x[r, c + 1] - x[r, c - 1]],
            [y[r + 1, c] - y[r - 1, c], y[r, c + 1] - y[r, c - 1]],
        ]
    )
    missing = [point[0] - x[row, column], point[1] - y[row, column]]
    return np.clip(np.linalg.lstsq(slope / 2, missing, rcond=None)[0], -1, 1)


def _jaw(scene: Posed, camera: Camera) -> Field:
    """The 17 points of the jaw: its border, or the head's outline where that hides the border."""
    surface = scene.model.surface
    rows = np.interp(JAW_RINGS, surface.ring, np.arange(len(surface.ring)))
    degrees, numbers = np.degrees(surface.angle), np.arange(len(surface.angle))
    found = np.zeros((17, 3), np.float32)
    for number in range(17):
        which, side = min(number, 16 - number), -1 if number < 8 else 1
        turned = np.linspace(0, TURNED if which < 7 else 0, STEPS)
        columns = np.interp(side * (JAW_ANGLES[which] - turned), degrees, numbers)
        row = np.full(STEPS, rows[which], np.float32)
        points = gather(scene.skin, row, columns.astype(np.float32))
        out = side * camera.project(points)[0][:, 0] / camera.scale
        # A weighted mean of all points that are nearly outermost. A single one would make the
        # landmark jump from one grid point to the next.
        share = np.exp((out - out.max()) / BLUNT)
        found[number] = (share / share.sum()) @ points if which < 7 else points[0]
    return found
