"""How are a face's position and shape augmented (geometric augmentation)?

A move changes the position: a random rotation, scale, shift and mirror image, as one matrix. A bend
changes the shape: a grid of offsets, interpolated by natural cubic splines. A bend is random, or it
is fitted to the landmarks of another face.

Units: the crop is the square from (0, 0) to (1, 1). These are the edges of pixels, not their
centres, so one matrix fits pictures of every size.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Matrix, Points

# For each of the 68 landmarks, its index in the mirror image: the outer corner of the left eye
# becomes the outer corner of the right eye.
MIRRORED = np.array(
    [
        *range(16, -1, -1),  # jaw
        *range(26, 16, -1),  # brows
        *(27, 28, 29, 30, 35, 34, 33, 32, 31),  # nose
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
        *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),  # outer lips
        *(64, 63, 62, 61, 60, 67, 66, 65),  # inner lips
    ]
)

NODES = 5  # a side, of a random bend's grid
FINE_NODES = 7  # a side, of the grid of a bend to landmarks
FAR = 2.2  # standard deviations: larger random offsets are clipped, or grid cells could fold over
NEIGHBOURS = 10  # nearest shapes, from which one is drawn
# Regularisation of the fit: the weight of the bend's curvature, and the weight of its offsets.
STIFF, SHY = 0.05, 0.001
ROWS = 64  # of a map in one product: with more, BLAS would start threads that wait for each other
TABLE = 512  # steps a side of the table in which the spline basis is looked up for landmarks
Grid = NDArray[np.float64]  # (nodes, nodes, 2) as (x, y), rows downwards
Map = NDArray[np.float32]  # (size, size)


def random_move(rng: np.random.Generator, rotation: float, scale: float, shift: float) -> Matrix:
    """Return a random similarity about the crop's centre.

    At most it rotates by `rotation` degrees, scales by 1 +- `scale`, and shifts by `shift` sides.
    """
    angle = np.radians(rng.uniform(-rotation, rotation))
    zoom = 1 + rng.uniform(-scale, scale)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    middle = 0.5 + rng.uniform(-shift, shift, 2)
    return np.column_stack([linear, middle - linear @ (0.5, 0.5)])


def mirror(move: Matrix) -> Matrix:
    """Return the matrix that mirrors the crop left to right and then does `move`."""
    return np.column_stack([-move[:, 0], move[:, 1], move[:, 2] + move[:, 0]])


def is_mirrored(move: Matrix) -> bool:
    return bool(np.linalg.det(move[:, :2]) < 0)


def apply_move(landmarks: Points, move: Matrix) -> Points:
    """Return the 68 landmarks after a move; a mirror image also changes their order."""
    points = landmarks @ move[:, :2].T + move[:, 2]
    return points[MIRRORED] if is_mirrored(move) else points


def to_pixels(size: int, margin: int = 0) -> Matrix:
    """Return the matrix from units to pixels of a picture of the crop and a margin around it.

    `size` is the crop's side in pixels, `margin` the pixels on each side of the crop.
    """
    # The centre of the first pixel is half a pixel from the edge.
    return np.array([[size, 0.0, margin - 0.5], [0.0, size, margin - 0.5]])


def from_pixels(size: int, margin: int = 0) -> Matrix:
    """Return the inverse of `to_pixels`: from pixels to units."""
    shift = (0.5 - margin) / size
    return np.array([[1 / size, 0.0, shift], [0.0, 1 / size, shift]])


def random_bend(rng: np.random.Generator, spread: float) -> Grid:
    """Return random offsets with a standard deviation of `spread` sides of the crop."""
    return spread * np.clip(rng.normal(size=(NODES, NODES, 2)), -FAR, FAR)


def bend_to(shape: Points, landmarks: Points) -> Grid:
    """Fit a bend that shows the face's `landmarks` at the places of `shape`.

    The fit is regularised least squares, with FINE_NODES nodes a side.
    """
    basis = _at(shape)
    tension = _tension()
    inner = basis.T @ basis + tension
    fitted = np.linalg.solve(inner, basis.T @ (landmarks - shape))
    return np.asarray(fitted.reshape(FINE_NODES, FINE_NODES, 2))


def nearest(landmarks: Points, shapes: NDArray[np.float32], rng: np.random.Generator) -> Points:
    """Draw one of the shapes (n, 68, 2) that are most similar to these landmarks."""
    apart = np.square(shapes - landmarks.astype(np.float32)).sum(axis=(1, 2))
    near = min(NEIGHBOURS, len(shapes))
    chosen = np.argpartition(apart, near - 1)[:near]
    return np.asarray(shapes[chosen[rng.integers(near)]], np.float64)


def combine_bends(bend: Grid, other: Grid) -> Grid:
    """Add a random bend to a bend to landmarks, on the finer grid of the latter."""
    finer = _at_nodes(len(bend), len(other))
    return np.asarray(other + np.einsum("ia,jb,abk->ijk", finer, finer, bend))


def look_up(bend: Grid, back: Matrix, size: int) -> tuple[Map, Map]:
    """Return where each pixel of a picture of `size` is sampled: the maps x and y for cv2.remap.

    `back` maps the picture's units to pixels of the source.
    """
    places = (bend + _nodes(len(bend))) @ back[:, :2].T + back[:, 2]
    values = np.ascontiguousarray(np.moveaxis(places, 2, 0), np.float32)
    basis = _at_pixels(len(bend), size)
    columns, maps = values @ basis.T, np.empty((2, size, size), np.float32)
    for first in range(0, size, ROWS):
        rows = slice(first, first + ROWS)
        np.matmul(basis[rows], columns, out=maps[:, rows])
    return maps[0], maps[1]


@lru_cache(maxsize=8)
def _nodes(count: int) -> Grid:
    """Return the nodes of a regular grid, without offsets."""
    places = np.linspace(0, 1, count)
    return np.stack(np.meshgrid(places, places), axis=-1)


@lru_cache(maxsize=32)
def _at_pixels(nodes: int, size: int) -> Map:
    """Return the weight of each node at each pixel of a row: (size, nodes)."""
    return _basis(nodes, (np.arange(size) + 0.5) / size).astype(np.float32)


@lru_cache(maxsize=4)
def _at_nodes(nodes: int, other: int) -> NDArray[np.float64]:
    """Return the weight of each node at each node of another grid: (other, nodes)."""
    return _basis(nodes, np.linspace(0, 1, other))


def _basis(nodes: int, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the basis of natural cubic splines at `places`: (n, nodes).

    Each basis spline is 1 at one of `nodes` evenly spaced nodes on [0, 1], and 0 at all others.
    """
    step, one = 1 / (nodes - 1), np.eye(nodes)
    # Second derivatives at the nodes: zero at both ends. Between, the slopes of both sides agree.
    meet, curve = np.eye(nodes), np.zeros((nodes, nodes))
    for node in range(1, nodes - 1):
        meet[node, node - 1 : node + 2] = 1, 4, 1
        curve[node] = 6 / step**2 * (one[node - 1] - 2 * one[node] + one[node + 1])
    bent = np.linalg.solve(meet, curve)
    left = np.clip(places // step, 0, nodes - 2).astype(int)
    b = (places / step - left)[:, None]
    a, right = 1 - b, left + 1
    cubic = (a**3 - a) * bent[left] + (b**3 - b) * bent[right]
    return np.asarray(a * one[left] + b * one[right] + step**2 / 6 * cubic)


def _at(points: Points) -> NDArray[np.float64]:
    """Return the weight of each node of the fine grid at each point: (n, nodes * nodes)."""
    places = np.clip((points * TABLE).round().astype(int), 0, TABLE)
    across, down = _table()[places[:, 0]], _table()[places[:, 1]]
    return np.asarray((down[:, :, None] * across[:, None, :]).reshape(len(points), -1))


@lru_cache(maxsize=1)
def _table() -> NDArray[np.float64]:
    return _basis(FINE_NODES, np.arange(TABLE + 1) / TABLE)


@lru_cache(maxsize=1)
def _tension() -> NDArray[np.float64]:
    """Return the penalty matrix: a bend's second differences along both axes, and its offsets."""
    second = np.diff(np.eye(FINE_NODES), 2, axis=0)
    curved, one = second.T @ second, np.eye(FINE_NODES)
    return STIFF * (np.kron(curved, one) + np.kron(one, curved)) + SHY * np.eye(FINE_NODES**2)
