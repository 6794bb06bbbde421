"""Where are the 478 points of a face, given the square it lies in?

MediaPipe's two networks: one sees the face and gives 468 points with depth, the other sees an eye
and gives its iris and its outline (Ablavatski et al. 2020). The first hardly sees a blink, so the
eyes' points are the second's. Both are batched over faces and frames. The better the square fits,
the better are the points, so most faces are looked at twice.

Who has MediaPipe's mesh with attention (Grishchenko et al. 2020) as a file of their own gets the
lips from it. Its eyes are not used: the eyes' own network sees them at four times the size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Doubles, Floats, Image, Matrix, Points, invert, warp
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.mesh import EYE_CORNERS, EYE_RINGS, LIP_LINES, POINTS, SKIN, move_mesh
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.runtime.inference import CompiledNetwork
from faceswap_ae.runtime.weights import attention_file, weight_file

FACE, IRIS = "face_landmark.tflite", "iris_landmark.tflite"
SEEN = (0, 1, 6)  # of the outputs of the mesh with attention: mesh, lips, presence
WIDTHS = [3 * SKIN, 2 * len(LIP_LINES), 1]
FACE_SIDE, EYE_SIDE = 192, 64  # pixels of the networks' pictures
EYE_ROOM = 2.3  # times the distance of an eye's corners: the square that the network sees
CROSSED = 1e6  # pixels: points beyond are no points


@dataclass(frozen=True, eq=False)
class SeenMesh:
    """A mesh (478, 3) in the frame's pixels, and how surely it is a face's, in [0, 1]."""

    points: Points
    presence: float


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """Both networks."""

    face: CompiledNetwork
    iris: CompiledNetwork

    def __call__(self, looks: Sequence[tuple[Image, Square]]) -> list[SeenMesh]:
        """Return the mesh of the face in each square. Its eyes are still to be looked at."""
        if not looks:
            return []
        matrices = [square.cut(FACE_SIDE, 1.0) for _, square in looks]
        crops = [
            warp(image, matrix, (FACE_SIDE, FACE_SIDE))
            for (image, _), matrix in zip(looks, matrices, strict=True)
        ]
        points, *lips, surely = _computed(self.face, crops)
        found = []
        for place, (row, logit, matrix) in enumerate(zip(points, surely, matrices, strict=True)):
            seen = row.reshape(SKIN, 3)
            for again in lips:
                seen[list(LIP_LINES), :2] = again[place].reshape(-1, 2)
            mesh = np.zeros((POINTS, 3))
            mesh[:SKIN] = _to_frame(seen, matrix)
            found.append(SeenMesh(mesh, float(1 / (1 + np.exp(-np.clip(logit[0], -80, 80))))))
        return found

    def add_eyes(self, faces: Sequence[tuple[Image, Points]]) -> None:
        """Fill in the irises of meshes (478, 3), and put the lids where they are, in place."""
        if not faces:
            return
        eyes = [(image, mesh, which) for image, mesh in faces for which in (0, 1)]
        matrices = [_eye_matrix(mesh, which) for _, mesh, which in eyes]
        crops = [
            warp(image, matrix, (EYE_SIDE, EYE_SIDE))
            for (image, _, _), matrix in zip(eyes, matrices, strict=True)
        ]
        rows = zip(eyes, matrices, *_computed(self.iris, crops), strict=True)
        for (_, mesh, which), matrix, outline, iris in rows:
            ring = list(EYE_RINGS[which])
            begin = SKIN + 5 * which
            mesh[begin : begin + 5] = _to_frame(iris.reshape(5, 3), matrix)
            # The network's depth is the eye's own, from its middle.
            mesh[begin : begin + 5, 2] += mesh[list(EYE_CORNERS[which]), 2].mean()
            mesh[ring, :2] = _to_frame(outline.reshape(-1, 3)[: len(ring)], matrix)[:, :2]


@cache
def face_mesh() -> FaceMesh:
    """Return both networks; their weights are read once."""
    load_keras()
    from faceswap_ae.faces.detection.tflite_networks import rebuild

    own = attention_file()
    face = rebuild(weight_file(FACE)) if own is None else _with_attention(own)
    return FaceMesh(CompiledNetwork(face), CompiledNetwork(rebuild(weight_file(IRIS))))


def _with_attention(path: Path) -> Any:
    from faceswap_ae.faces.detection.tflite_networks import rebuild

    try:
        network = rebuild(path, SEEN)
    except MediaError as error:
        raise MediaError(f"{error}, or take it away") from error
    shapes = [tuple(one.shape[1:]) for one in (*network.inputs, *network.outputs)]
    if shapes != [(FACE_SIDE, FACE_SIDE, 3), *((1, 1, width) for width in WIDTHS)]:
        raise MediaError(f"{path}: is not MediaPipe's mesh with attention; take it away")
    return network


def _eye_matrix(mesh: Points, which: int) -> Matrix:
    """Return the matrix to an eye's crop. The viewer's right eye is mirrored to a left one."""
    outer, inner = (mesh[place, :2] for place in EYE_CORNERS[which])
    across = (inner - outer) if which == 0 else (outer - inner)
    side = max(EYE_ROOM * float(np.linalg.norm(across)), 1.0)
    square = Square((outer + inner) / 2, side, float(np.arctan2(across[1], across[0])))
    matrix = square.cut(EYE_SIDE, 1.0)
    if which:
        matrix = np.array([[-1.0, 1.0]]).T * matrix + np.array([[0, 0, EYE_SIDE - 1.0], [0, 0, 0]])
    return matrix


def _to_frame(points: Doubles, matrix: Matrix) -> Points:
    """Map a crop's points (n, 3), which count from its corner, to the frame."""
    from_centre = points.astype(np.float64) - (0.5, 0.5, 0.0)
    return move_mesh(from_centre, invert(matrix)).clip(-CROSSED, CROSSED)


def _computed(network: CompiledNetwork, crops: Sequence[Image]) -> list[Floats]:
    """Return each of the network's outputs (n, width) for crops."""
    batch = np.stack(crops).astype(np.float32) / np.float32(255)
    return [one.reshape(len(crops), -1) for one in network(batch)]
