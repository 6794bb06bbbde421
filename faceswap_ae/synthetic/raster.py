"""Which point of a grid does each pixel show (rasterisation with a z-buffer)?

The z-buffer is exact and has no loop over the grid's triangles: every pixel of every triangle's
bounding box is one row of a table. The plane of the triangle gives its barycentric weights and
depth.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Integers
from faceswap_ae.synthetic.curves import Field

NOTHING = np.float32(-1e9)  # depth where nothing is
EDGE = np.float32(1e-4)  # a triangle is larger by this, so that rounding leaves no gaps
TABLE = 1 << 16  # rows of a table of pixels


@dataclass(frozen=True)
class Hits:
    """What a grid covers: each pixel's (height, width) depth, and the grid's row and column."""

    depth: Field
    row: Field
    column: Field

    @property
    def covered(self) -> NDArray[np.bool_]:
        return self.depth > NOTHING


@dataclass(frozen=True)
class _Triangles:
    """The triangles that face the viewer and touch the picture. One entry per triangle."""

    first: Integers  # the number of its first corner in the grid
    second: NDArray[np.bool_]  # True for the lower right half of a cell
    low: NDArray[np.int32]  # (n, 2) first pixel (x, y) of the box
    reach: NDArray[np.int32]  # (n, 2) width and height of the box
    planes: Field  # (n, 3, 3): u, v and depth, each as a*x + b*y + c of a pixel's centre


def raster(
    screen: Field, depth: Field, size: tuple[int, int], skip: NDArray[np.bool_] | None = None
) -> Hits:
    """Draw a grid. `screen` (rows, columns, 2) is in pixels; a larger depth is nearer.

    Cells whose first corner is True in `skip` are left out.
    """
    width, height = size
    corners = np.concatenate([screen, depth[..., None]], -1).reshape(-1, 3).astype(np.float32)
    triangles = _facing(corners, _cells(depth.shape, skip), size)
    which, pixel, weights = _fragments(triangles, width)
    kept = _nearest(pixel, weights[:, 2], width * height)
    which, seen, (u, v, z) = which[kept], pixel[kept], weights[kept].T
    row, column = np.divmod(triangles.first[which], depth.shape[1])
    second = triangles.second[which]
    out = np.full((3, width * height), -1, np.float32)
    out[0] = NOTHING
    out[:, seen] = z, row + u + np.where(second, v, 0), column + np.where(second, -u, v)
    depth_, row_, column_ = out.reshape(3, height, width)
    return Hits(depth_, row_, column_)


def normals(points: Field) -> Field:
    """Unit normals of a grid of points (rows, columns, 3) that closes round its columns."""
    across, down = np.empty_like(points), np.empty_like(points)
    across[:, 1:-1] = points[:, 2:] - points[:, :-2]
    across[:, 0] = across[:, -1] = points[:, 1] - points[:, -2]
    down[1:-1] = points[2:] - points[:-2]
    down[0], down[-1] = points[1] - points[0], points[-1] - points[-2]
    normal = np.cross(down, across)
    length = np.sqrt(np.einsum("ijk,ijk->ij", normal, normal))[..., None]
    return np.asarray(normal / (length + 1e-9), np.float32)


def _cells(
    shape: tuple[int, ...], skip: NDArray[np.bool_] | None
) -> tuple[Integers, NDArray[np.bool_]]:
    """The corners of two triangles for each cell, and which half of the cell each triangle is."""
    number = np.arange(shape[0] * shape[1]).reshape(shape)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    keep = np.ones(a.shape, bool) if skip is None else ~skip[:-1, :-1]
    halves = np.stack([a, c, b], -1)[keep], np.stack([b, c, d], -1)[keep]
    second = np.repeat([False, True], len(halves[0]))
    return np.concatenate(halves), second


def _facing(
    points: Field, cells: tuple[Integers, NDArray[np.bool_]], size: tuple[int, int]
) -> _Triangles:
    corners, second = cells
    p = points[corners]  # (n, 3 corners, x y z)
    one, two = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    area = one[:, 0] * two[:, 1] - two[:, 0] * one[:, 1]
    x, y = p[..., 0], p[..., 1]
    low_x, low_y = (np.ceil(_least(a) - 0.5).astype(np.int32).clip(0) for a in (x, y))
    high_x = np.floor(-_least(-x) - 0.5).astype(np.int32).clip(max=size[0] - 1)
    high_y = np.floor(-_least(-y) - 0.5).astype(np.int32).clip(max=size[1] - 1)
    kept = np.flatnonzero((area < -1e-6) & (high_x >= low_x) & (high_y >= low_y))
    low = np.stack([low_x[kept], low_y[kept]], -1)
    reach = np.stack([high_x[kept], high_y[kept]], -1) - low + 1
    planes = _planes(p[kept, 0], one[kept], two[kept], area[kept])
    return _Triangles(corners[kept, 0], second[kept], low, reach, planes)


def _least(three: Field) -> Field:
    return np.minimum(np.minimum(three[:, 0], three[:, 1]), three[:, 2])


def _planes(start: Field, one: Field, two: Field, area: Field) -> Field:
    """The planes of u, v and depth. u is 1 at the second corner, v at the third, else 0."""
    planes = np.empty((len(start), 3, 3), np.float32)
    planes[:, 0, 0], planes[:, 0, 1] = two[:, 1] / area, -two[:, 0] / area
    planes[:, 1, 0], planes[:, 1, 1] = -one[:, 1] / area, one[:, 0] / area
    planes[:, 2, :2] = planes[:, 0, :2] * one[:, 2:] + planes[:, 1, :2] * two[:, 2:]
    planes[:, :, 2] = -np.einsum("nij,nj->ni", planes[:, :, :2], start[:, :2])
    planes[:, 2, 2] += start[:, 2]
    return planes


def _fragments(t: _Triangles, width: int) -> tuple[Integers, Integers, Field]:
    """The triangle, pixel and (u, v, depth) of each pixel whose centre is in a triangle."""
    count = (t.reach[:, 0] * t.reach[:, 1]).astype(np.int64)
    # Tables that stay in the processor's cache are filled in half the time.
    full = np.flatnonzero(np.diff(np.cumsum(count) // TABLE)) + 1
    parts = [
        _inside(t, np.arange(begin, end), count[begin:end], width)
        for begin, end in pairwise([0, *full.tolist(), len(count)])
    ]
    which, pixel, weights = zip(*parts, strict=True)
    return np.concatenate(which), np.concatenate(pixel), np.concatenate(weights)


def _inside(
    t: _Triangles, own: Integers, count: Integers, width: int
) -> tuple[Integers, Integers, Field]:
    """The fragments of some of the triangles."""
    which = np.repeat(own, count)
    before = np.repeat((np.cumsum(count) - count).astype(np.int32), count)
    down, across = np.divmod(np.arange(len(which), dtype=np.int32) - before, t.reach[which, 0])
    x, y = t.low[which, 0] + across, t.low[which, 1] + down
    centre = np.ones((len(x), 3), np.float32)
    centre[:, 0], centre[:, 1] = x, y
    centre[:, :2] += 0.5
    weights = np.einsum("nij,nj->ni", t.planes[which, :2], centre)
    u, v = weights.T
    inside = np.flatnonzero((u >= -EDGE) & (v >= -EDGE) & (u + v <= 1 + EDGE))
    depth = np.einsum("nj,nj->n", t.planes[which[inside], 2], centre[inside])
    pixel = (y[inside] * width + x[inside]).astype(np.int64)
    return which[inside], pixel, np.column_stack([weights[inside], depth])


def _nearest(pixel: Integers, depth: Field, count: int) -> Integers:
    """The nearest fragment of each pixel. Few fragments overlap, so few rounds are needed."""
    best = np.full(count, -1)
    best[pixel] = np.arange(len(pixel))
    while True:
        nearer = np.flatnonzero(depth > depth[best[pixel]])
        if not len(nearer):
            return best[best >= 0]
        best[pixel[nearer]] = nearer
