"""How is a picture of a face bent so that its mesh takes another shape?

The wanted mesh is drawn triangle by triangle, the farthest first, so that what is hidden is drawn
over. Each triangle shows the same triangle of the picture. The map from pixels to the picture is
drawn on a coarse grid and enlarged: within a triangle it is linear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np

from faceswap_ae.common.geometry import Doubles, Floats, Image, Integers, Points
from faceswap_ae.faces.landmark_masks import outline_mask
from faceswap_ae.faces.mesh import EYE_RINGS, IRISES
from faceswap_ae.reenactment.head_model import head_model
from faceswap_ae.reenactment.regions import lids_outline

# The outline of the mesh, from the forehead's middle to the viewer's right.
# fmt: off
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on
BEYOND = 0.3  # of the way from the face's middle to its outline: how far the map goes on outside
COARSE, GRID = 2, 256  # pixels of the crop for one of the grid, at least; wanted pixels of the grid
FINE = 4  # bits of a pixel's fraction with which OpenCV draws
Rectangle = tuple[slice, slice]  # rows, columns
WHOLE = slice(None), slice(None)
ROOM = 4  # grid pixels around a part, for smoothing
SMOOTH = 1.0  # grid pixels: the corners between triangles are rounded
FADING = 0.25  # of the picture's side: how far from the face a portrait still moves
STRETCH = 1.2  # radii of an iris, around it, in which the white of the eye is stretched
NEARBY = 1.2  # the most by which a corner's share differs from a third in a pixel that is shown
FLAT = 1e-3  # pixels squared: a triangle of less area shows nothing
Part = tuple[Image, Points, Doubles]  # a picture, its mesh, the weight (t,) of each triangle in it
BEHIND = 0.06  # of the crop's side: what lies so far behind what is drawn there is hidden
FACING = (0.25, 0.55)  # cosine to the viewer: below the first a triangle is hidden, above it counts


@dataclass(frozen=True, eq=False)
class DrawnMesh:
    """A wanted mesh, drawn on the coarse grid of a crop of `size` pixels."""

    size: int
    step: int  # pixels of the crop for one of the grid
    mesh: Points  # (478, 3) in the crop
    points: Points  # (q, 2) in the crop, with those beyond the outline
    shown: Integers  # (g, g): the triangle that each grid pixel shows, -1 for none

    @cached_property
    def corners(self) -> Integers:
        """Return (g, g, 3): the corners of the triangle that each grid pixel shows."""
        return triangles()[self.shown]

    @cached_property
    def shares(self) -> Floats:
        """Return (g, g, 3): how much each of the corners counts for a grid pixel.

        A pixel lies inside of its triangle, or near. A thin triangle must not lead it far away.
        """
        of = triangles()
        ends = np.concatenate([self.points[of], np.ones((*of.shape, 1))], axis=2)
        flat = np.abs(np.linalg.det(ends)) < FLAT
        ends[flat] = np.eye(3)
        to_ends = np.linalg.inv(ends)
        to_ends[flat] = [[0, 0, 0], [0, 0, 0], [1 / 3, 1 / 3, 1 / 3]]  # the middle of the corners
        rows, places = to_ends.astype(np.float32)[self.shown], _grid(self)
        found = places[..., :1] * rows[..., 0, :] + places[..., 1:] * rows[..., 1, :]
        found += rows[..., 2, :]
        # As far from the triangle's middle as NEARBY allows. Beyond the mesh its last triangle
        # goes on.
        away = np.abs(found - np.float32(1 / 3)).max(axis=-1, keepdims=True)
        near = np.where(self.shown[..., None] >= 0, NEARBY / np.maximum(away, NEARBY), 1)
        return np.asarray(1 / 3 + near * (found - 1 / 3), np.float32)

    def spread(self, values: Doubles) -> Floats:
        """Return a picture (size, size) of values (t,) of the triangles, smooth between them."""
        soft = cv2.GaussianBlur(values.astype(np.float32)[self.shown], (0, 0), 2 * SMOOTH)
        return np.asarray(cv2.resize(soft, (self.size, self.size)), np.float32)


def draw(mesh: Points, size: int) -> DrawnMesh:
    """Draw a mesh (p, 3), given in the crop's pixels."""
    points, corners = extended(mesh[:, :2]), triangles()
    depth = np.append(mesh[:, 2], np.full(len(OVAL), mesh[:, 2].max()))
    order = np.argsort(-depth[corners].mean(axis=1), kind="stable")
    step = next(one for one in range(max(COARSE, size // GRID), 0, -1) if size % one == 0)
    side = size // step
    # The middle of a grid pixel lies between the crop's pixels that it stands for.
    places = ((points - (step - 1) / 2) / step * 2**FINE).clip(-1e6, 1e6).round()
    drawn = places.astype(np.int32)[corners]
    shown = np.full((side, side), -1, np.int32)
    for number in order:
        cv2.fillConvexPoly(shown, drawn[number], int(number), cv2.LINE_8, FINE)
    return DrawnMesh(size, step, mesh, points, shown.astype(np.int64))


def source_map(drawn: DrawnMesh, source: Points, part: Rectangle | None = None) -> Floats:
    """Return (h, w, 2): where in a picture with the mesh `source` each pixel of a part lies."""
    rows, columns = part or (slice(0, drawn.size), slice(0, drawn.size))
    some = _coarse_rectangle(drawn, rows), _coarse_rectangle(drawn, columns)
    moves = _coarse_map(drawn, source, some) - _grid(drawn)[some]
    corner = (some[0].start * drawn.step, some[1].start * drawn.step)
    inside = tuple(
        slice(along.start - begin, along.stop - begin)
        for along, begin in zip((rows, columns), corner, strict=True)
    )
    return _enlarged(moves, drawn.step, corner)[inside]


def _coarse_rectangle(drawn: DrawnMesh, along: slice) -> slice:
    """Return the grid's pixels that decide about some of the crop's, with room for smoothing."""
    first, last = along.start // drawn.step - ROOM, -(-along.stop // drawn.step) + ROOM
    return slice(max(first, 0), min(last, len(drawn.shown)))


def portrait_map(drawn: DrawnMesh, source: Points) -> Floats:
    """Return the same for a whole picture: what is around the face moves less, the farther away.

    Where nothing is drawn, the pixel moves as the nearest drawn one does. That fades away over half
    of the way to the picture's edge.
    """
    found = _coarse_map(drawn, source, WHOLE) - _grid(drawn)
    outside = (drawn.shown < 0).astype(np.uint8)
    labelled = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    far, label = (np.asarray(one) for one in labelled)
    moves = np.zeros((int(label.max()) + 1, 2), np.float32)
    moves[label[outside == 0]] = found[outside == 0]
    reach = FADING * len(found)
    soft = cv2.GaussianBlur(moves[label], (0, 0), reach / 8)
    share = np.clip(far / (reach / 4), 0, 1)[..., None]  # from the drawn part to its surroundings
    fade = 1 - _rise(np.clip(far / reach, 0, 1))[..., None]
    return _enlarged(fade * (share * soft + (1 - share) * moves[label]), drawn.step, (0, 0))


def _rise(way: Floats) -> Floats:
    return np.asarray(way * way * (3 - 2 * way))


def _enlarged(moves: Floats, step: int, corner: tuple[int, int]) -> Floats:
    """Return the map of all pixels (h, w, 2) from the moves on a part of the coarse grid.

    `corner` is the part's first row and column, in pixels of the crop.
    """
    soft = cv2.GaussianBlur(np.asarray(moves, np.float32), (0, 0), SMOOTH)
    height, width = (side * step for side in moves.shape[:2])
    where = np.asarray(cv2.resize(soft, (width, height)), np.float32)
    where[..., 0] += np.arange(corner[1], corner[1] + width, dtype=np.float32)
    where[..., 1] += np.arange(corner[0], corner[0] + height, dtype=np.float32)[:, None]
    return where


def _grid(drawn: DrawnMesh) -> Floats:
    """Return the places (g, g, 2) of the grid's pixels in the crop."""
    along = np.arange(len(drawn.shown)) * drawn.step + (drawn.step - 1) / 2
    return np.stack(np.meshgrid(along, along), axis=-1).astype(np.float32)


def _coarse_map(drawn: DrawnMesh, source: Points, some: Rectangle) -> Floats:
    """Return where in the picture some of the grid's pixels lie."""
    ends = np.take(extended(source[:, :2]).astype(np.float32), drawn.corners[some], axis=0)
    found = np.asarray(np.einsum("yxk,yxkd->yxd", drawn.shares[some], ends), np.float32)
    for lids, iris in zip(EYE_RINGS, IRISES, strict=True):
        _turn_eye(found, drawn, source, (lids_outline(lids), iris), some)
    return found


def _turn_eye(
    where: Floats,
    drawn: DrawnMesh,
    source: Points,
    eye: tuple[list[int], slice],
    some: Rectangle,
) -> None:
    """Move the map between the lids, in place, so that the iris lies where it is wanted.

    `where` is the map of some of the grid's pixels.
    """
    lids, iris = eye
    first = np.array([some[1].start or 0, some[0].start or 0])
    points = (drawn.mesh[iris, :2] - (drawn.step - 1) / 2) / drawn.step - first
    middle = points.mean(axis=0)
    column, row = middle.round().astype(int)
    at = row + first[1], column + first[0]
    if not all(0 <= one < len(drawn.shown) for one in at):
        return
    radius = max(float(np.linalg.norm(points[1:] - middle, axis=1).mean()), 0.5)
    reach = int(radius * (1 + STRETCH)) + 2
    left, top = max(column - reach, 0), max(row - reach, 0)
    part = where[top : max(row + reach + 1, 0), left : max(column + reach + 1, 0)]
    if not part.size:
        return
    outline = (drawn.mesh[lids, :2] - (drawn.step - 1) / 2) / drawn.step - first - (left, top)
    opened = outline_mask(outline, part.shape[1::-1]) * np.float32(1 / 255)
    there = drawn.shares[at] @ extended(source[:, :2])[drawn.corners[at]]
    off = source[iris, :2].mean(axis=0) - there
    x = np.arange(part.shape[1]) + left - middle[0]
    y = np.arange(part.shape[0])[:, None] + top - middle[1]
    share = np.clip(1 - (np.hypot(x, y) / radius - 1) / STRETCH, 0, 1) * opened
    part += (share[..., None] * off).astype(np.float32)


def bend(picture: Image, where: Floats) -> Image:
    """Return the picture's pixels at the places of a map."""
    x, y = where[..., 0], where[..., 1]
    border = cv2.BORDER_REFLECT_101
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=border), np.uint8)


def facing(mesh: Points) -> Doubles:
    """Return (t,): how well the picture of a mesh shows each triangle, from 0 (hidden) to 1."""
    a, b, c = _with_depth(mesh)[triangles()].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    cosine = normal[:, 2] / np.maximum(np.linalg.norm(normal, axis=1), 1e-9)
    return np.asarray(np.interp(cosine * _front(), FACING, (0, 1)))


def visible(mesh: Points, size: int) -> Doubles:
    """Return (t,) the same for a picture of `size` pixels; 0 for what lies behind another part."""
    drawn, corners = draw(mesh, size), triangles()
    depth = _with_depth(mesh)[corners, 2].mean(axis=1)
    middles = (drawn.points[corners].mean(axis=1) - (drawn.step - 1) / 2) / drawn.step
    x, y = middles.round().clip(-1, len(drawn.shown)).astype(np.int64).T
    front = np.pad(drawn.shown, 1, constant_values=-1)[y + 1, x + 1]
    hidden = (front >= 0) & (depth - depth[front] > BEHIND * size)
    return np.asarray(facing(mesh) * ~hidden)


def _with_depth(mesh: Points) -> Points:
    """Return the mesh with the points beyond the outline (p + 36, 3)."""
    beyond = extended(mesh[:, :2])[len(mesh) :]
    return np.vstack([mesh, np.column_stack([beyond, mesh[OVAL, 2]])])


def extended(points: Points) -> Points:
    """Return the points with those beyond the outline added: (p + 36, 2)."""
    outline = points[list(OVAL)]
    return np.vstack([points, outline + BEYOND * (outline - outline.mean(axis=0))])


@cache
def triangles() -> Integers:
    """Return the triangles of the mesh, and those between its outline and the points beyond."""
    inner = head_model().triangles
    first, count = len(head_model().mean), len(OVAL)
    ring = []
    for place, own in enumerate(OVAL):
        after = (place + 1) % count
        ring += [(own, OVAL[after], first + place), (OVAL[after], first + after, first + place)]
    return np.concatenate([inner, np.array(ring)])


@cache
def _front() -> Doubles:
    """Return the sign of each triangle's area where the mean head looks straight ahead."""
    a, b, c = extended(head_model().mean[:, :2])[triangles()].transpose(1, 0, 2)
    return np.asarray(np.sign((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]))


def mixed(drawn: DrawnMesh, parts: Sequence[Part]) -> Floats:
    """Return the mean (size, size, 3) of pictures, bent to the drawn mesh."""
    spread = [drawn.spread(weights) for _, _, weights in parts]
    total = np.maximum(np.sum(spread, axis=0), np.finfo(np.float32).tiny)
    result = np.zeros((drawn.size, drawn.size, 3), np.float32)
    for (picture, mesh, _), weights in zip(parts, spread, strict=True):
        seen = around(weights)  # eyes and mouth are small
        bent = bend(picture, source_map(drawn, mesh, seen))
        result[seen] += bent * (weights[seen] / total[seen])[..., None]
    return result


def around(weights: Floats) -> Rectangle:
    """Return the rectangle (rows, columns) in which weights are not 0; the whole if all are."""
    left, top, width, height = cv2.boundingRect((weights > 0).astype(np.uint8))
    if not width:
        return slice(0, len(weights)), slice(0, len(weights))
    return slice(top, top + height), slice(left, left + width)
