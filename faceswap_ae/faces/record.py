"""Which data does the program keep about one face in one frame, and how are they stored as JSON?

A face's PNG and the journal use the same JSON fields. Landmarks are plain lists of numbers, which
people can read and correct. The descriptor is base64 of 128 little-endian float32. The mesh is
base64 of little-endian float16, relative to the middle and the size of the landmarks: so it is
exact to a thousandth of the face.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Matrix, Points, transform
from faceswap_ae.common.json_fields import JsonFields

VERSION = 1
LANDMARKS, MESH_POINTS, DESCRIPTOR = (68, 2), (478, 3), 128
MESH, DLIB = "mesh", "dlib"
LANDMARKERS = (MESH, DLIB)  # who finds landmarks; faces of both are never mixed
FLOATS = ("time", "score", "sharpness", "brightness", "occlusion")
NAME = re.compile(r"[^./\\][^/\\]{0,199}")  # an id: its file is called by it
LONGEST_NAME = 255  # characters of a source's name, the most that common file systems take
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
    mesh: Points | None = None  # (478, 3), see mesh.py; None if dlib found the landmarks
    detector: str
    score: float
    descriptor: Descriptor  # (128,): the identity of the person
    sharpness: float = 0.0
    brightness: float = 0.0  # mean of the face in [0, 1]
    occlusion: float = 0.0  # an estimate in [0, 1]
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)  # yaw, pitch, roll in degrees
    track: int = 0
    doubtful: bool = False  # the landmarks jump against the frames around: nothing to learn from
    corrected: bool = False  # the user has corrected the landmarks by hand

    @property
    def landmarker(self) -> str:
        """Return who found the landmarks."""
        return DLIB if self.mesh is None else MESH

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
    if not face.doubtful:
        del told["doubtful"]
    if face.mesh is None:
        del told["mesh"]
    else:
        told["mesh"] = _pack_mesh(face.mesh, face.landmarks)
    told["descriptor"] = pack_descriptors(face.descriptor)
    return told


def stored_to_json(stored: StoredFace) -> dict[str, Any]:
    """Return a face as a JSON object, with the kind of its crop and the matrix."""
    matrix = np.asarray(stored.matrix).round(8).tolist()
    return {**face_to_json(stored.face), "crop": stored.crop, "matrix": matrix}


def face_from_json(told: JsonFields) -> Face:
    """Read a face from JSON. Raises ValueError, which names the field, if it is not a face."""
    if told.whole("version") > VERSION:
        newer = f"face data of version {told.whole('version')}, this program knows {VERSION}"
        raise UserError(f"{newer}; upgrade faceswap_ae")
    left, top, right, bottom = _numbers(told, "box", (4,)).tolist()
    yaw, pitch, roll = _numbers(told, "pose", (3,)).tolist()
    landmarks = _numbers(told, "landmarks", LANDMARKS)
    return Face(
        id=_id(told),
        source=_source(told),
        clip=told.text("clip"),
        frame=told.whole("frame"),
        time=told.number("time"),
        box=(left, top, right, bottom),
        landmarks=landmarks,
        mesh=_unpack_mesh(told, landmarks) if told.has("mesh") else None,
        detector=told.text("detector"),
        score=told.number("score"),
        descriptor=unpack_descriptors(told, "descriptor", most=1)[0],
        sharpness=told.number("sharpness", 0.0),
        brightness=told.number("brightness", 0.0),
        occlusion=told.number("occlusion", 0.0),
        pose=(yaw, pitch, roll),
        track=told.whole("track", 0, least=-1),
        doubtful=told.flag("doubtful", default=False),
        corrected=told.flag("corrected", default=False),
    )


def stored_from_json(told: JsonFields) -> StoredFace:
    """Read a face from JSON, with the kind of its crop and the matrix."""
    return StoredFace(face_from_json(told), told.text("crop"), _numbers(told, "matrix", (2, 3)))


def landmarker_in(told: Any) -> str:
    """Return who found the landmarks of a face that is given as JSON."""
    return MESH if isinstance(told, dict) and told.get("mesh") is not None else DLIB


def pack_descriptors(descriptors: NDArray[np.floating]) -> str:
    """Return one or more descriptors (n, 128) as a text."""
    return base64.b64encode(descriptors.astype("<f4").tobytes()).decode()


def unpack_descriptors(told: JsonFields, name: str, most: int) -> NDArray[np.float32]:
    """Read 1 to `most` descriptors (n, 128) of a field. Raises ValueError if it has none."""
    packed = base64.b64decode(told.text(name, longest=most * DESCRIPTOR * 6), validate=True)
    numbers = np.frombuffer(packed, "<f4").astype(np.float32)
    if not numbers.size or numbers.size % DESCRIPTOR or numbers.size > most * DESCRIPTOR:
        raise ValueError(f"{name}: a descriptor of {numbers.size} numbers")
    if not (np.abs(numbers) < FAR).all():
        raise ValueError(f"{name}: has numbers that no face has")
    return numbers.reshape(-1, DESCRIPTOR)


def _pack_mesh(mesh: Points, landmarks: Points) -> str:
    middle, size = _frame_of(landmarks)
    return base64.b64encode(((mesh - middle) / size).astype("<f2").tobytes()).decode()


def _unpack_mesh(told: JsonFields, landmarks: Points) -> Points:
    packed = base64.b64decode(told.text("mesh", longest=3 * MESH_POINTS[0] * 3), validate=True)
    points = _array(np.frombuffer(packed, "<f2").reshape(-1, MESH_POINTS[1]), MESH_POINTS)
    if not np.isfinite(points).all():
        raise ValueError("mesh: has points that are no numbers")
    middle, size = _frame_of(landmarks)
    return points * size + middle


def _frame_of(landmarks: Points) -> tuple[Points, float]:
    """Return the middle of the landmarks, with depth 0, and their size."""
    # As in the file: both must be the same when the face is read again.
    known = landmarks.round(DIGITS)
    return np.append(known.mean(axis=0), 0.0), max(float(np.ptp(known, axis=0).max()), 1.0)


def _source(told: JsonFields) -> str:
    """The name of a file, as it can be shown: a disk allows more characters than a terminal."""
    name = told.any("source")
    if not isinstance(name, str):
        raise ValueError("source: is no text")
    return "".join(letter if letter.isprintable() else "?" for letter in name[:LONGEST_NAME])


def _id(told: JsonFields) -> str:
    name = told.text("id")
    if not NAME.fullmatch(name):
        raise ValueError(f"id: {name[:40]!a} cannot be a file's name")
    return name


def _numbers(told: JsonFields, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = _array(told.any(name), shape)
    if not (np.abs(array) < FAR).all():
        raise ValueError(f"{name}: has numbers that lie in no picture")
    return array


def _array(told: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    try:
        array = np.asarray(told, np.float64)
    except (OverflowError, TypeError) as error:
        raise ValueError(str(error)) from error
    if array.shape != shape:
        raise ValueError(f"numbers of shape {array.shape} where {shape} belong")
    return array


def check_kind(place: str, kind: str, wanted: str, others: str) -> None:
    """Raise UserError if faces have other landmarks than those that they would be mixed with."""
    if kind != wanted:
        raise UserError(
            f"{place}: has landmarks by {kind}, {others} by {wanted}, and they do not mix; "
            f"faceswap-ae faces realign {place} --landmarks {wanted} finds them anew"
        )
