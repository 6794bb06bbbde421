"""Where does a head look, as the camera sees it?

Points of the face that hardly move are matched with those of a generic head in space: SQPnP
(Terzakis & Lourakis 2020), then refined (Levenberg & Marquardt). The pose is told against the line
of sight, so it does not change when a face stands elsewhere in the frame. A person whose nose or
chin is unlike the generic one's looks up or down by a constant few degrees.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Points

RIGID = np.array([8, *range(27, 36), 36, 39, 42, 45, 48, 54])
# Millimetres: x to the viewer's right, y up from the eyes, z towards the viewer. The mean of the
# synthetic cast at rest, left and right made even.
HEAD = np.array(
    [
        (0, -111.4, 84.7),  # chin
        *((0, 2.5, 93.2), (0, -10.3, 97.9), (0, -23.1, 105.7), (0, -35.9, 115.2)),  # nose
        *((-13.9, -43.5, 101.2), (-7, -44.8, 98.1), (0, -45.2, 99.8)),  # its base
        *((7, -44.8, 98.1), (13.9, -43.5, 101.2)),
        *((-46.3, -0.3, 70.8), (-17.7, -0.4, 80.6)),  # corners of the eyes
        *((17.7, -0.4, 80.6), (46.3, -0.3, 70.8)),
        *((-25.6, -64.9, 90.6), (25.6, -64.9, 90.6)),  # and of the mouth
    ]
)
FLIP = np.array([1.0, -1.0, -1.0])  # OpenCV's y is down and its z away
FOCAL = 1.2  # of the picture's longer side: what phones and webcams have, 45 degrees wide
# Millimetres. Nobody films from nearer, so the picture is a crop; from farther perspective is gone,
# and OpenCV refuses so narrow a view.
NEAREST, FARTHEST = 400.0, 3000.0


@dataclass(frozen=True)
class HeadPose:
    """Degrees: yaw to the viewer's right, pitch up, roll clockwise as seen; 0 faces the camera."""

    yaw: float
    pitch: float
    roll: float


def head_pose(landmarks: Points, size: tuple[int, int]) -> HeadPose:
    """Of 68 landmarks in a picture of `size`. Raises ValueError where no head can be told."""
    seen = np.ascontiguousarray(landmarks[RIGID], np.float64)
    if not np.all(np.isfinite(seen)):
        raise ValueError("landmarks that are not finite: no pose fits them")
    around = seen - seen.mean(axis=0)
    if _narrow(around):
        raise ValueError("landmarks that lie in one place or on one line: no pose fits them")
    per_millimetre = np.linalg.norm(around) / np.linalg.norm((HEAD - HEAD.mean(axis=0))[:, :2])
    focal = np.clip(FOCAL * max(size), NEAREST * per_millimetre, FARTHEST * per_millimetre)
    turn = _solved(around, float(focal))
    yaw = np.arcsin(np.clip(-turn[2, 0], -1, 1))
    pitch, roll = -np.arctan2(turn[2, 1], turn[2, 2]), -np.arctan2(turn[1, 0], turn[0, 0])
    return HeadPose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def _narrow(around: Points) -> bool:
    """Do points about their mean lie on one line?"""
    along, across = np.linalg.svd(around, compute_uv=False)
    return bool(across <= 1e-6 * max(along, 1.0))


def _solved(around: Points, focal: float) -> NDArray[np.float64]:
    """The head's rotation (3, 3) in its own axes: first about x, then y, then z."""
    # The optical axis goes through the face, not the picture's centre: pose as it appears.
    camera, head = np.diag([focal, focal, 1.0]), HEAD * FLIP
    try:
        _, turn, shift = cv2.solvePnP(head, around, camera, None, flags=cv2.SOLVEPNP_SQPNP)
        turn, _ = cv2.solvePnPRefineLM(head, around, camera, None, turn, shift)
    except cv2.error as error:
        raise ValueError("no pose fits these landmarks") from error
    return np.asarray(FLIP[:, None] * cv2.Rodrigues(turn)[0] * FLIP, np.float64)
