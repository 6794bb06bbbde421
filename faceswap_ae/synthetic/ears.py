"""Which shape do the ears have? Each is a dish with a rim, at the height of eyes and nose."""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.synthetic.curves import Field, bell, bell2, step
from faceswap_ae.synthetic.people import Sitter
from faceswap_ae.synthetic.shape import Surface

RING, ANGLE = 7.6, 88  # where an ear is: the ring (fractional), degrees from the front


@dataclass(frozen=True)
class Ear:
    points: Field  # (rows, columns, 3)
    open: Field  # (rows, columns): 1 on the rim, 0 deep inside


def ears(sitter: Sitter, surface: Surface) -> tuple[Ear, Ear]:
    """The left and the right ear, as the viewer sees them."""
    skull = sitter.head.skull
    r, turn = np.linspace(0, 1, 18)[:, None], np.linspace(0, 2 * np.pi, 36)[None]
    cos, sin = np.cos(turn), np.sin(turn)
    across = r * 15.5 * skull.ear_size * (1 + 0.18 * sin) * cos
    up = r * 30 * skull.ear_size * sin
    across = across + 2.5 * (up / 30) ** 2 + 14
    rim = 2.8 * bell(r - 0.62, 0.10) - 5 * bell(r - 0.25, 0.22) - 1.2 * bell(r - 0.78, 0.07)
    rim = rim + 4.2 * bell(r - 0.95, 0.07) - 3 * step(0.96, 1, r)
    rim = rim * (1 - 0.55 * step(-0.2, -0.9, sin)) * (1 - 0.8 * step(0.2, 1, -cos))
    out = 1.35 * rim + 1.5 * bell2(cos * r, sin * r, (0, -0.82), (0.35, 0.2))
    row = int(np.argmin(np.abs(surface.ring - RING)))
    column = int(np.argmin(np.abs(np.degrees(surface.angle) - ANGLE)))
    side = float(surface.points[row, column, 0]) - 3
    opened = np.clip((rim + 5) / 9, 0, 1).astype(np.float32)
    axes = across, up, out
    left, right = (_placed(axes, sign, side, skull.ear_angle) for sign in (-1, 1))
    return Ear(left[:, ::-1], opened[:, ::-1]), Ear(right, opened)


def _placed(axes: tuple[Field, Field, Field], sign: int, side: float, degrees: float) -> Field:
    angle = np.radians(degrees)
    back = np.array([sign * np.sin(angle), 0, -np.cos(angle)])
    out = np.array([sign * np.cos(angle), 0, np.sin(angle)])
    high = np.array([0, 0.985, -0.17])
    across, up, away = (axis[..., None] for axis in axes)
    start = np.array([sign * side, -17, 3])
    return np.asarray(start + across * back + up * high + away * out, np.float32)
