"""How is a face laid anew in its crop: turned, scaled, shifted, mirrored?

Units: the crop is the square from (0, 0) to (1, 1), edges and not centres of pixels, so one matrix
serves pictures of every size.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Matrix, Points

STILL: Matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
# Which of the 68 landmarks each one is in a mirror: the left eye's outer corner is the right one's.
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


def random_move(rng: np.random.Generator, rotation: float, scale: float, shift: float) -> Matrix:
    """A similarity about the crop's middle, at most so many degrees and shares of the side."""
    angle = np.radians(rng.uniform(-rotation, rotation))
    zoom = 1 + rng.uniform(-scale, scale)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    middle = 0.5 + rng.uniform(-shift, shift, 2)
    return np.column_stack([linear, middle - linear @ (0.5, 0.5)])


def mirror(move: Matrix) -> Matrix:
    """The same, of the crop seen in a mirror."""
    return np.column_stack([-move[:, 0], move[:, 1], move[:, 2] + move[:, 0]])


def is_mirrored(move: Matrix) -> bool:
    return bool(np.linalg.det(move[:, :2]) < 0)


def apply_move(landmarks: Points, move: Matrix) -> Points:
    """68 landmarks after a move; in a mirror they change names."""
    points = landmarks @ move[:, :2].T + move[:, 2]
    return points[MIRRORED] if is_mirrored(move) else points


def to_pixels(size: int, margin: int = 0) -> Matrix:
    """Units to pixels of a picture that shows so many pixels more on each side of the crop."""
    # The centre of the first pixel is half a pixel from the edge.
    return np.array([[size, 0.0, margin - 0.5], [0.0, size, margin - 0.5]])


def from_pixels(size: int, margin: int = 0) -> Matrix:
    """And back."""
    shift = (0.5 - margin) / size
    return np.array([[1 / size, 0.0, shift], [0.0, 1 / size, shift]])


NODES = 5  # of a random bend, a side


FINE_NODES = 7  # of a bend to landmarks


FAR = 2.2  # standard deviations, where a random offset ends: further out, cells could fold over


NEIGHBOURS = 10  # nearest shapes, one of which is taken


# Of the fit: how much a bend resists being curved, and being there at all.
STIFF, SHY = 0.05, 0.001


ROWS = 64  # of a map at once: for more, BLAS would start threads that wait for each other


TABLE = 512  # places a side at which a spline's basis is known for landmarks


Grid = NDArray[np.float64]  # (nodes, nodes, 2) as (x, y), rows downwards


Map = NDArray[np.float32]  # (size, size)


def random_bend(rng: np.random.Generator, spread: float) -> Grid:
    """Offsets with a standard deviation of `spread` sides."""
    return spread * np.clip(rng.normal(size=(NODES, NODES, 2)), -FAR, FAR)


def bend_to(shape: Points, landmarks: Points) -> Grid:
    """Offsets that show `landmarks` where `shape` lies, as nearly as FINE_NODES a side can."""
    basis = _at(shape)
    tension = _tension()
    inner = basis.T @ basis + tension
    fitted = np.linalg.solve(inner, basis.T @ (landmarks - shape))
    return np.asarray(fitted.reshape(FINE_NODES, FINE_NODES, 2))


def nearest(landmarks: Points, shapes: NDArray[np.float32], rng: np.random.Generator) -> Points:
    """One of the shapes (n, 68, 2) that are most like this one."""
    apart = np.square(shapes - landmarks.astype(np.float32)).sum(axis=(1, 2))
    near = min(NEIGHBOURS, len(shapes))
    chosen = np.argpartition(apart, near - 1)[:near]
    return np.asarray(shapes[chosen[rng.integers(near)]], np.float64)


def combine_bends(bend: Grid, other: Grid) -> Grid:
    """A random bend and one to landmarks in one."""
    finer = _at_nodes(len(bend), len(other))
    return np.asarray(other + np.einsum("ia,jb,abk->ijk", finer, finer, bend))


def look_up(bend: Grid, back: Matrix, size: int) -> tuple[Map, Map]:
    """Where each pixel of a picture of `size` is taken from: x and y, for cv2.remap.

    `back` leads from the picture's units to the pixels that are looked up.
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
    """Where nodes lie that are not moved."""
    places = np.linspace(0, 1, count)
    return np.stack(np.meshgrid(places, places), axis=-1)


@lru_cache(maxsize=32)
def _at_pixels(nodes: int, size: int) -> Map:
    """What each node counts for at each pixel of a row: (size, nodes)."""
    return _basis(nodes, (np.arange(size) + 0.5) / size).astype(np.float32)


@lru_cache(maxsize=4)
def _at_nodes(nodes: int, other: int) -> NDArray[np.float64]:
    """And at each node of another grid: (other, nodes)."""
    return _basis(nodes, np.linspace(0, 1, other))


def _basis(nodes: int, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The natural cubic splines that are 1 at one of `nodes` places on [0, 1] and 0 at the rest."""
    step, one = 1 / (nodes - 1), np.eye(nodes)
    # Second derivatives at the nodes: zero at both ends, and slopes that meet in between.
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
    """What each node of a fine grid counts for at each point: (n, nodes * nodes)."""
    places = np.clip((points * TABLE).round().astype(int), 0, TABLE)
    across, down = _table()[places[:, 0]], _table()[places[:, 1]]
    return np.asarray((down[:, :, None] * across[:, None, :]).reshape(len(points), -1))


@lru_cache(maxsize=1)
def _table() -> NDArray[np.float64]:
    return _basis(FINE_NODES, np.arange(TABLE + 1) / TABLE)


@lru_cache(maxsize=1)
def _tension() -> NDArray[np.float64]:
    """The cost of a grid's second differences, across and down, and of its size."""
    second = np.diff(np.eye(FINE_NODES), 2, axis=0)
    curved, one = second.T @ second, np.eye(FINE_NODES)
    return STIFF * (np.kron(curved, one) + np.kron(one, curved)) + SHY * np.eye(FINE_NODES**2)
