"""Which surface does each pixel show (skin, ear, hair), with which albedo, gloss and normal?

Every pixel of the box around the head is one row of flat arrays. Skin is drawn first, then ears and
hair over it. Only pixels that show something are computed.
"""

from typing import Any

import cv2
import numpy as np

from faceswap_ae.common.geometry import Integers
from faceswap_ae.synthetic.canvas import LEFT, TOP
from faceswap_ae.synthetic.curves import Field, bell, step, to_light
from faceswap_ae.synthetic.hair import LONG
from faceswap_ae.synthetic.model import Camera, Posed, level_for
from faceswap_ae.synthetic.raster import NOTHING, Hits, normals, raster
from faceswap_ae.synthetic.texture import Skin, hair_colour, skin_colour

EMPTY, SKIN, EAR, HAIR = range(4)
CLOTH = 17.45  # the surface is cloth from this ring downwards
# Nested copies of the hair shell: place between root (0) and tip (1), the streak strength above
# which strands are kept, millimetres inside the hair line.
COPIES = ((0.45, -9.0, 3.0), (0.75, -0.25, 7.0), (1.0, 0.25, 11.0))
EDGE, FINE = 5.0, 0.5  # softness of the hair's edge: millimetres at its line, strength of a strand
STREAKS_PER_MM = 4.4  # columns of the streak texture per millimetre
CHUNK = 256  # columns of the maps for cv2.remap, which limits the sides of its maps


class Layers:
    """The surfaces that are visible in a box of (width, height) pixels."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        count = size[0] * size[1]
        self.depth = np.full(count, NOTHING, np.float32)
        self.kind = np.zeros(count, np.uint8)
        self.row = np.full(count, -1, np.float32)  # of the head's grid
        self.ring = np.zeros(count, np.float32)
        self.strand = np.zeros(count, np.float32)
        self.cover = np.ones(count, np.float32)  # opacity over the background; < 1 in thin hair
        self.plane = np.zeros((count, 2), np.float32)
        self.normal, self.place, self.albedo, self.gloss, self.along = (
            np.zeros((count, 3), np.float32) for _ in range(5)
        )

    def image(self, values: Field) -> Field:
        """Reshape flat values to (height, width, ...)."""
        return values.reshape(self.size[1], self.size[0], *values.shape[1:])

    def nearer(self, hits: Hits) -> Integers:
        """The pixels where the newly drawn grid is in front of what is drawn already."""
        return np.flatnonzero(hits.depth.ravel() > self.depth)


def gather(field: Field, row: Field, column: Field) -> Field:
    """Sample a grid at n fractional places (row, column), bilinearly: (n, ...)."""
    count = len(row)
    padded = -(-max(count, 1) // CHUNK) * CHUNK
    maps = np.zeros((2, padded), np.float32)
    maps[0, :count], maps[1, :count] = column, row
    across, down = maps.reshape(2, -1, CHUNK)
    source = np.ascontiguousarray(field, np.float32)
    border = cv2.BORDER_REPLICATE
    found = cv2.remap(source, across, down, cv2.INTER_LINEAR, borderMode=border)
    return found.reshape(padded, *found.shape[2:])[:count]


def drawn(scene: Posed, camera: Camera, size: tuple[int, int]) -> Layers:
    """Draw the skin, ears and hair of one sitter."""
    layers = Layers(size)
    _draw_skin(layers, scene, camera)
    for number in (0, 1):
        _draw_ear(layers, scene, camera, number)
    _draw_hair(layers, scene, camera)
    if scene.model.sitter.head.hair.length >= LONG:
        _draw_inside_of_hair(layers, scene, camera)
    return layers


def head_normals(scene: Posed) -> Field:
    """The normals of the skin. The two copies of the lips' row have separate normals."""
    cut = scene.model.surface.lips + 1
    return np.concatenate([normals(scene.skin[:cut]), normals(scene.skin[cut:])])


def _draw_skin(layers: Layers, scene: Posed, camera: Camera) -> None:
    model = scene.model
    hits = raster(*camera.project(scene.skin), layers.size)
    seen = layers.nearer(hits)
    row, column = hits.row.ravel()[seen], hits.column.ravel()[seen]
    layers.depth[seen], layers.kind[seen], layers.row[seen] = hits.depth.ravel()[seen], SKIN, row
    layers.place[seen] = gather(scene.skin, row, column)
    layers.plane[seen] = gather(model.relief.plane, row, column)
    ring = np.interp(row, np.arange(len(model.surface.ring)), model.surface.ring)
    layers.ring[seen] = ring
    _paint(layers, seen, scene, camera.detail)
    scalp = gather(model.shell.scalp, row, column)[:, None]
    _cover(layers, seen, to_light(_hair_colour(scene) * 0.8), scalp)
    layers.gloss[seen, 0] *= 1 - 0.8 * scalp[:, 0]
    slope = _slope(layers.plane[seen], model.skins[level_for(camera.detail)])
    slope *= (0.55 * (1 - step(13.2, 14.4, ring)))[:, None]
    bump = np.column_stack([-slope, np.zeros(len(seen))]) @ scene.turn.T
    layers.normal[seen] = gather(head_normals(scene), row, column) + bump
    _dress(layers, seen, scene)


def _paint(layers: Layers, seen: Integers, scene: Posed, scale: float) -> None:
    """Set albedo and gloss from the skin texture, and one plain colour below the chin."""
    skin = scene.model.skins[level_for(scale)]
    row, column = _texels(layers.plane[seen], skin)
    layers.albedo[seen] = gather(skin.albedo, row, column)
    layers.gloss[seen] = gather(skin.gloss, row, column)
    below = np.asarray(step(13.2, 14.4, layers.ring[seen]), np.float32)[:, None]
    _cover(layers, seen, to_light(skin_colour(scene.model.sitter)) * 0.93, below)
    layers.gloss[seen, :1] += (0.25 - layers.gloss[seen, :1]) * below


def _texels(plane: Field, skin: Skin) -> tuple[Field, Field]:
    scale = np.float32(skin.scale)
    return (TOP - plane[:, 1]) * scale - 0.5, (plane[:, 0] - LEFT) * scale - 0.5


def _slope(plane: Field, skin: Skin) -> Field:
    return gather(skin.slope, *_texels(plane, skin))


def _dress(layers: Layers, seen: Integers, scene: Posed) -> None:
    head = scene.model.sitter.head
    clothed = seen[layers.ring[seen] > CLOTH]
    rng = np.random.default_rng([31, head.seed])
    hsv = head.hair.clothes * 360, rng.uniform(0.15, 0.55), rng.uniform(0.18, 0.6)
    pixel = np.array([[hsv]], np.float32)
    colour = to_light(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0])
    collar = 1 - 0.35 * bell(layers.ring[clothed] - 17.5, 0.06)
    layers.albedo[clothed] = colour * collar[:, None]
    layers.gloss[clothed, 0] = 0.02


def _draw_ear(layers: Layers, scene: Posed, camera: Camera, number: int) -> None:
    points, ear = scene.ears[number], scene.model.ears[number]
    hits = raster(*camera.project(points), layers.size)
    seen = layers.nearer(hits)
    row, column = hits.row.ravel()[seen], hits.column.ravel()[seen]
    layers.depth[seen], layers.kind[seen] = hits.depth.ravel()[seen], EAR
    layers.normal[seen] = gather(normals(points), row, column)
    layers.place[seen] = gather(points, row, column)
    tone = to_light(skin_colour(scene.model.sitter)) * np.array([1, 0.86, 0.82], np.float32)
    layers.albedo[seen] = tone * (0.42 + 0.58 * gather(ear.open, row, column))[:, None]
    layers.gloss[seen] = 0.35, 1, 0
    layers.plane[seen], layers.ring[seen] = 0, 7


def _draw_hair(layers: Layers, scene: Posed, camera: Camera) -> None:
    """Draw nested copies of the hair from root to tip. The outer copies are only strands."""
    hair, hidden = scene.model.sitter.head.hair, scene.model.shell.inside < -7
    soft = 12 - 8 * hair.fringe
    for out, sparse, within in COPIES:
        points = scene.hair_root + (scene.hair_tip - scene.hair_root) * np.float32(out)
        hits = raster(*camera.project(points), layers.size, hidden)
        seen = layers.nearer(hits)
        row, column = hits.row.ravel()[seen], hits.column.ravel()[seen]
        inside, strand = _strands(scene, row, column, camera.detail)
        dense = (inside - within + soft * np.clip(strand, -1.4, 1.4)) / EDGE + 0.5
        share = np.clip(np.minimum(dense, (strand - sparse) / FINE + 0.5), 0, 1)
        kept = np.flatnonzero(share > 0.05)
        seen, row, column, share = seen[kept], row[kept], column[kept], share[kept]
        inside, strand = inside[kept], strand[kept]
        full = _hiding(layers, seen, share, within, (inside, strand, hair.fringe))
        depth = 0.62 + 0.05 * inside
        shade = (0.5 + 0.5 * out) * np.clip(depth, 0.62 + 0.3 * (1 - hair.fringe), 1)
        _lay(layers, scene, (seen, row, column), points, (full, strand, shade))
        solid = seen[share > 0.5]
        layers.depth[solid] = hits.depth.ravel()[solid]


def _hiding(
    layers: Layers, seen: Integers, share: Field, within: float, lies: tuple[Field, Field, float]
) -> Field:
    """How much of the surface below is hidden by hair, 0 to 1.

    Over the empty background the hair is drawn in full, and `cover` keeps how opaque it is there.
    """
    inside, strand, fringe = lies
    below = layers.kind[seen]
    roots = np.clip(step(within - 3, within + 13, inside + 3 * strand) + fringe, 0, 1)
    open_ = below == EMPTY
    thin = open_ | (layers.cover[seen] < 1)
    layers.cover[seen[thin]] = np.maximum(layers.cover[seen[thin]] * ~open_[thin], share[thin])
    hides = np.where(below == SKIN, roots * share, share)
    return np.where(open_, 1, hides).astype(np.float32)


def _draw_inside_of_hair(layers: Layers, scene: Posed, camera: Camera) -> None:
    """Draw the inner side of long hair, which is visible beside the neck."""
    points = (scene.hair_root + (scene.hair_tip - scene.hair_root) * np.float32(0.6))[:, ::-1]
    hidden = (scene.model.shell.inside < -7)[:, ::-1]
    hits = raster(*camera.project(points), layers.size, hidden)
    seen = layers.nearer(hits)
    row = hits.row.ravel()[seen]
    column = points.shape[1] - 1 - hits.column.ravel()[seen]
    inside, strand = _strands(scene, row, column, camera.detail)
    kept = np.flatnonzero(inside + 4.5 * strand > 0)
    seen, row, column, strand = seen[kept], row[kept], column[kept], strand[kept]
    layers.depth[seen] = hits.depth.ravel()[seen]
    full = np.ones(len(seen), np.float32)
    shade = np.full(len(seen), 0.34, np.float32)
    _lay(layers, scene, (seen, row, column), points[:, ::-1], (full, strand, shade))
    layers.normal[seen] *= -1
    layers.strand[seen] -= 0.8


def _strands(scene: Posed, row: Field, column: Field, scale: float) -> tuple[Field, Field]:
    """Millimetres inside the hair line, and the streaks at a scale that pixels can show."""
    shell = scene.model.shell
    finest = np.log2(max(STREAKS_PER_MM / scale, 1))
    streaks = shell.streaks[min(int(finest + 0.3), len(shell.streaks) - 1)]
    place = gather(shell.place, row, column)
    last = np.array(streaks.shape, np.float32) - 1
    strand = gather(streaks, place[:, 1] * last[0], place[:, 0] * last[1])
    return gather(shell.inside, row, column), strand


def _lay(
    layers: Layers,
    scene: Posed,
    at: tuple[Integers, Field, Field],
    points: Field,
    look: tuple[Field, Field, Any],
) -> None:
    """Put hair on pixels. `at`: pixel, row, column; `look`: opacity, streak strength, shade."""
    seen, row, column = at
    full, strand, shade = look
    along = np.gradient(scene.hair_tip, axis=0)
    along /= np.linalg.norm(along, axis=-1, keepdims=True) + 1e-6
    cover = full[:, None]
    layers.kind[seen] = np.where(full > 0.5, HAIR, layers.kind[seen])
    layers.normal[seen] *= 1 - cover
    layers.normal[seen] += gather(normals(scene.hair_tip), row, column) * cover
    # Skin that is visible through thin hair keeps its place: it is not lit as if it were in front.
    hides = full > 0.5
    place, lies = gather(points, row, column), gather(along, row, column)
    layers.place[seen[hides]], layers.along[seen[hides]] = place[hides], lies[hides]
    layers.strand[seen[hides]] = strand[hides]
    colour = (
        to_light(_hair_colour(scene)) * (np.clip(1 + 0.38 * strand, 0.25, 2.2) * shade)[:, None]
    )
    _cover(layers, seen, colour, cover)
    layers.gloss[seen, 0] *= 1 - full


def _hair_colour(scene: Posed) -> Any:
    hair = scene.model.sitter.head.hair
    return hair_colour(hair.tone, hair.warmth)


def _cover(layers: Layers, seen: Integers, colour: Any, share: Any) -> None:
    layers.albedo[seen] += (colour - layers.albedo[seen]) * share
