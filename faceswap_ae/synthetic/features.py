"""How do brows, eyes, nose and mouth change the surface of the head (relief)?

The curves of lids, lips and brows are in the face's plane as seen from the front, (x, y) in
millimetres. The relief is a function of that plane and is added to the surface's depth.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceswap_ae.synthetic.curves import Field, bell, bell2, larger, monotone, noise, step
from faceswap_ae.synthetic.people import Features, Sitter
from faceswap_ae.synthetic.shape import Surface

EYE_RADIUS = 14.2  # millimetres
Array = NDArray[Any]


@dataclass(frozen=True)
class Eye:
    """An eyeball behind the lids. `side` is -1 on the viewer's left, 1 on the right."""

    side: int
    centre: NDArray[np.float64]


@dataclass(frozen=True)
class Relief:
    """The surface with its features, without any expression."""

    points: NDArray[np.float64]  # (rows, columns, 3)
    plane: Field  # (rows, columns, 2): each point's place in the skin texture; it never moves
    fold: Array  # (rows, columns): 1 in the folds from nose to mouth
    eyes: tuple[Eye, Eye]


def lids(f: Features, outward: ArrayLike, closed: float, squint: float) -> tuple[Array, Array]:
    """Heights of the lower and upper lid at the distance `outward` from the eye's middle."""
    t = np.clip(np.asarray(outward) / f.eye_width, -1, 1)
    line = 0.5 * f.eye_tilt * t - 0.3
    over = np.clip(1 - (t - (f.eye_peak - 0.12) * (1 - t * t)) ** 2, 0, 1)
    below = np.clip(1 - (t - (0.18 - 0.5 * f.eye_peak) * (1 - t * t)) ** 2, 0, 1)
    lower = line - 0.44 * f.eye_opening * below**0.85 * (1 - 0.25 * squint)
    upper = line + 0.56 * f.eye_opening * over**0.72 * (1 - 0.18 * squint)
    return lower, upper + (lower + 0.15 - upper) * closed


def lips(f: Features, x: ArrayLike) -> tuple[Array, Array, Array]:
    """Heights of the lips' lower edge, of the line between the lips and of their upper edge."""
    away = np.abs(x)
    t = np.clip(away / f.mouth_width, 0, 1)
    bow = 0.9 * f.lip_bow * bell(x, 4.5)
    line = f.mouth_line + f.mouth_corner * t**2 + bow - 0.4 * bell(away - 11, 6)
    dip = (1 - 0.14 * f.lip_bow * bell(x, 2.6)) * (1 + 0.08 * f.lip_bow * bell(away - 5.5, 3))
    upper = f.upper_lip * (1 - t**1.7) ** 0.9 * dip
    lower = f.lower_lip * (1 - t**2.1) ** 0.85
    return line - lower, line, line + upper


def brow(f: Features, t: ArrayLike) -> tuple[Array, Array, Array]:
    """The brow's outward x, height and half thickness at `t`: inner end 0, outer end 1."""
    part = np.asarray(t)
    x = f.brow_start + 41 * f.brow_length * (f.eye_distance / 32) * part
    arch = f.brow_arch * np.sin(np.pi * np.clip(0.92 * part + 0.02, 0, 1) ** 1.35)
    tail = 3.5 * np.clip(part - 0.62, 0, 1) / 0.38
    y = f.brow_height - 1.5 + f.brow_tilt * (part - 0.3) + arch - tail
    begin = 0.65 + 0.35 * np.clip(part / 0.12, 0, 1) ** 0.5
    end = np.clip(1 - (part - 0.3) / 0.78, 0.16, 1)
    return x, y, 4.1 * f.brow_thickness * begin * end


def nostril(f: Features) -> tuple[float, float, float, float]:
    """A nostril's outward x and y, its half width and its half height."""
    return 6.6 * f.nose_width, f.nose_base + 1.1, 3.7 * f.nose_width**0.6, 1.75


def relief(sitter: Sitter, surface: Surface) -> Relief:
    """Add the sitter's features to the surface of the bare head."""
    f = sitter.face.features
    points = surface.points.copy()
    x, y = points[..., 0].copy(), points[..., 1].copy()
    away, fold = np.abs(x), fold_line(f, np.abs(x), y)
    depth = _sockets(f, away, y) + _cheeks(sitter, x, y) - f.fold * fold
    depth += _muzzle(f, x, y) + _chin(sitter, x, y) + _nose(f, x, y)
    depth += _lip_relief(f, x, y, surface) + _unevenness(sitter, x, y)
    points[..., 2] += depth * surface.face
    points[..., 0] -= np.sign(x) * 2.2 * bell2(away, y, (72, 30), (12, 18))
    eyes = _eye(f, -1), _eye(f, 1)
    for eye in eyes:
        _lid_relief(f, eye, points, (x, y), surface)
    return Relief(points, _unrolled(surface, x, y), fold, eyes)


def fold_line(f: Features, away: Array, y: Array, width: float = 2.2, shift: float = 0) -> Array:
    """A mask that is 1 along the fold from the nose's wing to the corner of the mouth."""
    nose, mouth = f.nose_base, f.mouth_line
    course = 15 + 0.62 * (nose + 6 - y) + shift
    ends = step(nose + 9, nose + 2, y) * step(mouth - 9, mouth + 4, y)
    return np.asarray(bell(away - course, width) * ends)


def _sockets(f: Features, away: Array, y: Array) -> Array:
    """The relief of brow ridge and eye sockets, and of troughs and bags under the eyes."""
    ridge = f.brow_ridge * bell(y - 17.5, 6.5) * np.exp(-(((away - 26) / 24) ** 4))
    ball = ((away - f.eye_distance) / 17.5) ** 2 + ((y + 0.5) / 12.5) ** 2
    socket = -(8.2 - f.eye_depth) * np.exp(-0.8 * ball**1.25) - 3.6 * bell2(
        away, y, (15.5, 3), (5.5, 8)
    )
    trough = -1.6 * (0.4 + f.eye_bags) * bell2(away, y, (f.eye_distance - 6, -13), (12, 4), -0.25)
    bag = 0.9 * f.eye_bags * bell2(away, y, (f.eye_distance - 2, -9.5), (11, 2.3), -0.1)
    return np.asarray(ridge + socket + trough + bag)


def _cheeks(sitter: Sitter, x: Array, y: Array) -> Array:
    frame, away = sitter.frame, np.abs(x)
    bone = bell2(away, y, (44, frame.cheek_height - 27), (13, 11), 0.3)
    hollow = frame.hollow * bell2(away, y, (46, -60), (13, 15))
    beside_nose = 1.4 * bell2(away, y, (24, -30), (6, 9))
    return np.asarray((3.4 + frame.cheek_depth) * bone - hollow - beside_nose)


def _muzzle(f: Features, x: Array, y: Array) -> Array:
    """The relief around the mouth: its rise, the rim of the folds, the groove under the nose."""
    away, top = np.abs(x), f.mouth_line + f.upper_lip
    rise = 3.2 * bell2(x, y, (0, f.mouth_line + 4), (22, 15))
    rim = 0.55 * f.fold * fold_line(f, away, y, 3, 4.5)
    groove = step(top - 1, top + 2, y) * step(f.nose_base, f.nose_base - 4, y)
    walls = (0.55 * bell(away - 4.6, 1.7) - 0.9 * bell(x, 2.2)) * f.lip_bow**0.5
    tuck = 2 * bell2(away, y, (f.mouth_width + 2, f.mouth_line + f.mouth_corner), (3.2, 4.5))
    return np.asarray(rise + rim + walls * groove - tuck)


def _chin(sitter: Sitter, x: Array, y: Array) -> Array:
    frame, f = sitter.frame, sitter.face.features
    middle = -102 - 0.75 * frame.chin_height + 0.3 * f.mouth_height
    ball = frame.chin_ball * bell2(x, y, (0, middle), (13 + frame.chin_width, 8.5))
    under_lip = 1.6 * bell2(x, y, (0, f.mouth_line - 19), (17, 3.8))
    jowl = 0.6 * frame.jowl * bell2(np.abs(x), y, (34, -92), (9, 9))
    return np.asarray(ball - under_lip + jowl)


def _nose(f: Features, x: Array, y: Array) -> Array:
    away, base, wings = np.abs(x), f.nose_base, f.nose_wings
    height, width = _nose_profile(f, y), _nose_width(f, y)
    core, skirt = np.exp(-((away / width) ** 2.3)), np.exp(-((away / (1.75 * width)) ** 2.2))
    nose = height * (0.68 * core + 0.32 * skirt)
    wing_x, wing_y, size = 13.2 * f.nose_width, base + 4.5, wings**0.5
    from_wing = (np.abs(away - wing_x) / (5.2 * size)) ** 2.4
    from_wing += (np.abs(y - wing_y) / (5.6 * size)) ** 2.6
    wing = 9.66 * wings**0.6 * f.nose_depth**0.5 * np.exp(-from_wing)
    nose = larger(nose, wing, 2.5)
    ring = np.hypot(away - wing_x + 0.5, (y - wing_y - 0.5) * 0.95) - 8.3 * size
    where = step(wing_x - 5, wing_x + 3, away) * step(base - 3, base + 1.5, y)
    crease = 1.3 * bell(ring, 1.5) * where * step(wing_y + 8.5, wing_y + 2, y)
    hole_x, hole_y, wide, high = nostril(f)
    hole = 3.2 * bell2(away, y, (hole_x, hole_y), (0.8 * wide, 0.9 * high), 0.25)
    return np.asarray(nose - crease - hole)


def _nose_profile(f: Features, y: Array) -> Array:
    """How far the nose stands out along its middle line, in millimetres."""
    base, k, tip = f.nose_base, f.nose_depth, f.nose_tip
    long, bridge, hump, root = (5 - base) / 50, f.nose_bridge, f.nose_hump, f.nose_root
    heights = [base - 8, base - 3.5, base - 0.4, base + 2.6, base + 6 + 0.4 * tip]
    heights += [base + 9.5 + 0.9 * tip, base + 15 + 0.5 * tip, -16 * long, -7 * long, 1, 8, 14, 22]
    out = [0, 0.4, 2.6, 11.5 * k, 19.3 * k, 21.5 * k, 18.6 * k, 12.5 * k + bridge + hump]
    out += [7.2 * k + bridge + 0.6 * hump, 3.2 + 0.7 * bridge + root, 2 + 0.4 * bridge + 0.6 * root]
    return monotone(heights, [*out, 0.8, 0], y)


def _nose_width(f: Features, y: Array) -> Array:
    base, long, tip, wide = f.nose_base, (5 - f.nose_base) / 50, f.nose_tip_width, f.nose_width
    heights = [base - 8, base, base + 4, base + 9, base + 16, -10 * long, 0, 10, 22]
    widths = [9 * wide, 9.2 * wide * tip**0.5, 8.8 * tip * wide**0.5, 8.4 * tip * wide**0.4]
    widths += [7.6 * wide**0.5, 6.3 * wide**0.5, 6.6, 9, 12]
    return monotone(heights, widths, y)


def _lip_relief(f: Features, x: Array, y: Array, surface: Surface) -> Array:
    low, line, high = lips(f, x)
    away = np.abs(x)
    up, down = (y - line) / np.maximum(high - line, 0.5), (line - y) / np.maximum(line - low, 0.5)
    swell = np.clip(up + 0.04, 0, 1) ** 0.5 * np.exp(-2.2 * np.clip(up - 0.25, 0, 9) ** 2)
    hang = np.clip(down + 0.05, 0, 1) ** 0.5 * np.exp(-2 * np.clip(down - 0.35, 0, 9) ** 2)
    full = np.where(surface.upper, 3.0 * swell, 4.2 * hang) * f.lip_fullness
    fading = np.clip(1 - (away / (1.02 * f.mouth_width)) ** 2.6, 0, 1)
    seam = 2 * bell(y - line, 1.1) * step(1.12, 0.9, away / f.mouth_width)
    return np.asarray(full * fading - seam)


def _unevenness(sitter: Sitter, x: Array, y: Array) -> Array:
    """The relief that makes a face asymmetric.

    It reaches the forehead, so it belongs to the person around the features (`sitter.around`).
    """
    field = noise(np.random.default_rng([77, sitter.around.seed]), (64, 64), (3, 3), 2)
    u = np.clip((x + 100) / 200 * 63, 0, 63).astype(np.float32)
    v = np.clip((130 - y) / 260 * 63, 0, 63).astype(np.float32)
    return sitter.around.features.asymmetry * 0.9 * cv2.remap(field, u, v, cv2.INTER_CUBIC)


def _eye(f: Features, side: int) -> Eye:
    depth = 83 - 1.2 + 0.8 * f.eye_depth - EYE_RADIUS - 1
    return Eye(side, np.array([side * (f.eye_distance - 0.5), -0.2, depth]))


def _lid_relief(
    f: Features, eye: Eye, points: Array, plane: tuple[Array, Array], surface: Surface
) -> None:
    """Bulge the lids over the eyeball and fold the upper lid. Changes `points` in place."""
    x, y = plane
    radius = EYE_RADIUS + 1.1
    square = (points[..., 0] - eye.centre[0]) ** 2 + (y - eye.centre[1]) ** 2
    over = np.sqrt(np.maximum(radius**2 - square, 0)) - np.maximum(square - radius**2, 0) * 0.25
    near = (square < (1.35 * radius) ** 2) & (surface.face > 0.3)
    bulged = larger(points[..., 2], eye.centre[2] + over, 2.2)
    points[..., 2] = np.where(near, bulged, points[..., 2])
    outward = (x - eye.side * f.eye_distance) * eye.side
    lower, upper = lids(f, outward, 0, 0)
    within = np.clip(1 - (np.abs(outward) / (1.15 * f.eye_width)) ** 2, 0, 1)
    crease = upper + f.lid_fold * (0.55 + 0.45 * within)
    hood = (0.5 + 1.3 * f.lid_hood) * bell(y - crease - 2.4, 1.7) - bell(y - crease, 0.9)
    points[..., 2] += surface.face * within**0.5 * (hood + 0.35 * bell(y - lower + 0.7, 0.6))


def _unrolled(surface: Surface, x: Array, y: Array) -> Field:
    """Each point's place in the skin texture.

    Outside |x| = 54 distances are measured along the surface, so that the texture does not stretch.
    """
    base = surface.points
    along = np.hypot(np.diff(base[..., 0], axis=1), np.diff(base[..., 2], axis=1))
    away = np.abs(x)
    flat = np.minimum(away[:, 1:], away[:, :-1]) < 54
    pieces = np.where(flat, np.abs(np.diff(x, axis=1)), along)
    arc = np.concatenate([np.zeros((len(x), 1)), np.cumsum(pieces, axis=1)], axis=1)
    middle = arc[:, x.shape[1] // 2][:, None]
    return np.stack([np.clip(arc - middle, -139, 139), y], axis=-1).astype(np.float32)
