"""How is a person's 3D model built, and how is it posed before the camera in one frame?"""

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

LEVELS = 5  # sizes of the skin texture, each half as large as the one before
PIVOT = np.array([0.0, -92.0, -28.0], np.float32)  # the head turns about the top of the neck
FACE_HEIGHT = 185.0  # millimetres from hairline to chin; "the face's height" means this distance
DISTANCE, EYE_LEVEL = 1050.0, -22.0  # distance and height of the camera, millimetres


@dataclass(frozen=True)
class Model:
    """The parts of a sitter that are the same in every frame."""

    sitter: Sitter
    surface: Surface
    relief: Relief
    muscles: Muscles
    shell: Shell
    ears: tuple[Ear, Ear]
    skins: list[Skin]
    follows: Field  # (rows, 1, 1): 1 where points follow the head's turn, 0 on the shoulders


@dataclass(frozen=True)
class Camera:
    """The head's centre in the picture (pixels) and the scale at the head (pixels per millimetre).

    `detail` is the scale for which grids and textures are chosen. It is the same for a whole clip,
    because a change between two frames would be visible.
    """

    scale: float
    centre: tuple[float, float]
    detail: float

    def project(self, points: Field) -> tuple[Field, Field]:
        """The pixels (..., 2) of points (..., 3), and how near each is to the camera (...)."""
        near = DISTANCE / (DISTANCE - points[..., 2])
        x = self.centre[0] + self.scale * points[..., 0] * near
        y = self.centre[1] - self.scale * (points[..., 1] - EYE_LEVEL) * near
        return np.stack([x, y], -1).astype(np.float32), near.astype(np.float32)


@dataclass(frozen=True)
class Posed:
    """A model with an expression and a pose: the places of its points in one frame."""

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
        """The camera's place in the head's own coordinates."""
        return self.into_head(np.array([0, EYE_LEVEL, DISTANCE], np.float32))

    def into_head(self, points: Field) -> Field:
        """Transform points from room coordinates to the head's own coordinates."""
        return np.asarray((points - self.shift - PIVOT) @ self.turn + PIVOT, np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> Field:
    """The rotation matrix of angles in degrees.

    Positive yaw is to the viewer's right, positive pitch is up, positive roll is clockwise as the
    viewer sees it.
    """
    y, p, r = np.radians([yaw, -pitch, -roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.asarray(np.array(about_z) @ about_y @ about_x, np.float32)


@lru_cache(maxsize=8)
def model_of(sitter: Sitter, stride: int) -> Model:
    """A sitter's model; its grids have every `stride`-th row and column. Cached per process."""
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
    """The stride of the grid for a scale in pixels per millimetre: 1 (finest) to 3."""
    return 1 if scale > 1.9 else 2 if scale > 1.0 else 3


def level_for(scale: float) -> int:
    """The level of the skin texture that has about one texel per pixel."""
    finest = np.log2(max(TEXELS / scale, 1)) + 0.35
    return int(min(finest, LEVELS - 1))


def posed(model: Model, felt: Expression, turn: Field, shift: Any) -> Posed:
    """Apply an expression to a model, then turn and shift it before the camera."""
    away = np.asarray(shift, np.float32)

    def placed(points: Field, follows: Any = 1.0) -> Field:
        turned = (points - PIVOT) @ turn.T + PIVOT
        return np.asarray(points + (turned - points) * follows + away, np.float32)

    at_rest = model.relief.points.astype(np.float32)
    left, right = (placed(ear.points) for ear in model.ears)
    skin = placed(moved(at_rest, model.muscles, felt), model.follows)
    hair = model.shell
    return Posed(model, felt, turn, away, skin, placed(hair.root), placed(hair.tip), (left, right))
