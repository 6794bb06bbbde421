"""How are the eyes drawn: eyeball, iris, gaze, reflection and lashes?

The eye is a ball behind the opening of the lids. Each pixel there is a ray from the camera onto the
ball (ray casting).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import Integers
from faceswap_ae.synthetic.curves import Field, bell, step, to_light
from faceswap_ae.synthetic.features import EYE_RADIUS, Eye, lids
from faceswap_ae.synthetic.layers import SKIN, Layers
from faceswap_ae.synthetic.light import Light
from faceswap_ae.synthetic.model import DISTANCE, EYE_LEVEL, Posed
from faceswap_ae.synthetic.texture import hair_colour, mixed, skin_colour

IRIS = np.array(
    [[0.20, 0.12, 0.07], [0.33, 0.20, 0.10], [0.42, 0.33, 0.18], [0.36, 0.43, 0.30]]
    + [[0.34, 0.47, 0.58], [0.48, 0.58, 0.66]]
)
WHITE, CORNER = to_light([0.76, 0.735, 0.715]), to_light([0.72, 0.42, 0.38])
IRIS_RADIUS, PUPIL = 6.5, 2.35  # millimetres
CORNEA = 4.2  # millimetres by which the cornea's centre is in front of the eyeball's


@dataclass(frozen=True)
class Look:
    """The gaze, in degrees right and up, and how far each lid is closed (0 to 1)."""

    gaze: tuple[float, float] = (0.0, 0.0)
    blink: tuple[float, float] = (0.0, 0.0)  # the eye on the viewer's left, the one on the right


@dataclass(frozen=True)
class Inner:
    """Pixels whose colour includes the lighting already: eyes and the inside of the mouth."""

    where: Integers
    colour: Field


def opened_eyes(layers: Layers, scene: Posed, look: Look, light: Light) -> list[Inner]:
    """The pixels of both eyes. Draws lashes and wet lid margins onto the albedo in `layers`."""
    found = []
    for eye, closed in zip(scene.model.relief.eyes, look.blink, strict=True):
        at = _near(layers, scene, eye)
        outward, height = _eye_plane(layers, scene, eye, at)
        squint = scene.felt.lid_squint
        lower, upper = lids(scene.model.sitter.face.features, outward, closed, squint)
        _lashes(layers, scene, at, (outward, height - upper, lower - height), closed)
        wide = scene.model.sitter.face.features.eye_width
        seen = (np.abs(outward) < wide) & (height > lower) & (height < upper)
        where = at[seen]
        if len(where):
            gap = upper[seen] - height[seen], height[seen] - lower[seen]
            colour = _ball(layers, scene, (eye, where), look.gaze, light)
            shaded = colour * _under_lids(outward[seen] / wide, gap)[:, None]
            found.append(Inner(where, np.asarray(shaded, np.float32)))
    return found


def _near(layers: Layers, scene: Posed, eye: Eye) -> Integers:
    f = scene.model.sitter.face.features
    x, y = layers.plane[:, 0] - eye.side * f.eye_distance, layers.plane[:, 1]
    near = (np.abs(x) < 1.35 * f.eye_width) & (np.abs(y) < 14) & (layers.kind == SKIN)
    return np.flatnonzero(near & (layers.ring < 13))


def _eye_plane(layers: Layers, scene: Posed, eye: Eye, at: Integers) -> tuple[Field, Field]:
    middle = eye.side * scene.model.sitter.face.features.eye_distance
    return (layers.plane[at, 0] - middle) * eye.side, layers.plane[at, 1]


def _lashes(
    layers: Layers,
    scene: Posed,
    at: Integers,
    place: tuple[Field, Field, Field],
    closed: float,
) -> None:
    """Draw lashes and wet lid margins onto the albedo of the pixels `at`.

    `place` has millimetres: outward, above the upper lid's edge, below the lower lid's edge.
    """
    outward, above, below = place
    sitter = scene.model.sitter
    wide, marks = sitter.face.features.eye_width, sitter.face.marks
    ends = step(1.12 * wide, 0.9 * wide, np.abs(outward))
    # A closed lid shows its lashes below its edge, as a dark fringe.
    long = (1.25 + 0.9 * marks.lashes + 0.5 * marks.eye_shadow) * (1 - 0.3 * closed)
    long = long * (0.55 + 0.45 * step(-wide, 0.6 * wide, outward))
    grain = 0.8 + 0.2 * np.sin(5.2 * outward + 1.2 * above)
    upper = step(-0.2, 0.1, above) * step(long, 0.45 * long, above) * ends * grain
    hanging = closed * step(0.1, 0.5, below) * step(1.6 * long, 0.5 * long, below) * ends * grain
    upper = np.maximum(upper, 0.85 * hanging)
    lower = step(0.35, 0.7, below) * step(1.5, 0.8, below) * ends * 0.3 * (1 - closed)
    wet = step(-0.2, 0.1, below) * step(0.85, 0.5, below) * ends * (1 - closed)
    dark = to_light(hair_colour(min(marks.brow_tone, 0.45) * 0.5, 0)) * 0.5
    pink = to_light(skin_colour(sitter)) * np.array([1.05, 0.85, 0.82], np.float32) + np.float32(
        0.04
    )
    for colour, share in ((dark, 0.9 * upper), (dark, lower), (pink, 0.4 * wet)):
        layers.albedo[at] += (colour - layers.albedo[at]) * share[:, None]
    layers.gloss[at, 0] = layers.gloss[at, 0] * (1 - upper) + 0.5 * wet


def _ball(
    layers: Layers,
    scene: Posed,
    part: tuple[Eye, Integers],
    gaze: tuple[float, float],
    light: Light,
) -> Any:
    """The lit colour of the eyeball: white, iris, pupil and the reflection of a window."""
    (eye, where), camera = part, scene.eye_of_camera
    ray = scene.into_head(layers.place[where]) - camera
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    start = camera - eye.centre
    along, square = ray @ start, start @ start - EYE_RADIUS**2
    far = -along - np.sqrt(np.maximum(along**2 - square, 0))
    point = start + far[:, None] * ray
    point /= np.linalg.norm(point, axis=-1, keepdims=True)
    ahead = _direction(gaze, eye.side)
    out, angle = _polar(point, ahead)
    colour = _iris(scene, out, angle)
    outward = layers.plane[where, 0] * eye.side - scene.model.sitter.face.features.eye_distance
    along_lid = outward / scene.model.sitter.face.features.eye_width
    redness = step(0.35, 1, np.abs(along_lid))[:, None] * np.array([0, 0.18, 0.20])
    white = WHITE * (1 - redness)
    white = white + (CORNER - white) * step(-0.74, -0.92, along_lid)[:, None]
    inside = step(IRIS_RADIUS + 0.35, IRIS_RADIUS - 0.35, out)[:, None]
    colour = white + (colour - white) * inside
    lit = _lit(point @ scene.turn.T, light)
    return colour * lit + _reflection(layers, scene, where, (point, out, ahead), light)


def _direction(gaze: tuple[float, float], side: int) -> Any:
    right, up = np.radians(gaze)
    ahead = np.array([np.sin(right) * np.cos(up), np.sin(up), np.cos(right) * np.cos(up)])
    ahead[0] -= 0.03 * side  # vergence: the lines of sight meet nearer than infinity
    return ahead / np.linalg.norm(ahead)


def _polar(point: Any, ahead: Any) -> tuple[Any, Any]:
    """The distance on the ball from the pupil's middle (millimetres), and the angle round it."""
    across = np.cross([0, 1, 0], ahead)
    across /= np.linalg.norm(across)
    up = np.cross(ahead, across)
    x, y = point @ across, point @ up
    behind = (point @ ahead < 0) * 99.0
    return np.hypot(x, y) * EYE_RADIUS + behind, np.arctan2(y, x)


def _iris(scene: Posed, out: Any, angle: Any) -> Any:
    sitter = scene.model.sitter
    fibre = np.sin(23 * angle + 3 * np.sin(7 * angle + sitter.face.seed)) * np.sin(41 * angle + 1.7)
    light = 0.75 + 0.55 * (0.5 + 0.5 * fibre) * step(PUPIL, IRIS_RADIUS, out)
    light = light * (1 + 0.45 * bell(out - 3.3, 0.9)) * (1 - 0.72 * step(5.4, IRIS_RADIUS, out))
    light = light * step(PUPIL - 0.25, PUPIL + 0.35, out)
    return to_light(mixed(IRIS, sitter.face.marks.iris)) * light[:, None] + 0.004


def _lit(normal: Any, light: Light) -> Any:
    facing = np.clip(0.75 * normal @ light.direction + 0.25, 0, 1)[:, None]
    above = 0.5 + 0.5 * normal[:, 1:2]
    around = light.sky * above + light.ground * (1 - above) + 0.3 * light.fill
    return (0.85 * light.colour * facing + around) / 1.4


def _reflection(
    layers: Layers, scene: Posed, where: Integers, ball: tuple[Any, Any, Any], light: Light
) -> Any:
    point, out, ahead = ball
    bulged = np.where((out < 7.2)[:, None], point * EYE_RADIUS - ahead * CORNEA, point)
    bulged /= np.linalg.norm(bulged, axis=-1, keepdims=True)
    view = np.array([0, EYE_LEVEL, DISTANCE], np.float32) - layers.place[where]
    half = view / np.linalg.norm(view, axis=-1, keepdims=True) + light.direction
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    shine = np.clip(np.einsum("ij,ij->i", bulged @ scene.turn.T, half), 0, 1)
    window = 1.3 * step(0.9965, 0.9985, shine) * light.colour.mean() + 0.10 * shine**60
    return window[:, None]


def _under_lids(part: Any, gap: tuple[Any, Any]) -> Any:
    """The shadow factor under the upper lid, in the corners and along the lower lid."""
    above, below = gap
    shade = (0.26 + 0.74 * step(-0.2, 4.2, above)) * (0.25 + 0.75 * step(0.1, 0.9, above))
    return shade * (0.8 + 0.2 * step(0, 1.2, below)) * (0.5 + 0.5 * step(1, 0.55, np.abs(part)))
