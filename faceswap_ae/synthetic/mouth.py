"""How is the inside of an open mouth drawn: two arches of teeth with gums, tongue, darkness?"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from faceswap_ae.common.geometry import Integers
from faceswap_ae.synthetic.curves import Field, step, to_light
from faceswap_ae.synthetic.expression import JAW_AXIS, jaw_turn
from faceswap_ae.synthetic.eyes import Inner
from faceswap_ae.synthetic.layers import SKIN, Layers
from faceswap_ae.synthetic.light import Light
from faceswap_ae.synthetic.model import Posed

DARK = np.array([0.020, 0.004, 0.004])
TOOTH, GUM = to_light([0.90, 0.86, 0.78]), to_light([0.72, 0.38, 0.36])
TONGUE = np.array([0.42, 0.13, 0.12])
# The borders between teeth, millimetres from the middle along the arch.
EDGES = np.array([0, 8.3, 14.8, 21.8, 28.2, 34])
NEVER = 1e9  # the distance of a ray that meets nothing


@dataclass(frozen=True)
class _Rays:
    """Rays from one camera through many pixels, in the coordinates of the skull or the jaw."""

    start: Field
    ahead: Field


def open_mouth(layers: Layers, scene: Posed, light: Light, scale: float) -> list[Inner]:
    """The lit pixels between the two copies of the lips' row: the inside of the mouth."""
    lips, f = scene.model.surface.lips, scene.model.sitter.face.features
    between = (layers.row > lips + 0.02) & (layers.row < lips + 0.98) & (layers.kind == SKIN)
    within = between & (np.abs(layers.plane[:, 0]) < 1.1 * f.mouth_width)
    where = np.flatnonzero(within)
    if not len(where):
        return []
    head = scene.into_head(layers.place[where])
    camera = scene.eye_of_camera
    ahead = head - camera
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    turn = jaw_turn(scene.felt.jaw)
    skull = _Rays(camera, ahead)
    jaw = _Rays((camera - JAW_AXIS) @ turn + JAW_AXIS, ahead @ turn)
    colour = _cavity(scene, skull, jaw)
    strength = light.colour * 0.42 + light.sky * 0.6
    lit = colour * strength * (1.15 * _openness(layers, within, where, scale))[:, None]
    return [Inner(where, np.asarray(lit, np.float32))]


def _cavity(scene: Posed, skull: _Rays, jaw: _Rays) -> Any:
    f = scene.model.sitter.face.features
    front, line = 95 + f.mouth_depth, f.mouth_line
    far, colour = _tongue(jaw, front, line)
    for rays, lower in ((jaw, True), (skull, False)):
        reach, teeth, hit = _teeth(rays, front, line, lower=lower)
        nearer = hit & (reach < far)
        colour[nearer], far[nearer] = teeth[nearer], reach[nearer]
    return colour


def _tongue(rays: _Rays, front: float, line: float) -> tuple[Any, Any]:
    """The tongue, an ellipsoid behind the lower teeth: the rays' distances and colours.

    Rays that do not meet it have the distance NEVER and the dark colour.
    """
    centre, radius = np.array([0, line - 14, front - 40]), np.array([19, 9.5, 27])
    start, ahead = (rays.start - centre) / radius, rays.ahead / radius
    a, b, c = (ahead**2).sum(-1), ahead @ start, start @ start - 1
    inside = b**2 - a * c
    far = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, NEVER)
    met = far < NEVER
    reach = np.where(met, far, 0)[:, None]
    normal = (start + reach * ahead) / radius
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    deep = step(front - 48, front - 14, (rays.start + reach * rays.ahead)[:, 2:3])
    facing = np.clip(0.6 * normal[:, 1:2] + 0.5 * normal[:, 2:3], 0, 1)
    wet = TONGUE * (0.12 + 0.75 * facing) * (0.25 + 0.75 * deep)
    return far, np.where(met[:, None], wet, DARK)


def _teeth(rays: _Rays, front: float, line: float, *, lower: bool) -> tuple[Any, Any, Any]:
    """The distance and colour where rays meet an arch, and whether they meet teeth or gums."""
    wide, deep = (24.5, 34.0) if lower else (26.0, 34.0)
    back = front - (11.5 if lower else 9.3) - deep
    x, z = rays.ahead[:, 0], rays.ahead[:, 2]
    a = (x / wide) ** 2 + (z / deep) ** 2
    b = rays.start[0] * x / wide**2 + (rays.start[2] - back) * z / deep**2
    c = (rays.start[0] / wide) ** 2 + ((rays.start[2] - back) / deep) ** 2 - 1
    inside = b**2 - a * c
    far = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, NEVER)
    point = rays.start + np.where(inside > 0, far, 0)[:, None] * rays.ahead
    away, height = np.abs(point[:, 0]), point[:, 1] - line
    off = _within_tooth(away * (1 + 0.25 * (away / 26) ** 2) * (1.35 if lower else 1))
    if lower:
        edge, gum = -1.6 - 0.5 * off**4, -9.5 + 1.2 * off**2
        met, is_gum = (height < edge) & (height > -17), height < gum
    else:
        edge, gum = -2 + 0.7 * off**4 + 0.03 * away, 8.2 - 1.2 * off**2
        met, is_gum = (height > edge) & (height < 16), height > gum
    out = np.stack([point[:, 0] / wide**2, (point[:, 2] - back) / deep**2], -1)
    facing = np.clip(out[:, 1] / (np.linalg.norm(out, axis=-1) + 1e-9), 0, 1)
    shade = np.exp(-1.1 * (away / 21) ** 2) * (0.55 if lower else 0.85) * (0.45 + 0.55 * facing)
    tooth = TOOTH * ((1 - 0.5 * step(0.86, 1, off)) * (1 - 0.14 * off**2))[:, None]
    colour = np.where(is_gum[:, None], GUM, tooth) * shade[:, None]
    return far, colour, met & (inside > 0)


def _within_tooth(along: Any) -> Any:
    """The place within a tooth: 0 in its middle, 1 at its sides."""
    which = np.clip(np.searchsorted(EDGES, along) - 1, 0, len(EDGES) - 2)
    low, high = EDGES[which], EDGES[which + 1]
    return np.abs(along - (low + high) / 2) / np.maximum((high - low) / 2, 1)


def _openness(layers: Layers, within: Any, where: Integers, scale: float) -> Any:
    """A brightness factor that is dark near the lips, which shade what is behind them."""
    mask = layers.image(within.astype(np.float32))
    spread = cv2.GaussianBlur(mask, (0, 0), max(2.2 * scale, 0.6)).ravel()[where]
    return 0.35 + 0.65 * step(0.35, 0.95, spread)
