"""How is one frame of synthetic people rendered, with its ground truth (landmarks, mask, pose)?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.synthetic.curves import Field, to_display
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look, opened_eyes
from faceswap_ae.synthetic.landmarks import Landmarks, landmarks
from faceswap_ae.synthetic.layers import SKIN, Layers, drawn
from faceswap_ae.synthetic.light import Light, background
from faceswap_ae.synthetic.model import (
    FACE_HEIGHT,
    Camera,
    Posed,
    model_of,
    posed,
    rotation,
    stride_for,
)
from faceswap_ae.synthetic.mouth import open_mouth
from faceswap_ae.synthetic.occluder import Occluder, occlude
from faceswap_ae.synthetic.people import Sitter
from faceswap_ae.synthetic.shade import shaded

LEAST_FACE = 16  # pixels
EXPOSURE = 0.92
SOFTNESS = 0.45  # pixels of blur: a lens, and the edges of a picture that is not oversampled
EDGE = 0.55  # pixels of blur of an outline, where the picture is not oversampled
CHIN = 13.0  # skin below this ring is the neck

Window = tuple[int, int, int, int]  # left, top, right and bottom, in pixels


@dataclass(frozen=True)
class Act:
    """A sitter's pose, expression and place. Angles in degrees, the face's height in pixels."""

    face: float = 150.0
    centre: tuple[float, float] = (0.5, 0.47)  # of the picture's width and height
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    felt: Expression = field(default_factory=Expression)
    look: Look = field(default_factory=Look)


@dataclass(frozen=True)
class Setting:
    """The picture's size, light and surroundings. `oversample` draws finer and averages."""

    size: tuple[int, int] = (256, 256)  # width, height
    light: Light = field(default_factory=Light)
    backdrop: int = 0
    grain: float = 0.006
    seed: int = 0  # of the grain
    oversample: int = 1
    occluder: Occluder | None = None
    detail: float = 0.0  # the face's height for which details are chosen; 0: its height as drawn
    window: Window | None = None  # people are drawn only in it


@dataclass(frozen=True)
class SyntheticFrame:
    """The picture, and the ground truth about the sitter in front."""

    image: Image
    landmarks: Landmarks
    mask: Image  # (height, width): 255 where the face is visible
    turn: Field  # (3, 3), the head's rotation


def parse_size(text: str) -> tuple[int, int]:
    """Parse `480x360` as (width, height)."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise UserError(f"'{text}' is not a size; write 480x360")
    return int(width), int(height)


def render(
    sitter: Sitter,
    act: Act,
    setting: Setting = Setting(),
    others: Sequence[tuple[Sitter, Act]] = (),
) -> SyntheticFrame:
    """Render a sitter, with other people behind."""
    _check(act, setting)
    light = _backdrop(setting.backdrop, setting.size).copy()
    for other, doing in others:
        _onto(light, other, doing, setting)
    points, mask, turn = _onto(light, sitter, act, setting)
    if setting.occluder is not None:
        mask = mask & ~occlude(light, setting.occluder, setting.light)
    return SyntheticFrame(_developed(light, setting), points, mask, turn)


def _check(act: Act, setting: Setting) -> None:
    width, height = setting.size
    if not (32 <= width <= 8192 and 32 <= height <= 8192):
        raise UserError(f"a picture of {width}x{height}: sides are 32 to 8192 pixels")
    if not LEAST_FACE <= act.face <= 4096:
        raise UserError(f"a face of {act.face} pixels: {LEAST_FACE} to 4096 can be drawn")


@lru_cache(maxsize=4)
def _backdrop(seed: int, size: tuple[int, int]) -> Field:
    return background(seed, size)


def _onto(
    light: Field, sitter: Sitter, act: Act, setting: Setting
) -> tuple[Landmarks, Image, Field]:
    """Draw one sitter into a picture in linear light, in place.

    Returns the landmarks, the mask of the visible face and the head's rotation.
    """
    fine = setting.oversample
    scale = act.face / FACE_HEIGHT * fine
    turn = rotation(act.yaw, act.pitch, act.roll)
    detail = (setting.detail or act.face) / FACE_HEIGHT * fine
    scene = posed(model_of(sitter, stride_for(detail)), act.felt, turn, (0, 0, 0))
    width, height = setting.size
    centre = act.centre[0] * width * fine, act.centre[1] * height * fine
    camera = Camera(scale, centre, detail)
    plain = Camera(scale / fine, (centre[0] / fine, centre[1] / fine), detail)
    points = landmarks(scene, plain, act.look)
    left, top, right, bottom = _box(scene, camera, setting)
    mask = np.zeros((height, width), np.uint8)
    if right <= left or bottom <= top:
        return points, mask, turn
    near = Camera(scale, (centre[0] - left, centre[1] - top), detail)
    layers = drawn(scene, near, (right - left, bottom - top))
    inner = opened_eyes(layers, scene, act.look, setting.light)
    inner += open_mouth(layers, scene, setting.light, scale)
    colour, seen = shaded(layers, scene, setting.light, inner, scale)
    part = slice(top // fine, bottom // fine), slice(left // fine, right // fine)
    light[part] = _mixed(light[part], layers, (colour, seen), fine)
    mask[part] = _face(layers, points, fine, (left // fine, top // fine))
    return points, mask, turn


def _box(scene: Posed, camera: Camera, setting: Setting) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) that the sitter touches, at the drawn (finer) scale.

    Its sides are whole pixels of the final picture.
    """
    fine, window = setting.oversample, setting.window or (0, 0, *setting.size)
    corners = np.clip(np.reshape(window, (2, 2)), 0, setting.size) * fine
    outlines = [camera.project(part)[0].reshape(-1, 2) for part in (scene.skin, scene.hair_tip)]
    points = np.concatenate(outlines)
    low = np.clip(points.min(axis=0) - 3, *corners).astype(int) // fine * fine
    high = -(-np.clip(points.max(axis=0) + 3, *corners).astype(int) // fine) * fine
    left, top, right, bottom = np.concatenate([low, np.minimum(high, corners[1])]).tolist()
    return left, top, right, bottom


def _mixed(
    behind: Field, layers: Layers, drawn_: tuple[Field, NDArray[np.int64]], fine: int
) -> Field:
    """Blend the sitter over the picture behind, with smooth edges."""
    colour, seen = drawn_
    full = np.zeros((len(layers.kind), 4), np.float32)
    cover = layers.cover[seen, None]
    full[seen, :3], full[seen, 3:] = np.clip(colour, 0, 4) * cover, cover
    whole = layers.image(full)
    if fine > 1:
        size = behind.shape[1::-1]
        over = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    else:
        soft = cv2.GaussianBlur(whole, (0, 0), EDGE)
        at_edge = (soft[..., 3] > 0.01) & (soft[..., 3] < 0.99)
        over = np.where(at_edge[..., None], soft, whole)
    return np.asarray(behind * (1 - over[..., 3:]) + over[..., :3], np.float32)


def _face(layers: Layers, points: Landmarks, fine: int, corner: tuple[int, int]) -> Image:
    """The mask of the visible face: skin, eyes and mouth in the landmarks' hull, without hair."""
    skin = layers.image(((layers.kind == SKIN) & (layers.ring < CHIN)).astype(np.uint8) * 255)
    size = layers.size[0] // fine, layers.size[1] // fine
    if fine > 1:
        skin = cv2.resize(skin, size, interpolation=cv2.INTER_AREA)
    hull: Image = np.zeros(size[::-1], np.uint8)
    outline = cv2.convexHull((points.picture - corner).round().astype(np.int32))
    cv2.fillConvexPoly(hull, outline, 255)
    hull[skin <= 127] = 0
    return hull


def _developed(light: Field, setting: Setting) -> Image:
    """Convert linear light to a camera's bytes: tone curve, blur, grain."""
    image = cv2.GaussianBlur(to_display(light * np.float32(EXPOSURE)), (0, 0), SOFTNESS)
    if setting.grain:
        rng = np.random.default_rng([7, setting.seed])
        image = image + rng.standard_normal(image.shape, np.float32) * np.float32(setting.grain)
    return np.asarray(np.clip(image * 255 + 0.5, 0, 255), np.uint8)
