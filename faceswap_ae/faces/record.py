"""Which data does the program keep about one face in one frame, and how are they stored as JSON?

A face's PNG and the journal use the same JSON fields. Landmarks are plain lists of numbers, which
people can read and correct. The descriptor is base64 of 128 little-endian float32.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Matrix, Points, transform
from faceswap_ae.common.limits import finite

VERSION = 1
LANDMARKS, DESCRIPTOR = (68, 2), 128
FLOATS = ("time", "score", "sharpness", "brightness", "occlusion")
NAME = re.compile(r"[^./\\][^/\\]{0,199}")  # an id: its file is called by it
FAR = 1e6  # pixels: no picture is so large
DIGITS = 2  # decimals of a pixel or a degree: finer than any landmark is known

Descriptor = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Face:
    """All data about one face. Landmarks and box are in its frame's pixels."""

    id: str
    source: str  # the name of the file that shows the face
    clip: str  # that file's fingerprint
    frame: int
    time: float  # seconds
    box: tuple[float, float, float, float]  # left, top, right, bottom, as the detector found it
    landmarks: Points  # (68, 2)
    detector: str
    score: float
    descriptor: Descriptor  # (128,): the identity of the person
    sharpness: float = 0.0
    brightness: float = 0.0  # mean of the face in [0, 1]
    occlusion: float = 0.0  # an estimate in [0, 1]
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)  # yaw, pitch, roll in degrees
    track: int = 0
    corrected: bool = False  # the user has corrected the landmarks by hand

    @property
    def size(self) -> float:
        """Return the longer side of the landmarks' bounding box, in frame pixels."""
        return float(np.ptp(self.landmarks, axis=0).max())


@dataclass(frozen=True, eq=False)
class StoredFace:
    """The face data in a PNG: the face, the kind of crop, and the matrix from frame to crop."""

    face: Face
    crop: str
    matrix: Matrix  # from frame pixels to the PNG's pixels

    @property
    def landmarks(self) -> Points:
        """Return the landmarks in the PNG's own pixels."""
        return transform(self.face.landmarks, self.matrix)


def face_to_json(face: Face) -> dict[str, Any]:
    """Return a face as a JSON object."""
    told: dict[str, Any] = {"version": VERSION, **vars(face)}
    for name in FLOATS:
        told[name] = round(float(told[name]), 4)
    for name in ("box", "pose"):
        told[name] = [round(float(value), DIGITS) for value in told[name]]
    told["landmarks"] = np.asarray(face.landmarks, np.float64).round(DIGITS).tolist()
    told["descriptor"] = base64.b64encode(face.descriptor.astype("<f4").tobytes()).decode()
    return told


def stored_to_json(stored: StoredFace) -> dict[str, Any]:
    """Return a face as a JSON object, with the kind of its crop and the matrix."""
    matrix = np.asarray(stored.matrix).round(8).tolist()
    return {**face_to_json(stored.face), "crop": stored.crop, "matrix": matrix}


def face_from_json(told: Mapping[str, Any]) -> Face:
    """Read a face from JSON. Raises ValueError, TypeError or KeyError if it is not a face."""
    if int(told["version"]) > VERSION:
        newer = f"face data of version {told['version']}, this program knows {VERSION}"
        raise UserError(f"{newer}; upgrade faceswap_ae")
    values: dict[str, Any] = {one.name: told[one.name] for one in fields(Face) if one.name in told}
    _check_plain(values)
    values["landmarks"] = _finite(told["landmarks"], "landmarks", LANDMARKS)
    values["box"] = tuple(_finite(told["box"], "box", (4,)).tolist())
    values["pose"] = tuple(_finite(told["pose"], "pose", (3,)).tolist())
    packed = base64.b64decode(told["descriptor"], validate=True)
    values["descriptor"] = np.frombuffer(packed, "<f4").astype(np.float32)
    if values["descriptor"].shape != (DESCRIPTOR,):
        raise ValueError(f"a descriptor of {values['descriptor'].size} numbers")
    return Face(**values)


def _check_plain(values: dict[str, Any]) -> None:
    """Check texts and single numbers. Raises ValueError that names the field."""
    for name in ("id", "source", "clip", "detector"):
        if not isinstance(values[name], str):
            raise ValueError(f"{name}: {str(values[name])[:40]!a} is no text")
    if not (NAME.fullmatch(values["id"]) and values["id"].isprintable()):
        raise ValueError(f"id: {values['id'][:40]!a} cannot be a file's name")
    for name in set(FLOATS) & values.keys():
        values[name] = finite(values[name], name)
    for name in {"frame", "track"} & values.keys():
        values[name] = int(finite(values[name], name))


def stored_from_json(told: Mapping[str, Any]) -> StoredFace:
    """Read a face from JSON, with the kind of its crop and the matrix."""
    return StoredFace(
        face_from_json(told), str(told["crop"]), _finite(told["matrix"], "matrix", (2, 3))
    )


def _finite(told: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = _numbers(told, shape)
    if not (np.abs(array) < FAR).all():
        raise ValueError(f"{name}: has numbers that lie in no picture")
    return array


def _numbers(told: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    try:
        array = np.asarray(told, np.float64)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    if array.shape != shape:
        raise ValueError(f"numbers of shape {array.shape} where {shape} belong")
    return array
