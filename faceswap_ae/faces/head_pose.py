"""What is the head pose (yaw, pitch, roll) of a face, as the camera sees it?

Landmarks that hardly move are matched with the same points of a generic 3-D head: SQPnP (Terzakis
& Lourakis 2020), then a refinement (Levenberg & Marquardt). The pose is measured against the line
of sight from the camera to the face, so it does not change when the face moves to another place in
the frame. If a person's nose or chin differs from the generic head's, the measured pitch has a
constant error of a few degrees.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Points

RIGID = np.array([8, *range(27, 36), 36, 39, 42, 45, 48, 54])
# Millimetres: x to the viewer's right, y up from the eyes, z towards the viewer. The mean head of
# the synthetic cast with a neutral expression, made symmetric.
HEAD = np.array(
    [
        (0, -111.4, 84.7),  # chin
        *((0, 2.5, 93.2), (0, -10.3, 97.9), (0, -23.1, 105.7), (0, -35.9, 115.2)),  # nose
        *((-13.9, -43.5, 101.2), (-7, -44.8, 98.1), (0, -45.2, 99.8)),  # base of the nose
        *((7, -44.8, 98.1), (13.9, -43.5, 101.2)),
        *((-46.3, -0.3, 70.8), (-17.7, -0.4, 80.6)),  # corners of the eyes
        *((17.7, -0.4, 80.6), (46.3, -0.3, 70.8)),
        *((-25.6, -64.9, 90.6), (25.6, -64.9, 90.6)),  # corners of the mouth
    ]
)
FLIP = np.array([1.0, -1.0, -1.0])  # in OpenCV y points down and z points away from the camera
FOCAL = 1.2  # times the picture's longer side: typical of phones and webcams, 45 degrees wide
# Millimetres. Nobody films a face from nearer: if a face seems nearer, the picture is a crop. From
# farther away there is no perspective, and OpenCV refuses such a narrow view.
NEAREST, FARTHEST = 400.0, 3000.0


@dataclass(frozen=True)
class HeadPose:
    """Degrees: yaw to the viewer's right, pitch up, roll clockwise as seen; 0 is frontal."""

    yaw: float
    pitch: float
    roll: float


def head_pose(landmarks: Points, size: tuple[int, int]) -> HeadPose:
    """Compute the pose from 68 landmarks in a picture of `size`. Raises ValueError if none fits."""
    seen = np.ascontiguousarray(landmarks[RIGID], np.float64)
    if not np.all(np.isfinite(seen)):
        raise ValueError("landmarks that are not finite: no pose fits them")
    around = seen - seen.mean(axis=0)
    if _narrow(around):
        raise ValueError("landmarks that lie in one place or on one line: no pose fits them")
    per_millimetre = np.linalg.norm(around) / np.linalg.norm((HEAD - HEAD.mean(axis=0))[:, :2])
    focal = np.clip(FOCAL * max(size), NEAREST * per_millimetre, FARTHEST * per_millimetre)
    return pose_of(_solved(around, float(focal)))


def pose_of(turn: NDArray[np.float64]) -> HeadPose:
    """Return the pose of a rotation (3, 3) in the head's own axes: about x, then y, then z."""
    yaw = np.arcsin(np.clip(-turn[2, 0], -1, 1))
    pitch, roll = -np.arctan2(turn[2, 1], turn[2, 2]), -np.arctan2(turn[1, 0], turn[0, 0])
    return HeadPose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def _narrow(around: Points) -> bool:
    """Return whether the points (relative to their mean) lie on one line or in one place."""
    along, across = np.linalg.svd(around, compute_uv=False)
    return bool(across <= 1e-6 * max(along, 1.0))


def _solved(around: Points, focal: float) -> NDArray[np.float64]:
    """Return the head's rotation (3, 3)."""
    # The optical axis goes through the face, not through the picture's centre. So the pose is
    # the one that the viewer sees.
    camera, head = np.diag([focal, focal, 1.0]), HEAD * FLIP
    try:
        _, turn, shift = cv2.solvePnP(head, around, camera, None, flags=cv2.SOLVEPNP_SQPNP)
        turn, _ = cv2.solvePnPRefineLM(head, around, camera, None, turn, shift)
    except cv2.error as error:
        raise ValueError("no pose fits these landmarks") from error
    return np.asarray(FLIP[:, None] * cv2.Rodrigues(turn)[0] * FLIP, np.float64)
