"""How is an occluder drawn in front of a face: a shape like a microphone or a hand?"""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from faceswap_ae.common.geometry import Image
from faceswap_ae.synthetic.curves import Field, to_light
from faceswap_ae.synthetic.light import Light

Kind = Literal["microphone", "hand"]
KINDS: tuple[Kind, ...] = ("microphone", "hand")
FINGERS = ((-0.42, 0.85), (-0.16, 1.0), (0.12, 0.97), (0.38, 0.78))  # across the palm, length


@dataclass(frozen=True)
class Occluder:
    """A shape in the picture. Its centre and size are in pixels, its angle is in degrees."""

    kind: Kind
    centre: tuple[float, float]
    size: float
    angle: float = 0.0
    tone: float = 0.4  # skin tone of a hand, light (0) to dark (1)


def occlude(light: Field, what: Occluder, falling: Light) -> Image:
    """Draw an occluder over a picture in linear light, in place.

    Returns a mask (height, width) that is 255 where the occluder hides the picture.
    """
    beyond = 2 * max(light.shape[:2]) / what.size  # arm and stand extend beyond the picture
    parts = {"microphone": _microphone, "hand": _hand}[what.kind](what, beyond)
    hidden = np.zeros(light.shape[:2], np.uint8)
    for shape, colour in parts:
        mask = np.zeros_like(hidden)
        for begin, end, radius in shape:
            _capsule(mask, begin, end, radius)
        round_ = _rounded(mask, what.size)
        facing = np.clip(round_ @ falling.direction * 0.8 + 0.25, 0, 1)[..., None]
        lit = to_light(colour) * (falling.colour * facing + falling.sky) * np.float32(0.5)
        soft = cv2.GaussianBlur(mask, (0, 0), 0.7).astype(np.float32)[..., None] / 255
        light += (lit - light) * soft
        hidden |= mask
    return np.where(hidden > 127, np.uint8(255), np.uint8(0))


def _capsule(mask: Image, begin: Any, end: Any, radius: float) -> None:
    points = [tuple(round(float(value) * 16) for value in point) for point in (begin, end)]
    cv2.line(mask, points[0], points[1], 255, max(1, int(2 * radius)), cv2.LINE_AA, 4)
    for point in points:
        cv2.circle(mask, point, int(radius * 16), 255, -1, cv2.LINE_AA, 4)


def _rounded(mask: Image, size: float) -> Field:
    """Normals (height, width, 3) of the flat shape, as if it were inflated."""
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    depth = np.sqrt(np.minimum(depth, size / 4) * size / 2)
    smooth = cv2.GaussianBlur(depth, (0, 0), max(1.0, size / 40))
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) / 8
    normal = np.stack([-across, down, np.ones_like(across)], -1)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def _placed(what: Occluder, x: float, y: float) -> tuple[float, float]:
    """Transform a point from the shape's own coordinates (y up) to pixels of the picture."""
    angle = np.radians(what.angle)
    right = x * np.cos(angle) - y * np.sin(angle)
    up = x * np.sin(angle) + y * np.cos(angle)
    return what.centre[0] + right * what.size, what.centre[1] - up * what.size


def _microphone(what: Occluder, beyond: float) -> Any:
    stem = [(_placed(what, 0, -0.25), _placed(what, 0, -beyond), 0.13 * what.size)]
    head = [(_placed(what, 0, -0.05), _placed(what, 0, 0.1), 0.24 * what.size)]
    return [(stem, (0.10, 0.10, 0.12)), (head, (0.32, 0.33, 0.36))]


def _hand(what: Occluder, beyond: float) -> Any:
    light, dark = np.array([0.86, 0.66, 0.55]), np.array([0.36, 0.24, 0.18])
    skin = light + (dark - light) * what.tone
    palm = [
        (_placed(what, x, -0.1), _placed(what, x * 0.8, -0.7), 0.22 * what.size)
        for x in (-0.25, 0.0, 0.25)
    ]
    fingers = [
        (_placed(what, x, 0), _placed(what, 1.15 * x, long * 0.75), 0.105 * what.size)
        for x, long in FINGERS
    ]
    thumb = [(_placed(what, -0.35, -0.5), _placed(what, -0.8, -0.1), 0.12 * what.size)]
    wrist = [(_placed(what, 0, -0.6), _placed(what, 0.05, -beyond), 0.30 * what.size)]
    return [(wrist, skin * 0.95), ([*palm, *thumb], skin), (fingers, skin * 1.03)]
