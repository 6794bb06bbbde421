"""How does the face's surface move with an expression (blend shapes and a turning jaw)?

Each expression is a displacement of every point, multiplied by its strength and added. The jaw
turns about an axis near the ears. Each point follows the jaw by its own share.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.synthetic.curves import Field, bell, bell2, step
from faceswap_ae.synthetic.features import Relief
from faceswap_ae.synthetic.people import Features
from faceswap_ae.synthetic.shape import Surface

JAW_AXIS = np.array([0.0, -10.0, 8.0], np.float32)
JAW_ANGLE = 20.0  # degrees of a fully open jaw (1)
Array = NDArray[Any]


@dataclass(frozen=True)
class Expression:
    """The strength of each expression, from 0 to about 1."""

    jaw: float = 0.0
    smile: float = 0.0
    frown: float = 0.0
    pucker: float = 0.0
    brow_up: float = 0.0
    brow_in_up: float = 0.0
    brow_down: float = 0.0
    squint: float = 0.0
    lip_up: float = 0.0
    press: float = 0.0
    puff: float = 0.0

    @property
    def lid_squint(self) -> float:
        """How far the lids come together. A smile brings them together too."""
        return self.squint + 0.35 * self.smile


MOVES = tuple(item.name for item in fields(Expression) if item.name != "jaw")


@dataclass(frozen=True)
class Muscles:
    """Per point: its displacement by each expression, and its share of the jaw's turn."""

    moves: dict[str, Field]  # (rows, columns, 3)
    jaw: Field  # (rows, columns)


def muscles(f: Features, surface: Surface, relief: Relief) -> Muscles:
    """Compute the displacements and the jaw's shares of one face."""
    x, y = surface.points[..., 0], relief.plane[..., 1].astype(float)
    mouth = _mouth_moves(f, surface, relief, x, y)
    moves = {**mouth, **_eye_moves(f, x, y)}
    face = surface.face[..., None]
    return Muscles(
        {name: (move * face).astype(np.float32) for name, move in moves.items()},
        _jaw_share(f, surface, x, y),
    )


def moved(points: Field, face: Muscles, felt: Expression) -> Field:
    """The surface's points, moved by an expression."""
    found = points.copy()
    for name in MOVES:
        amount = getattr(felt, name)
        if amount:
            found += np.float32(amount) * face.moves[name]
    if felt.jaw:
        turned = (found - JAW_AXIS) @ jaw_turn(felt.jaw).T + JAW_AXIS
        found += face.jaw[..., None] * (turned - found)
    return found


def jaw_turn(jaw: float) -> Field:
    """The rotation matrix of the jaw: points in front swing down and back."""
    angle = np.radians(JAW_ANGLE * jaw)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]], np.float32)


def _vector(x: Any, y: Any, z: Any) -> Array:
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def _mouth_moves(
    f: Features, surface: Surface, relief: Relief, x: Array, y: Array
) -> dict[str, Array]:
    away, side = np.abs(x), np.sign(x)
    wide, line = f.mouth_width, f.mouth_line
    corner = bell2(away, y, (wide, line), (11, 10))
    beside = bell2(away, y, (wide + 8, line + 8), (17, 17))
    reach = np.clip(away / wide, 0, 1) * np.exp(-(((y - line) / 11) ** 2))
    reach = reach * step(wide * 2, wide, away)
    cheek = bell2(away, y, (38, -26), (15, 10))
    back = -2.6 * corner - 1.2 * bell2(x, y, (0, line), (18, 10)) - 2 * relief.fold
    lifted = 5.2 * corner + 2.5 * beside + 0.8 * bell2(x, y, (0, line + 8), (14, 6)) + 2.2 * cheek
    apple = 3.0 * bell2(away, y, (40, -32), (12, 9))
    round_ = bell2(x, y, (0, line), (0.95 * wide, 15))
    upper = np.where(surface.upper, 1.0, 0.0)
    bared = 3.2 * upper * np.exp(-(((y - line) / 9) ** 2) - (away / (0.62 * wide)) ** 4)
    pressed = -0.42 * (y - line) * np.exp(-(((y - line) / 8) ** 2))
    chin = bell2(x, y, (0, line - 12), (14, 8))
    bulge = bell2(x, y, (0, line - 16), (12, 8))
    return {
        "smile": _vector(side * (5.5 * reach + 1.5 * beside), lifted, back + apple),
        "frown": _vector(-side * corner, 1.5 * chin - 5 * corner - 1.5 * beside, 1.2 * bulge)
        - _vector(0 * x, 0 * x, 0.8 * corner),
        "pucker": _vector(
            -0.36 * x * round_,
            -0.04 * (y - line) * round_,
            5.5 * bell2(x, y, (0, line), (14, 11)) - 0.5 * corner,
        ),
        "lip_up": _vector(0, bared, 0.8 * upper * bell2(x, y, (0, line + 3), (12, 6))),
        "press": _vector(
            0,
            pressed * step(1.2 * wide, 0.8 * wide, away),
            -2.2 * bell2(x, y, (0, line), (18, 7)),
        ),
        "puff": _vector(
            4 * side * bell2(away, y, (45, -60), (14, 16)),
            0,
            5 * bell2(away, y, (42, -60), (13, 15)),
        ),
    }


def _eye_moves(f: Features, x: Array, y: Array) -> dict[str, Array]:
    away, side, brow, eye = np.abs(x), np.sign(x), f.brow_height, f.eye_distance
    raised = 6.5 * bell2(away, y, (eye, brow + 3), (22, 12)) * step(2, 14, y)
    lowered = 4.2 * bell2(away, y, (17, brow), (15, 11)) * step(1, 12, y)
    between = 1.3 * bell2(away, y, (12, brow - 3), (8, 8))
    between = between - bell(away - 5, 1.8) * bell(y - brow - 3, 7)
    under = bell2(away, y, (eye, -12), (15, 6))
    return {
        "brow_up": _vector(0, raised, 0.6 * bell(y - brow - 12, 6)),
        "brow_in_up": _vector(0, 6 * bell2(away, y, (13, brow + 2), (10, 11)) * step(2, 13, y), 0),
        "brow_down": _vector(-2.4 * side * bell2(away, y, (14, brow), (9, 9)), -lowered, between),
        "squint": _vector(
            0,
            1.7 * under - bell2(away, y, (eye, 11), (16, 5)),
            1.2 * bell2(away, y, (eye, -13), (13, 4)),
        ),
    }


def _jaw_share(f: Features, surface: Surface, x: Array, y: Array) -> Field:
    """The share of the jaw's turn per point: 1 on chin and lower lip, 0 above.

    The share jumps at the mouth, where upper and lower lip part, and is smooth beside it.
    """
    away, wide, upper = np.abs(x), f.mouth_width, surface.upper
    from_line = np.abs(y - f.mouth_line)
    middle = np.clip(1 - (away / wide) ** 2.2, 0, 1)
    lower_lip = np.where(away < wide, 0.46 + 0.54 * middle**0.75, 0.46)
    below = lower_lip + (1 - lower_lip) * step(0, 16, from_line)
    above = 0.45 * (1 - middle) * np.exp(-((from_line / 14) ** 2))
    inside = step(wide * 1.6, wide * 0.85, away)
    share = inside * np.where(upper, above, below) + (1 - inside) * step(-36, -96, y)
    share = share * (1 - step(13.3, 16.5, surface.ring))[:, None]
    over = np.where(surface.face > 0, step(0, 0.5, surface.face), 0) * step(-22, -45, y)
    return np.asarray(share * np.where(upper, over, step(0.15, 1, surface.forward)), np.float32)
