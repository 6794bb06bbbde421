"""How are DeepFaceLab's face JPGs and its faceset.pak read?

A face JPG is an aligned crop. Its APP15 segment holds a pickled dict: landmarks in the crop's
pixels and in the frame's, the matrix between the two, a mask as PNG or JPEG, polygons drawn by
hand. A pak is a row of such JPGs. Before them are two u64 (version, a length), a pickled list,
which repeats what the JPGs say and so is not read, and the offset of each JPG (u64, counted from
the first JPG). The last offset is where the file ends.
"""

import logging
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Image, Matrix, Points, fit_similarity, transform
from faceswap_ae.common.limits import MOST_CORNERS, POLYGON_REACH
from faceswap_ae.extraction.importers.base import (
    Box,
    Candidate,
    ForeignFace,
    a_dict,
    content_id,
    contents,
    explaining_damage,
    file_name,
    frame_number,
    landmarks_of,
    numbers,
    picture,
)
from faceswap_ae.extraction.importers.unpickle import read as unpickle

NAME = "deepfacelab"
JPEG = b"\xff\xd8\xff"
MASKS = (JPEG, b"\x89PNG")  # the first bytes of masks
DATA, PIXELS = 0xEF, 0xDA  # JPEG's segments APP15 and SOS
LARGEST = 64_000_000  # bytes of one face's JPG
VERSION = 1  # of a pak
PICKLED = 0x80  # the first byte of a pickle of protocol 2 and later
END = 2**40  # bytes; no pak is so large
MOST_FACES = 1_000_000  # in a pak
AGREE = 0.01  # of the crop's side: how far matrix and landmarks may differ
FLAT = 1e-6  # a matrix that scales areas by less than this cannot be inverted
POLYGONS, CORNERS = 200, 10_000  # upper limits for one face
INSIDE = 1  # the type of a polygon that adds to the mask; type 0 takes away from it

log = logging.getLogger(__name__)


def face(path: Path) -> Candidate | None:
    """Return the face in a JPG; None if the JPG holds no face data."""
    return _candidate(contents(path, LARGEST), str(path), path.stem)


def is_pak(head: bytes) -> bool:
    """Is a file that begins with these bytes a faceset.pak, which holds many faces?"""
    return len(head) > 16 and head[:8] == struct.pack("<Q", VERSION) and head[16] == PICKLED


def pak(path: Path) -> Iterator[Candidate]:
    """Yield the faces of a pak, one after the other."""
    with path.open("rb") as file:
        for number, (begin, end) in enumerate(_places(file, path)):
            name, stem = f"{path}, face {number}", f"{path.stem}-{number:05d}"
            file.seek(begin)
            jpg = file.read(min(end - begin, LARGEST))
            yield _candidate(jpg, name, stem) or _empty(jpg, name, stem)


def _candidate(jpg: bytes, name: str, stem: str) -> Candidate | None:
    pickled, rest = _split(jpg)
    if pickled is None:
        return None
    load = partial(_load, jpg, pickled, name)
    # The id leaves out the data: the same crop is the same face, even if its data has changed.
    return Candidate(name, stem, content_id(rest), NAME, load)


def _empty(jpg: bytes, name: str, stem: str) -> Candidate:
    """Return a candidate for a JPG without face data: its load fails, so that the others follow."""

    def load() -> ForeignFace:
        raise MediaError(f"{name}: no face data in it; pack the set again")

    return Candidate(name, stem, content_id(jpg), NAME, load)


def _split(jpg: bytes) -> tuple[bytes | None, bytes]:
    """Return the pickle in a JPG (None if there is none), and the JPG without it."""
    at = 2
    while at + 4 <= len(jpg) and jpg[at] == 0xFF and jpg[at + 1] != PIXELS:
        end = at + 2 + int.from_bytes(jpg[at + 2 : at + 4], "big")
        if jpg[at + 1] == DATA:
            return jpg[at + 4 : end], jpg[:at] + jpg[end:]
        at = end
    return None, jpg


def _load(jpg: bytes, pickled: bytes, name: str) -> ForeignFace:
    told = unpickle(pickled, name)
    image = picture(jpg, name)
    with explaining_damage(name):
        return _from_json(a_dict(told), image, name)


def _from_json(told: dict[str, Any], image: Image, name: str) -> ForeignFace:
    landmarks = landmarks_of(told["landmarks"])
    source = file_name(told.get("source_filename"))
    matrix = _matrix(told, landmarks, max(image.shape[:2]))
    return ForeignFace(
        image=image,
        landmarks=landmarks,
        source=source,
        frame=frame_number(source),
        matrix=matrix,
        box=None if matrix is None else _box(told.get("source_rect")),
        mask=_mask(told, image, name),
    )


def _matrix(told: dict[str, Any], landmarks: Points, side: int) -> Matrix | None:
    """Return the matrix from frame to crop if the landmarks agree with it, otherwise None.

    The stored matrix is tried first, then one that is fitted to the landmarks.
    """
    if told.get("source_landmarks") is None:
        return None
    source = landmarks_of(told["source_landmarks"])
    tried = [fit_similarity(source, landmarks)]
    if told.get("image_to_face_mat") is not None:
        tried.insert(0, numbers(told["image_to_face_mat"], (2, 3)))
    for matrix in tried:
        apart = np.linalg.norm(transform(source, matrix) - landmarks, axis=1).mean()
        if apart < AGREE * side and abs(np.linalg.det(matrix[:, :2])) > FLAT:
            return matrix
    return None


def _box(told: Any) -> Box | None:
    if told is None:
        return None
    left, top, right, bottom = numbers(told, (4,)).tolist()
    return left, top, right, bottom


def _mask(told: dict[str, Any], image: Image, name: str) -> Image | None:
    """Return the mask that was computed or corrected there; without it, one from the polygons."""
    packed = told.get("xseg_mask")
    if isinstance(packed, np.ndarray):
        packed = packed.tobytes()
    if isinstance(packed, bytes) and packed.startswith(MASKS):
        try:
            return picture(packed, f"{name}, its mask")[..., 0]
        except MediaError as error:
            log.warning("%s", error)
    polygons = _polygons(told.get("seg_ie_polys"))
    corners = sum(len(points) for _, points in polygons)
    far = max((float(np.abs(points).max()) for _, points in polygons), default=0.0)
    most = POLYGON_REACH * max(image.shape[:2])
    if corners > MOST_CORNERS or far > most:
        what = f"{corners} corners up to {far:.0f} pixels away"
        text = "%s: its mask is left out: %s, where %d and %d are the most"
        log.warning(text, name, what, MOST_CORNERS, most)
        return None
    return _drawn(polygons, image)


def _drawn(polygons: list[tuple[bool, Points]], image: Image) -> Image | None:
    """Draw a mask from polygons that add to it or take away; None if nothing remains."""
    mask: Image = np.zeros(image.shape[:2], np.uint8)
    for kind, value in ((True, 255), (False, 0)):
        for is_inside, points in polygons:
            if is_inside is kind:
                cv2.fillPoly(mask, [points.round().astype(np.int32)], value)
    return mask if mask.any() else None


def _polygons(told: Any) -> list[tuple[bool, Points]]:
    if isinstance(told, dict):
        told = [(one["type"], one["pts"]) for one in told["polys"][:POLYGONS]]
    found: list[tuple[bool, Points]] = []
    for kind, points in (told or [])[:POLYGONS]:
        if 3 <= len(points) <= CORNERS:
            found.append((bool(kind == INSIDE), numbers(points, (len(points), 2))))
    return found


def _places(file: IO[bytes], path: Path) -> Iterator[tuple[int, int]]:
    """Yield where each JPG of a pak begins and ends."""
    size = path.stat().st_size
    _, length = struct.unpack("<QQ", file.read(16))
    if 16 + length + 16 > size:
        raise MediaError(f"{path}: is cut off; copy it again")
    file.seek(16 + length)
    offsets = list(_offsets(file))
    if len(offsets) < 2 or offsets[0] != 0:
        raise MediaError(f"{path}: its list of faces is damaged; copy it again")
    first = 16 + length + 8 * len(offsets)
    begins = [first + offset for offset in offsets[:-1]]
    for begin, end in zip(begins, [*begins[1:], size], strict=True):
        if begin < end <= size:
            yield begin, end
    if max(offsets[-1], begins[-1]) > size:
        raise MediaError(f"{path}: is cut off, not all of {len(begins)} faces are there")


def _offsets(file: IO[bytes]) -> Iterator[int]:
    """Yield the offsets that are stored before the first JPG; each is larger than the previous."""
    before = -1
    for _ in range(MOST_FACES):
        word = file.read(8)
        offset = int.from_bytes(word, "little")
        if len(word) < 8 or word.startswith(JPEG) or not before < offset < END:
            return
        yield offset
        before = offset
