"""How does MediaPipe's attention mesh look again at a part of the face?

Its network has three operators of its own beside TensorFlow Lite's (Grishchenko et al. 2020): the
place of the part is told by some points of the mesh, the features there are sampled as a small
level picture, and the points that are found in it are moved back.

Places count from a picture's corner. A matrix (4, 4) leads from the small picture to the large one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

LARGEST = 1000  # pixels of a part's picture

Tensor = Any
Pair = tuple[Tensor, Tensor]  # x and y


def placed(points: Tensor, options: Mapping[str, Any]) -> Tensor:
    """Return the matrices (n, 4, 4) of the squares around some of the points (n, count, 3).

    Each square is level with the line between two of the points, and larger than the box around
    all of them by a factor.
    """
    _check(options, points.shape[1])
    begin, end = (int(options[f"{side}_rotation_idx"]) for side in ("left", "right"))
    across = points[:, end, :2] - points[:, begin, :2]
    angle = ops.arctan2(across[:, 1], across[:, 0]) - float(options["target_rotation_radians"])
    cosine, sine = ops.cos(angle), ops.sin(angle)
    ahead = ops.stack([cosine, sine], axis=-1)
    down = ops.stack([-sine, cosine], axis=-1)
    part = ops.take(points[..., :2], np.array(options["subset_idxs"], np.int32), axis=1)
    level = ops.stack([_along(part, ahead), _along(part, down)], axis=-1)
    low, high = ops.min(level, axis=1), ops.max(level, axis=1)
    wide, tall = float(options["output_width"]), float(options["output_height"])
    sides, middle = high - low, (low + high) / 2
    right = ahead * sides[:, :1] * (float(options["scale_x"]) / wide)
    below = down * sides[:, 1:] * (float(options["scale_y"]) / tall)
    centre = ahead * middle[:, :1] + down * middle[:, 1:]
    corner = centre - right * (wide / 2) - below * (tall / 2)
    flat = ops.stack([right, below, ops.zeros_like(corner), corner], axis=-1)  # (n, 2, 4)
    # Depth is not moved, and the last row is that of every such matrix.
    rest = ops.zeros_like(flat) + ops.convert_to_tensor([[0.0, 0, 1, 0], [0, 0, 0, 1]])
    return ops.concatenate([flat, rest], axis=1)


def _check(options: Mapping[str, Any], count: int) -> None:
    """Raise ValueError if options name points that are not there, or no size."""
    part = options["subset_idxs"]
    named = (*part, *(options[f"{side}_rotation_idx"] for side in ("left", "right")))
    if not part or not all(0 <= one < count for one in named):
        raise ValueError("a part of the face with points that no mesh has")
    if not all(0 < options[name] < LARGEST for name in ("output_width", "output_height")):
        raise ValueError("a part of the face without a size")


def sampled(features: Tensor, matrices: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return the features (n, h, w, c) as small pictures of `size`, black where there are none."""
    high, wide = size
    rows, columns = ops.meshgrid(ops.arange(high), ops.arange(wide), indexing="ij")
    places = ops.cast(ops.stack([columns, rows], axis=-1), "float32") + 0.5
    places = ops.reshape(places, (1, high * wide, 2))
    x, y = (one - 0.5 for one in _mapped(places, matrices))
    found = [
        _weighted(features, (x, y), (left, top))
        for left in (ops.floor(x), ops.floor(x) + 1)
        for top in (ops.floor(y), ops.floor(y) + 1)
    ]
    inside = (x >= 0) & (y >= 0) & (x <= features.shape[2] - 1) & (y <= features.shape[1] - 1)
    total = sum(found[1:], found[0]) * ops.cast(inside, "float32")[..., None]
    return ops.reshape(total, (-1, high, wide, features.shape[-1]))


def moved(points: Tensor, matrices: Tensor) -> Tensor:
    """Return the points (n, count, 2), moved by the matrices."""
    return ops.stack(_mapped(points, matrices), axis=-1)


def _mapped(points: Tensor, matrices: Tensor) -> list[Tensor]:
    x, y = points[..., 0], points[..., 1]
    return [
        x * matrices[:, row, 0:1] + y * matrices[:, row, 1:2] + matrices[:, row, 3:4]
        for row in (0, 1)
    ]


def _along(points: Tensor, direction: Tensor) -> Tensor:
    return ops.sum(points * direction[:, None], axis=-1)


def _weighted(features: Tensor, at: Pair, near: Pair) -> Tensor:
    """Return the features (n, count, c) at whole places `near` to others, times their nearness."""
    high, wide, channels = features.shape[1:]
    column = ops.cast(ops.clip(near[0], 0, wide - 1), "int32")
    row = ops.cast(ops.clip(near[1], 0, high - 1), "int32")
    flat = ops.reshape(features, (-1, high * wide, channels))
    own = ops.take_along_axis(flat, (row * wide + column)[..., None], axis=1)
    weights = [ops.relu(1 - ops.abs(one - other)) for one, other in zip(at, near, strict=True)]
    return own * (weights[0] * weights[1])[..., None]
