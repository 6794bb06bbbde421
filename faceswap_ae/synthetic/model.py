"""What of a sitter is the same in every frame, and how does it stand before the camera?"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from faceswap_ae.synthetic.canvas import TEXELS
from faceswap_ae.synthetic.curves import Field, step
from faceswap_ae.synthetic.ears import Ear, ears
from faceswap_ae.synthetic.expression import Expression, Muscles, moved, muscles
from faceswap_ae.synthetic.features import Relief, relief
from faceswap_ae.synthetic.hair import Shell, shell
from faceswap_ae.synthetic.people import Sitter, alone
from faceswap_ae.synthetic.shape import Surface, bare_head
from faceswap_ae.synthetic.texture import Skin, painted

LEVELS = 5  # of the painted skin, each half as large as the one before
PIVOT = np.array([0.0, -92.0, -28.0], np.float32)  # the head turns about the top of the neck
FACE_HEIGHT = 185.0  # millimetres from hairline to chin, which a face's size in pixels means
DISTANCE, EYE_LEVEL = 1050.0, -22.0  # of the camera, millimetres


@dataclass(frozen=True)
class Model:
    """A sitter's parts."""

    sitter: Sitter
    surface: Surface
    relief: Relief
    muscles: Muscles
    shell: Shell
    ears: tuple[Ear, Ear]
    skins: list[Skin]
    follows: Field  # (rows, 1, 1): 1 where the head's turn is followed, 0 on the shoulders


@dataclass(frozen=True)
class Camera:
    """Where the head stands in the picture, in pixels, and pixels per millimetre at the head.

    `detail` is the scale that grids and textures are chosen for: the same for a whole clip, since
    a change of them would be seen.
    """

    scale: float
    centre: tuple[float, float]
    detail: float

    def project(self, points: Field) -> tuple[Field, Field]:
        """Pixels (..., 2) and nearness (...) of points (..., 3)."""
        near = DISTANCE / (DISTANCE - points[..., 2])
        x = self.centre[0] + self.scale * points[..., 0] * near
        y = self.centre[1] - self.scale * (points[..., 1] - EYE_LEVEL) * near
        return np.stack([x, y], -1).astype(np.float32), near.astype(np.float32)


@dataclass(frozen=True)
class Posed:
    """A model doing something: its points where they are in one frame."""

    model: Model
    felt: Expression
    turn: Field  # (3, 3)
    shift: Field  # (3,) millimetres
    skin: Field  # (rows, columns, 3)
    hair_root: Field
    hair_tip: Field
    ears: tuple[Field, Field]

    @property
    def eye_of_camera(self) -> Field:
        """The camera in the head's own frame."""
        return self.into_head(np.array([0, EYE_LEVEL, DISTANCE], np.float32))

    def into_head(self, points: Field) -> Field:
        """From the room to the head's own frame."""
        return np.asarray((points - self.shift - PIVOT) @ self.turn + PIVOT, np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> Field:
    """Degrees: yaw to the viewer's right, pitch up, roll clockwise as seen."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.asarray(np.array(about_z) @ about_y @ about_x, np.float32)


@lru_cache(maxsize=8)
def model_of(sitter: Sitter, stride: int) -> Model:
    """A sitter's model, its grids with every `stride`-th row and column; once per process."""
    surface = bare_head(sitter, stride)
    own = bare_head(alone(sitter.around), stride) if sitter.truth == "features" else surface
    shaped = relief(sitter, surface)
    follows = (1 - step(14.6, 17.9, surface.ring)).astype(np.float32)[:, None, None]
    return Model(
        sitter,
        surface,
        shaped,
        muscles(sitter.face.features, surface, shaped),
        shell(sitter, own, surface),
        ears(sitter, surface),
        _skins(sitter),
        follows,
    )


@lru_cache(maxsize=8)
def _skins(sitter: Sitter) -> list[Skin]:
    return painted(sitter, LEVELS)


def stride_for(scale: float) -> int:
    """How coarse a grid may be: its cells are about a millimetre."""
    return 1 if scale > 1.9 else 2 if scale > 1.0 else 3


def level_for(scale: float) -> int:
    """Which painted skin has about a texel per pixel."""
    finest = np.log2(max(TEXELS / scale, 1)) + 0.35
    return int(min(finest, LEVELS - 1))


def posed(model: Model, felt: Expression, turn: Field, shift: Any) -> Posed:
    """Put an expression on a model and stand it before the camera."""
    away = np.asarray(shift, np.float32)

    def placed(points: Field, follows: Any = 1.0) -> Field:
        turned = (points - PIVOT) @ turn.T + PIVOT
        return np.asarray(points + (turned - points) * follows + away, np.float32)

    at_rest = model.relief.points.astype(np.float32)
    left, right = (placed(ear.points) for ear in model.ears)
    skin = placed(moved(at_rest, model.muscles, felt), model.follows)
    hair = model.shell
    return Posed(model, felt, turn, away, skin, placed(hair.root), placed(hair.tip), (left, right))
