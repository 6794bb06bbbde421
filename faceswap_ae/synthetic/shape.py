"""Which shape has the surface of the bare head, before brows, eyes, nose and mouth are added?

The surface is a grid of points. 21 rings ("keys") from the crown to the chest are outlines like
ellipses, each given at the front, the side and the back. A spline connects them from ring to ring.
Columns of the grid go round the head and are dense at the front. The row in which the lips meet
exists twice, so that the mouth can open.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.synthetic.curves import Field, spline, step
from faceswap_ae.synthetic.people import Sitter

# Rows of the grid between one ring and the next.
ROWS = (3, 5, 6, 6, 9, 22, 36, 36, 40, 34, 34, 24, 22, 20, 10, 10, 10, 8, 6, 8)
MOUTH, NECK = 10, 17  # rings: where the lips meet, where the shoulders begin
FRONT, FRONT_COLUMNS = 62, 105  # degrees from the middle with dense columns, columns per side there
BACK_COLUMNS = 36


@dataclass(frozen=True)
class Surface:
    """The bare head. Arrays are (rows, columns) unless stated otherwise."""

    points: NDArray[np.float64]  # (rows, columns, 3)
    ring: NDArray[np.float64]  # (rows,): the fractional ring number of each row
    angle: NDArray[np.float64]  # (columns,): radians from straight ahead
    forward: NDArray[np.float64]  # 1 straight ahead, 0 at the side, negative behind
    face: Field  # 1 where features may shape it
    lips: int  # the last row above the mouth; the next row is at the same place

    @property
    def upper(self) -> NDArray[np.bool_]:
        """(rows, 1): True for rows above the mouth."""
        return (np.arange(len(self.ring)) <= self.lips)[:, None]


def bare_head(sitter: Sitter, stride: int = 1) -> Surface:
    """The surface of a sitter's bare head, with every `stride`-th row and column of the grid."""
    table = rings(sitter)
    keys = np.concatenate([[0], np.cumsum(ROWS)])
    weights = np.array([1, 1, 0.25, 0.25, 0.25])
    gaps = np.sqrt((np.diff(table[:, :5], axis=0) ** 2 * weights).sum(axis=1))
    along = np.concatenate([[0], np.cumsum(gaps)])
    rows, lips = _thinned(int(keys[-1]), int(keys[MOUTH]), stride)
    at = np.interp(rows, keys, np.arange(len(table)))
    profile = spline(along, table, np.interp(at, np.arange(len(table)), along))
    angle = _columns(stride)
    points, forward = _wound(profile, angle)
    face = step(0.05, 0.45, forward).astype(np.float32)
    return Surface(points, at, angle, forward, face, lips)


def rings(sitter: Sitter) -> NDArray[np.float64]:
    """Per ring: front y and z, side x, y and z, back y and z, squareness (2 is an ellipse)."""
    s, f, face = sitter.head.skull, sitter.frame, sitter.face.features
    crown, temple, cheek, jaw = s.crown, s.temples, s.cheekbones, s.jaw
    chin, ahead, lip = f.chin_height, f.forehead_depth, face.mouth_depth
    nose, mouth, rise = face.nose_base, face.mouth_line, 0.4 * (face.mouth_line + 67)
    under, square, neck = mouth - 18 - 0.2 * chin, s.jaw_square, s.neck
    table = np.array(
        [
            [116 + crown, 2, 1, 116 + crown, 0, 116 + crown, -2, 2.0],
            [112 + crown, 32, 29, 112 + crown, -6, 110 + crown, -45, 2.0],
            [102 + crown, 58, 48 + 0.6 * temple, 101 + crown, -12, 95 + crown, -76, 2.0],
            [88 + 0.8 * crown, 77 + 0.6 * ahead, 61 + 0.8 * temple, 85 + 0.7 * crown, -12]
            + [74 + 0.6 * crown, -94, 2.0],
            [71 + 0.6 * crown, 89.5 + ahead, 69.5 + temple, 64 + 0.5 * crown, -12]
            + [50 + 0.4 * crown, -101, 2.02],
            [49 + 0.3 * crown, 96 + 0.8 * ahead, 73 + temple, 42, -10, 26, -103, 2.1],
            [22, 97, 73 + 0.5 * temple + 0.2 * cheek, 19, -6, 3, -99, 2.2],
            [3, 90.5, 72 + 0.5 * cheek, 0, -1, -22, -90, 2.2],
            [-22, 90, 69.5 + cheek, -21, 2, -46, -78, 2.1],
            [nose, 94 + 0.5 * lip, 66.5 + 0.75 * cheek + 0.2 * jaw, -41, 4, -66, -70, 2.02],
            [mouth, 95 + lip, 61.5 + 0.35 * cheek + 0.65 * jaw, -58 - 0.15 * chin, 6, -86, -65]
            + [1.98 + 0.5 * square],
            [under, 89 + 0.5 * lip + 0.3 * f.chin_depth, 57 + 0.15 * cheek + 0.9 * jaw]
            + [-69 - 0.25 * chin, 8, -97, -63, 1.93 + square],
            [-100 - 0.7 * chin + rise, 91 + f.chin_depth, 54 + jaw, -76 - 0.3 * chin, 9]
            + [-104, -62, 1.88 + square],
            [-112.5 - chin, 84 + f.chin_depth, 51.5 + jaw, -82 - 0.35 * chin, 7, -110, -62]
            + [1.85 + square],
            [-117.5 - chin, 66 + 0.6 * f.chin_depth, 50 + 0.8 * jaw, -90 - 0.4 * chin, 0]
            + [-116, -62, 1.9],
            [-122 - 0.8 * chin, 36, 49.5 * neck, -104 - 0.4 * chin, -12, -122, -62, 2.0],
            [-146 - 0.3 * chin, 25, 48.5 * neck, -138, -18, -142, -63, 2.0],
            [-170, 26, 54 * neck, -160, -22, -158, -66, 2.0],
            [-188, 38, 92, -174, -24, -172, -76, 2.1],
            [-216, 60, 168, -196, -26, -200, -92, 2.4],
            [-560, 84, 208, -560, -24, -560, -100, 2.8],
        ],
        float,
    )
    table[:NECK, 2] *= s.width
    return table


def _thinned(last: int, lips: int, stride: int) -> tuple[NDArray[np.int64], int]:
    """The rows that are kept, with the lips' row twice, and the index of its first copy."""
    above = np.arange(lips, -1, -stride)[::-1]
    below = np.unique(np.append(np.arange(lips, last, stride), last))
    return np.concatenate([above, below]), len(above) - 1


def _columns(stride: int) -> NDArray[np.float64]:
    """The angles of the columns that are kept, symmetric to both sides (radians)."""
    front = np.linspace(0, FRONT, FRONT_COLUMNS)
    half = np.concatenate([front, np.linspace(FRONT, 180, BACK_COLUMNS)[1:]])
    kept = half[np.unique(np.append(np.arange(0, len(half), stride), len(half) - 1))]
    return np.asarray(np.radians(np.concatenate([-kept[:0:-1], kept])))


def _wound(
    profile: NDArray[np.float64], angle: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wrap each row's profile round the head as a super-ellipse, and return points and `forward`.

    The front half and the back half of a row are joined at the side.
    """
    front_y, front_z, side_x, side_y, side_z, back_y, back_z, power = profile.T[:, :, None]
    cos, sin = np.cos(angle)[None], np.sin(angle)[None]
    # A power under 2 gives a corner at the side, so the shape fades to an ellipse there.
    n = 2 + (power - 2) * np.where(cos > 0, step(0, 0.45, cos), 0)
    radius = (np.abs(cos) ** n + np.abs(sin) ** n) ** (-1 / n)
    across, forward = radius * sin, radius * cos
    ahead, part = forward > 0, np.abs(forward)
    z = np.where(ahead, side_z + (front_z - side_z) * part, side_z - (side_z - back_z) * part)
    y = np.where(ahead, side_y + (front_y - side_y) * part, side_y + (back_y - side_y) * part)
    return np.stack([side_x * across, y, z], axis=-1), forward
