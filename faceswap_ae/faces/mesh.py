"""Which points does a face's mesh have, and what follows from them?

A mesh has 478 points (x, y, z) in its frame's pixels: the 468 of MediaPipe's face mesh (Kartynnik
et al. 2019), then five of each iris, its centre first: the viewer's left eye, the viewer's right
eye. z is in the same unit, and smaller the nearer a point is to the camera.

The 68 landmarks are derived from it. Each is a weighted mean of some points of the mesh: where
dlib would see that landmark, because crops, masks and templates were made for dlib's landmarks.
`python -m benchmarks.mesh --fit` fits the weights.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import (
    Doubles,
    Integers,
    Matrix,
    Points,
    scale_of,
    transform,
)
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.head_pose import HeadPose, pose_of

SKIN, POINTS = 468, 478
# The mesh's points that are nearest to dlib's landmarks, in dlib's order.
JAW = (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389)
BROWS = (71, 63, 105, 66, 107, 336, 296, 334, 293, 301)
NOSE = (168, 197, 5, 4, 75, 97, 2, 326, 305)
EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
LIPS = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181)
INNER_LIPS = (78, 82, 13, 312, 308, 317, 14, 87)
NEAREST: Integers = np.array([*JAW, *BROWS, *NOSE, *EYES, *LIPS, *INNER_LIPS])
OUTER_CORNERS = (33, 263)  # of the eyes
# Corners of each eye (outer, inner) and its iris, the viewer's left eye first.
EYE_CORNERS = ((33, 133), (263, 362))
IRISES = (slice(468, 473), slice(473, 478))
# The edge of the lids of each eye (9 points below from the outer corner to the inner one, 7 above),
# and the two rings of skin around it, in the order in which the eyes' network gives them.
# fmt: off
EYE_RINGS = (
    (
        33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
        130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
        226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    ),
    (
        263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
        359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
        446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    ),
)
# The lips in lines of 20: the outer edge, the inner edge, and two between them from the outside
# inwards, in the order in which the mesh with attention gives them.
LIP_LINES = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)
# fmt: on
ROOM = 1.5  # times the box around the mesh: the square that the networks see
FITTED = "mesh.json"  # what was fitted on the cast: see `python -m benchmarks.mesh --fit`


def landmarks_of(mesh: Points) -> Points:
    """Return the 68 landmarks (68, 2) of a mesh, in dlib's order and as dlib places them."""
    return np.asarray(_weights() @ mesh[:SKIN, :2], np.float64)


def square_of(mesh: Points, room: float = ROOM) -> Square:
    """Return the square around a mesh, level with the eyes, `room` times as wide as its box."""
    across = mesh[OUTER_CORNERS[1], :2] - mesh[OUTER_CORNERS[0], :2]
    angle = float(np.arctan2(across[1], across[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.array([[cosine, sine], [-sine, cosine]])
    level = mesh[:SKIN, :2] @ turned.T
    low, high = level.min(axis=0), level.max(axis=0)
    return Square((low + high) / 2 @ turned, room * float((high - low).max()), angle)


def move_mesh(mesh: Points, matrix: Matrix) -> Points:
    """Return the points (n, 3), mapped by a matrix; their depth is scaled as the picture is."""
    return np.column_stack([transform(mesh[:, :2], matrix), mesh[:, 2] * scale_of(matrix)])


def mesh_pose(mesh: Points) -> HeadPose:
    """Return the head pose of a mesh.

    Points that move least with the expression are matched in space with the same points of the
    mean head: the best similarity (Kabsch 1976). The network sees each face in a crop of its own,
    so the pose is the one that the viewer sees, wherever the face is in the frame.
    """
    places, head = still_head()
    seen = (mesh[places] - mesh[places].mean(axis=0)) * [1, -1, -1]
    u, _, vt = np.linalg.svd(seen.T @ head)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    return pose_of((u * sign) @ vt)


@cache
def _weights() -> Doubles:
    """Return (68, 468): how much each point of the mesh counts for each landmark."""
    weights = np.zeros((len(NEAREST), SKIN))
    for landmark, row in enumerate(_fitted()["landmarks"]):
        for point, weight in row:
            weights[landmark, point] = weight
    return weights


@cache
def still_head() -> tuple[Integers, Doubles]:
    """Return the numbers (n,) of points that move little, and their places (n, 3) in a head.

    x to the viewer's right, y up, z towards the viewer, when the head looks straight ahead.
    """
    rows = np.array(_fitted()["head"])
    return rows[:, 0].astype(np.int64), rows[:, 1:] - rows[:, 1:].mean(axis=0)


def _fitted() -> Any:
    text = files("faceswap_ae.faces").joinpath(FITTED).read_text(encoding="utf-8")
    return json.loads(text)
