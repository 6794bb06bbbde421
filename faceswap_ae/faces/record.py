"""What is known of one face in one frame, and how is it told as JSON?

The same words stand in a face's PNG and in the journal. Landmarks are plain lists that people can
read and mend; the descriptor is base64 of 128 little-endian float32.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Matrix, Points, transform

VERSION = 1
LANDMARKS, DESCRIPTOR = (68, 2), 128
DIGITS = 2  # of a pixel or a degree, finer than any landmark

Descriptor = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Face:
    """Everything known of one face. Landmarks and box are in its frame's pixels."""

    id: str
    source: str  # the name of the file it was found in
    clip: str  # that file's fingerprint
    frame: int
    time: float  # seconds
    box: tuple[float, float, float, float]  # left, top, right, bottom, as its detector drew it
    landmarks: Points  # (68, 2)
    detector: str
    score: float
    descriptor: Descriptor  # (128,): whose face it is
    sharpness: float = 0.0
    brightness: float = 0.0  # mean of the face in [0, 1]
    occlusion: float = 0.0  # a guess in [0, 1]
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)  # yaw, pitch, roll in degrees
    track: int = 0
    corrected: bool = False  # the landmarks were set by hand

    @property
    def size(self) -> float:
        """The side of the square that just holds the landmarks, in frame pixels."""
        return float(np.ptp(self.landmarks, axis=0).max())


@dataclass(frozen=True, eq=False)
class StoredFace:
    """A face as its PNG tells it: the face, the crop's kind, and where the frame lies in it."""

    face: Face
    crop: str
    matrix: Matrix  # frame pixels to the PNG's

    @property
    def landmarks(self) -> Points:
        """In the PNG's own pixels."""
        return transform(self.face.landmarks, self.matrix)


def face_to_json(face: Face) -> dict[str, Any]:
    """A face as JSON."""
    told: dict[str, Any] = {"version": VERSION, **vars(face)}
    for name in ("time", "score", "sharpness", "brightness", "occlusion"):
        told[name] = round(float(told[name]), 4)
    for name in ("box", "pose"):
        told[name] = [round(float(value), DIGITS) for value in told[name]]
    told["landmarks"] = np.asarray(face.landmarks, np.float64).round(DIGITS).tolist()
    told["descriptor"] = base64.b64encode(face.descriptor.astype("<f4").tobytes()).decode()
    return told


def stored_to_json(stored: StoredFace) -> dict[str, Any]:
    """The same with its crop."""
    matrix = np.asarray(stored.matrix).round(8).tolist()
    return {**face_to_json(stored.face), "crop": stored.crop, "matrix": matrix}


def face_from_json(told: Mapping[str, Any]) -> Face:
    """JSON as a face. Raises ValueError, TypeError or KeyError where it is not one."""
    if int(told["version"]) > VERSION:
        newer = f"face data of version {told['version']}, this program knows {VERSION}"
        raise UserError(f"{newer}; upgrade faceswap_ae")
    values = {one.name: told[one.name] for one in fields(Face) if one.name in told}
    values["landmarks"] = _numbers(told["landmarks"], LANDMARKS)
    values["box"] = tuple(_numbers(told["box"], (4,)).tolist())
    values["pose"] = tuple(_numbers(told["pose"], (3,)).tolist())
    packed = base64.b64decode(told["descriptor"], validate=True)
    values["descriptor"] = np.frombuffer(packed, "<f4").astype(np.float32)
    if values["descriptor"].shape != (DESCRIPTOR,):
        raise ValueError(f"a descriptor of {values['descriptor'].size} numbers")
    return Face(**values)


def stored_from_json(told: Mapping[str, Any]) -> StoredFace:
    """The same with its crop."""
    return StoredFace(face_from_json(told), str(told["crop"]), _numbers(told["matrix"], (2, 3)))


def _numbers(told: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = np.asarray(told, np.float64)
    if array.shape != shape:
        raise ValueError(f"numbers of shape {array.shape} where {shape} belong")
    return array
