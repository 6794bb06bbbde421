"""How far are eyes and mouth open, and how high are the brows, in one frame?

Each is a distance on the face as a share of another one: an eye's opening of the eye's width, the
others of the distance between the eyes. A mesh has many points on lids, lips and brows, and depth,
so a turned head changes little. Without a mesh they are measured on the 68 landmarks in the
picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Doubles, Points
from faceswap_ae.faces.landmark_masks import EACH_BROW, EYES, INSIDE, gap, opening
from faceswap_ae.faces.mesh import EYE_CORNERS
from faceswap_ae.faces.record import Face

# Points of the mesh from the outer corner inwards, the viewer's left eye first. Each point of an
# upper edge lies above the same one of the lower edge.
UPPER_LIDS = ((161, 160, 159, 158, 157), (388, 387, 386, 385, 384))
LOWER_LIDS = ((163, 144, 145, 153, 154), (390, 373, 374, 380, 381))
UPPER_LIP = (80, 81, 82, 13, 312, 311, 310)
LOWER_LIP = (88, 178, 87, 14, 317, 402, 318)
BROWS = (
    (70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
    (300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
)


@dataclass(frozen=True)
class Openings:
    """Shares, see above; of eyes and brows the mean of both."""

    eyes_open: float
    mouth_open: float
    brows_high: float


def openings(face: Face) -> Openings:
    """Return how far eyes and mouth of a face are open, and how high its brows are."""
    mesh, landmarks = face.mesh, face.landmarks
    if mesh is not None:
        eyes = _middles(mesh, EYE_CORNERS)
        brows, lips = _middles(mesh, BROWS), _apart(mesh, UPPER_LIP, LOWER_LIP)
        lids = float(eye_openings(mesh).mean())
    else:
        eyes = np.stack([landmarks[eye][[0, 3]].mean(axis=0) for eye in EYES])
        brows = np.stack([landmarks[brow].mean(axis=0) for brow in EACH_BROW])
        lips, lids = gap(landmarks[INSIDE]), float(np.mean([opening(landmarks[e]) for e in EYES]))
    unit = max(float(np.linalg.norm(eyes[1] - eyes[0])), np.finfo(float).tiny)
    return Openings(lids, lips / unit, float(np.linalg.norm(brows - eyes, axis=1).mean()) / unit)


def eye_openings(mesh: Points) -> Doubles:
    """Return (2,): how far each eye of a mesh is open, as a share of its width."""
    gaps = [_apart(mesh, *lids) for lids in zip(UPPER_LIDS, LOWER_LIDS, strict=True)]
    widths = [_apart(mesh, (outer,), (inner,)) for outer, inner in EYE_CORNERS]
    return np.array(gaps) / np.maximum(widths, np.finfo(float).tiny)


def _middles(mesh: Points, parts: Sequence[Sequence[int]]) -> Points:
    return np.stack([mesh[list(part)].mean(axis=0) for part in parts])


def _apart(mesh: Points, ones: tuple[int, ...], others: tuple[int, ...]) -> float:
    """Return the mean distance between pairs of points."""
    return float(np.linalg.norm(mesh[list(ones)] - mesh[list(others)], axis=1).mean())
