"""How are face sets written for tests in the file formats of DeepFaceLab and faceswap?"""

import io
import pickle
import pickletools
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from PIL import Image as pillow

from faceswap_ae.common.geometry import Image, Matrix, Points, compose, transform, warp
from faceswap_ae.extraction.importers.headcrop import head_matrix
from faceswap_ae.extraction.importers.import_faces import ImportSummary
from faceswap_ae.faces.alignment import CROPS, to_template
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.record import Descriptor, StoredFace
from faceswap_ae.runtime.weights import weight_file
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

RECT = (160, 150, 420, 410)

PROTOCOLS = (2, 3, 4, 5)


@cache
def ada(yaw: float = 12) -> SyntheticFrame:
    act = Act(face=200, yaw=yaw, roll=8, centre=(0.5, 0.5))
    return render(alone(person("ada")), act, Setting((600, 560), detail=200))


def points(frame: SyntheticFrame) -> Points:
    return np.asarray(frame.landmarks.picture, np.float64)


def dfl_matrix(landmarks: Points, kind: str = "whole", size: int = 512) -> Matrix:
    """DeepFaceLab's matrix from frame to crop, whose corner is the centre of a pixel."""
    crop = CROPS[kind]
    scale = size / crop.side
    x, y = (0.5 * crop.side - middle for middle in crop.centre)
    to_crop = np.array([[scale, 0, x * scale], [0, scale, y * scale]])
    return compose(to_crop, to_template(landmarks))


def dfl_crop(frame: SyntheticFrame, kind: str = "whole", size: int = 512) -> Image:
    matrix = dfl_matrix(points(frame), kind, size)
    return np.asarray(cv2.warpAffine(frame.image, matrix, (size, size), flags=cv2.INTER_LANCZOS4))


def dfl_told(frame: SyntheticFrame, kind: str = "whole", size: int = 512) -> dict[str, Any]:
    """The metadata that DeepFaceLab stores with a face."""
    matrix = dfl_matrix(points(frame), kind, size)
    return {
        "face_type": {"whole": "whole_face", "full": "full_face", "half": "half_face"}.get(kind),
        "landmarks": transform(points(frame), matrix).tolist(),
        "source_filename": "00042.png",
        "source_rect": RECT,
        "source_landmarks": points(frame).tolist(),
        "image_to_face_mat": matrix,
    }


def with_data(image: Image, pickled: bytes) -> bytes:
    """A JPG with a pickle in an APP segment after its first one."""
    packed = io.BytesIO()
    pillow.fromarray(image).save(packed, "JPEG", quality=95, subsampling=0)
    jpg = packed.getvalue()
    end = 4 + int.from_bytes(jpg[4:6], "big")
    segment = b"\xff\xef" + struct.pack(">H", len(pickled) + 2) + pickled
    return jpg[:end] + segment + jpg[end:]


def dfl_jpg(frame: SyntheticFrame, kind: str = "whole", size: int = 512, **more: Any) -> bytes:
    told = {**dfl_told(frame, kind, size), **more}
    return with_data(dfl_crop(frame, kind, size), pickle.dumps(told, 4))


def dfl_pak(path: Path, jpgs: list[bytes], listed: bytes = b"") -> Path:
    """Write a faceset.pak. Its list of faces may contain anything, because it is never read."""
    listed = listed or pickle.dumps([{"filename": "a.jpg"} for _ in jpgs], 4)
    first = 16 + len(listed) + 8 * (len(jpgs) + 1)
    offsets = [sum(map(len, jpgs[:number])) for number in range(len(jpgs))]
    end = first + sum(map(len, jpgs))
    table = struct.pack(f"<{len(jpgs) + 1}Q", *offsets, end)
    path.write_bytes(struct.pack("<QQ", 1, len(listed)) + listed + table + b"".join(jpgs))
    return path


def fs_face(frame: SyntheticFrame) -> dict[str, Any]:
    """The data that faceswap stores about the place of a face: box, landmarks, mask."""
    left, top = points(frame).min(axis=0).astype(int).tolist()
    right, bottom = points(frame).max(axis=0).astype(int).tolist()
    mask = {"mask": zlib.compress(b"\xff" * 128**2), "stored_size": 128}
    return {
        **dict(zip("xywh", (left, top, right - left, bottom - top), strict=True)),
        "landmarks_xy": points(frame).astype(np.float32).tolist(),
        "mask": {"components": {**mask, "affine_matrix": np.eye(2, 3).tolist()}},
        "identity": {"vggface2": [0.5] * 512},
    }


def fs_told(frame: SyntheticFrame) -> dict[str, Any]:
    """The metadata of a face PNG of faceswap."""
    source = {
        "alignments_version": 2.4,
        "original_filename": "it's_000043_0.png",
        "face_index": 0,
        "source_filename": "it's_000043.png",
        "source_is_video": True,
        "source_frame_dims": (560, 600),
    }
    return {"alignments": fs_face(frame), "source": source}


def with_words(image: Image, words: bytes) -> bytes:
    """A PNG with a dict as text in a chunk before its pixels."""
    packed = io.BytesIO()
    pillow.fromarray(image).save(packed, "PNG")
    whole = packed.getvalue()
    body = b"iTXt" + b"faceswap\0\0\0\0\0" + words
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return whole[:33] + chunk + whole[33:]


def fs_png(frame: SyntheticFrame, size: int = 512) -> bytes:
    matrix = head_matrix(points(frame), size)
    head = cv2.warpAffine(frame.image, matrix, (size, size), flags=cv2.INTER_CUBIC)
    return with_words(np.asarray(head, np.uint8), str(fs_told(frame)).encode())


def fs_alignments(frames: dict[str, list[dict[str, Any]]], protocol: int = 4) -> bytes:
    told = {name: {"faces": faces, "video_meta": {}} for name, faces in frames.items()}
    whole = {"__meta__": {"version": 2.4}, "__data__": told}
    return zlib.compress(before_numpy_2(pickle.dumps(whole, protocol)))


@cache
def network() -> "dlib.face_recognition_model_v1":
    return dlib.face_recognition_model_v1(
        str(weight_file("dlib_face_recognition_resnet_model_v1.dat"))
    )


class Describer:
    """dlib's descriptor network, which counts its calls."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, image: Image, landmarks: Points) -> Descriptor:
        self.asked += 1
        (left, top), (right, bottom) = landmarks.min(axis=0), landmarks.max(axis=0)
        box = dlib.rectangle(int(left), int(top), int(right), int(bottom))
        shape = dlib.points([dlib.point(round(x), round(y)) for x, y in landmarks.tolist()])
        found = dlib.full_object_detection(box, shape)
        return np.array(network().compute_face_descriptor(image, found), np.float32)


def only(folder: Path) -> tuple[StoredFace, Image]:
    """The only face of a folder: its metadata and its pixels."""
    (entry,) = face_file.entries(folder)
    assert entry.stored is not None
    return entry.stored, face_file.pixels(entry.place)


def written(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def counts(found: ImportSummary) -> tuple[int, int, int, int]:
    return found.added, found.there, found.dropped, found.masks


def true_crop(frame: SyntheticFrame, stored: StoredFace) -> Image:
    """The face's crop, cut directly out of its frame."""
    return warp(frame.image, stored.matrix, (face_file.SIZE, face_file.SIZE))


def before_numpy_2(pickled: bytes) -> bytes:
    """The same pickle in the form that numpy 1 wrote."""
    for module in (b"multiarray", b"numeric"):
        new, old = b"numpy._core." + module, b"numpy.core." + module
        pickled = pickled.replace(bytes([len(new)]) + new, bytes([len(old)]) + old)
        pickled = pickled.replace(new, old)
    return pickletools.optimize(pickled)  # corrects the lengths of the pickle's frames
