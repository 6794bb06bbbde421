"""Where on the head is hair, and which shape and strands does it have?

Hair is a shell over the skull, thickest at the crown. Long hair has further rows that hang down.
The shell is drawn as nested copies between root and tip. A texture of streaks decides at each pixel
whether a strand is there.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from faceswap_ae.synthetic.curves import Field, bell, larger, noise, step
from faceswap_ae.synthetic.people import Hair, Sitter
from faceswap_ae.synthetic.raster import normals
from faceswap_ae.synthetic.shape import Surface

LONG = 0.4  # hair of this length or more hangs down
WIDEST = 5.5  # the ring from which long hair hangs down
LAST_RING = 9.6  # the shell ends at this ring, below the ears
STRANDS = (256, 2048)  # rows and columns of the streak texture
STREAKS = ((60, 0.35), (180, 0.5), (520, 0.8), (1000, 0.6))  # columns of noise, strength
FALLING = 34  # rows of hair below the skull


@dataclass(frozen=True)
class Shell:
    """The hair's shell. Arrays are (rows, columns, ...) of its grid, unless stated otherwise."""

    root: Field  # (..., 3) on the skull
    tip: Field  # (..., 3)
    inside: Field  # millimetres from the hair line, positive inside the hair
    place: Field  # (..., 2): place in the streak texture, in [0, 1]
    streaks: tuple[Field, ...]  # textures, about -1 to 1; each has half the columns of the last
    scalp: Field  # on the grid of the head's surface: larger where skin is under hair, 0 to 0.8


def shell(sitter: Sitter, own: Surface, surface: Surface) -> Shell:
    """The hair of a head. It grows on the head's `own` surface, whatever face `surface` shows."""
    hair, rng = sitter.head.hair, np.random.default_rng([900, sitter.head.seed])
    count = int(np.searchsorted(own.ring, LAST_RING))
    base = own.points[:count]
    inside = from_line(hair, base, sitter.head.seed)
    thick = _thickness(hair, own, base, inside, rng)
    tip = base + normals(own.points.astype(np.float32))[:count] * thick[..., None]
    root = base
    if hair.length >= LONG:
        tip = _hanging(tip, own.ring[:count])
        fall = _falling(hair, tip[-1], own.angle)
        ends = _falling_edge(tip[-1])
        leaving = step(0, 0.5, np.linspace(0, 1, FALLING))[:, None, None]
        inner = np.concatenate([root[-1:, :, :1], root[-1:, :, :1] * 0, root[-1:, :, 2:]], -1)
        inner = inner + (fall * [0.9, 1, 0.9] - inner) * leaving
        inner[..., 1] = fall[..., 1]
        root = np.concatenate([root, inner])
        tip, inside = np.concatenate([tip, fall]), np.concatenate([inside, ends])
    rows = np.linspace(0, 1, len(tip))[:, None]
    around = (own.angle / (2 * np.pi) + 0.5)[None]
    place = np.stack(np.broadcast_arrays(around, rows), -1)
    skin = from_line(hair, surface.points, sitter.head.seed)
    under = step(-5, 15, skin) * (0.15 if hair.bald > 0.5 else 1.0)
    scalp = 0.8 * under * (surface.ring < 11.5)[:, None]
    streaks = _coarser(_streaks(hair, rng))
    root_, tip_, inside_, place_, scalp_ = (
        np.asarray(part, np.float32) for part in (root, tip, inside, place, scalp)
    )
    return Shell(root_, tip_, inside_, place_, streaks, scalp_)


def _coarser(streaks: Field) -> tuple[Field, ...]:
    """The streaks at full, half, quarter and eighth of their columns, all equally strong."""
    levels = [streaks]
    for _ in range(3):
        size = levels[-1].shape[1] // 2, streaks.shape[0]
        half = cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA)
        levels.append(half * np.float32(streaks.std() / half.std()))
    return tuple(levels)


def from_line(hair: Hair, points: Any, seed: int) -> Any:
    """The distance of points inside the hair line, in millimetres (approximate)."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    away, short = np.abs(x), hair.length < LONG
    line = hair.line + hair.recess * bell(away - 34, 13) - 3 * bell(away, 14)
    line = line - 34 * np.clip((away - 40) / 30, 0, 1.5) ** 2.2
    border = [-34, 22, 29, 35, 60] if short else [31, 33, 36, 42, 60]
    beside = np.interp(y, [-60, -20, 0, 25, 60], border) - z
    if short:
        ear = np.hypot((z + 10) / 17, (y + 16) / 26) - 1
        burns = -22 + 10 * (seed % 3 - 1)
        ahead = np.maximum(y - burns, ear * 20)
        beside = np.minimum(beside, np.where(z > -30, ahead, y + 78))
    found = larger(y - line, beside, 8.0)
    return np.minimum(found, 26 - y + 6 * (z < -60)) if hair.bald > 0.5 else found


def _thickness(
    hair: Hair, surface: Surface, base: Any, inside: Any, rng: np.random.Generator
) -> Any:
    y, z, long = base[..., 1], base[..., 2], hair.length
    volume = hair.volume * (0.55 + 0.45 * min(1, 2 * long + 0.3))
    volume = volume * (0.45 if hair.bald > 0.5 else 1)
    angle, parting = surface.angle[None], np.radians(28 * hair.parting)
    grid = noise(rng, (64, 256), (4, 26), 3)
    down = np.clip(surface.ring[: len(base)] / 10 * 63, 0, 63)[:, None] * np.ones_like(y)
    across = (angle / (2 * np.pi) + 0.5) * 255 + 10 * hair.parting * down / 63
    clump = cv2.remap(grid, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR)
    thick = volume * step(-6, 30, inside) * (0.72 + 0.28 * step(-20, 90, y)) + 0.6
    thick = thick + 0.26 * clump * volume * step(-2, 14, inside)
    if long < LONG:
        thick = thick * np.interp(y, [-60, 20, 70], [0.35, 0.55, 1.0])
    else:
        beside = step(25, 60, np.abs(base[..., 0])) * step(-6, 10, inside)
        thick = thick + (13 + 4 * long) * step(48, -8, y) * beside
    crease = 0.45 * volume * bell((angle - parting) * 75, 5) * step(60, 90, y) * (z > -30)
    return np.maximum(thick - crease, 0.4)


def _hanging(tip: Any, ring: Any) -> Any:
    """Let long hair hang from the widest place, instead of following the skull inwards."""
    below = ring >= WIDEST
    hung = tip.copy()
    wide = np.maximum.accumulate(np.abs(tip[below, :, 0]), axis=0)
    hung[below, :, 0] = np.sign(tip[below, :, 0]) * wide
    hung[below, :, 2] = np.minimum.accumulate(tip[below, :, 2], axis=0)
    # The strip beside the face keeps its place, so that hair does not stand away from the cheeks.
    front = step(25, -5, tip[..., 2])[..., None]
    return tip + (hung - tip) * front


def _falling(hair: Hair, last: Any, angle: Any) -> Any:
    """The rows from the shell's last row down to the end of long hair, which ends in locks."""
    end = np.interp(hair.length, [LONG, 1], [-75, -215])
    t = np.linspace(0, 1, FALLING + 1)[1:, None]
    x, y, z = (last[None, :, i] for i in range(3))
    # Locks end at different heights, because a straight edge looks like cloth.
    ragged = 9 * np.sin(7 * angle + 1) + 6 * np.sin(17 * angle)
    wave = 1.5 * np.sin(6 * t + 9 * angle) * t + np.sin(9 * t + 23 * angle)
    narrow = 1 + 0.03 * np.sin(np.pi * np.minimum(1.1 * t, 1)) - 0.10 * t**2
    down = y + (end + ragged[None] - y) * t
    out = x * narrow + wave * np.sin(angle), down, z * (1 - 0.06 * t) + 3 * t + wave * np.cos(angle)
    return np.stack(np.broadcast_arrays(*out), -1)


def _falling_edge(last: Any) -> Any:
    t = np.linspace(0, 1, FALLING + 1)[1:, None]
    beside_face = 31 + 6 * np.sin(5 * t) - last[None, :, 2]
    return np.minimum(beside_face, (1 - t) * 60 - 3)


def _streaks(hair: Hair, rng: np.random.Generator) -> Any:
    """The texture of strands, which run from root to tip and are combed away from the parting."""
    rows, columns = STRANDS
    image = np.zeros(STRANDS, np.float32)
    for cells, strength in STREAKS:
        grain = rng.standard_normal((5, cells)).astype(np.float32)
        image += strength * cv2.resize(grain, (columns, rows), interpolation=cv2.INTER_CUBIC)
    angle = np.linspace(-np.pi, np.pi, columns)[None]
    down = np.linspace(0, 1, rows)[:, None]
    combed = 0.0 if hair.length >= LONG else 420 * (0.5 + abs(hair.parting))
    parting = np.tanh((angle - np.radians(28 * hair.parting)) * 2.2) * np.exp(-((angle / 1.3) ** 2))
    shear = 90 * down * np.sin(angle) + combed * down**1.5 * parting
    shear = shear + 14 * noise(rng, STRANDS, (4, 20), 2)
    across = ((np.arange(columns)[None] + shear) % columns).astype(np.float32)
    along = np.broadcast_to(np.arange(rows, dtype=np.float32)[:, None], across.shape)
    border = cv2.BORDER_WRAP
    return cv2.remap(image, across, along.copy(), cv2.INTER_LINEAR, borderMode=border) / 1.2
