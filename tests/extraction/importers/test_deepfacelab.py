"""Are faces in DeepFaceLab's file formats read correctly, and is damaged data refused?"""

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as pillow

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image, transform
from faceswap_ae.extraction.importers import deepfacelab
from faceswap_ae.extraction.importers.base import Candidate
from tests.support.foreign_sets import (
    PROTOCOLS,
    RECT,
    ada,
    before_numpy_2,
    dfl_crop,
    dfl_jpg,
    dfl_matrix,
    dfl_pak,
    dfl_told,
    points,
    with_data,
)


def opened(folder: Path, jpg: bytes, name: str = "face.jpg") -> Candidate:
    path = folder / name
    path.write_bytes(jpg)
    found = deepfacelab.face(path)
    assert found is not None
    return found


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_face_is_told_as_it_was(tmp_path: Path, protocol: int) -> None:
    frame = ada()
    pickled = pickle.dumps(dfl_told(frame), protocol)
    for one in (pickled, before_numpy_2(pickled)):
        face = opened(tmp_path, with_data(dfl_crop(frame), one)).load()
        matrix = dfl_matrix(points(frame))
        assert np.allclose(face.landmarks, transform(points(frame), matrix))
        assert face.matrix is not None and np.allclose(face.matrix, matrix)
        assert np.abs(face.image.astype(int) - dfl_crop(frame)).mean() < 3
        assert (face.source, face.frame, face.box, face.mask) == ("00042.png", 42, RECT, None)
        assert not face.is_frame


@pytest.mark.parametrize(
    "lost", [{"image_to_face_mat": None}, {"image_to_face_mat": np.eye(2, 3) * 9}]
)
def test_a_lost_or_stale_matrix_is_found_again(tmp_path: Path, lost: dict[str, Any]) -> None:
    """When DeepFaceLab resizes a set, it keeps matrices that belong to the old size."""
    face = opened(tmp_path, dfl_jpg(ada(), **lost)).load()
    assert face.matrix is not None
    assert np.allclose(face.matrix, dfl_matrix(points(ada())), atol=1e-6)


@pytest.mark.parametrize(
    "lost", [{"source_landmarks": None}, {"source_landmarks": points(ada(-20))[::-1]}]
)
def test_a_frame_that_nobody_knows_is_none(tmp_path: Path, lost: dict[str, Any]) -> None:
    face = opened(tmp_path, dfl_jpg(ada(), **lost)).load()
    assert face.matrix is None and face.box is None


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_packed_mask_is_unpacked(tmp_path: Path, suffix: str, shape: tuple[int, ...]) -> None:
    mask = np.zeros((256, 256), np.uint8)
    mask[60:200, 80:180] = 255
    packed = np.asarray(cv2.imencode(suffix, mask)[1]).reshape(shape)
    face = opened(tmp_path, dfl_jpg(ada(), xseg_mask=packed)).load()
    assert face.mask is not None
    assert np.abs(face.mask.astype(int) - mask).mean() < 1


def test_polygons_add_and_take_away(tmp_path: Path) -> None:
    outer = np.array([(100, 100), (400, 100), (400, 400), (100, 400)], np.float32)
    inner = np.array([(200, 200), (300, 200), (300, 300), (200, 300)], np.float32)
    told = {"polys": [{"type": 0, "pts": inner}, {"type": 1, "pts": outer}]}
    for drawn in (told, [(0, inner), (1, outer)]):
        mask = opened(tmp_path, dfl_jpg(ada(), seg_ie_polys=drawn)).load().mask
        assert mask is not None and mask.shape == (512, 512)
        assert mask[150, 150] == 255 and mask[250, 250] == 0 and mask[50, 50] == 0
        assert abs(np.count_nonzero(mask) - (300**2 - 100**2)) < 2500
    only_taken = {"polys": [{"type": 0, "pts": inner}]}
    assert opened(tmp_path, dfl_jpg(ada(), seg_ie_polys=only_taken)).load().mask is None


def test_a_broken_mask_costs_the_mask_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = np.frombuffer(b"\x89PNG\r\n\x1a\nno", np.uint8)
    assert opened(tmp_path, dfl_jpg(ada(), xseg_mask=broken)).load().mask is None
    assert "face.jpg, its mask" in caplog.text


def test_a_face_is_known_by_its_pixels(tmp_path: Path) -> None:
    mask = np.full((64, 64), 255, np.uint8)
    masked = dfl_jpg(ada(), xseg_mask=np.asarray(cv2.imencode(".png", mask)[1]))
    first, later = opened(tmp_path, dfl_jpg(ada())), opened(tmp_path, masked, "other.jpg")
    assert first.id == later.id
    assert first.id != opened(tmp_path, dfl_jpg(ada(-20)), "turned.jpg").id


def test_a_photo_is_no_face(tmp_path: Path) -> None:
    pillow.fromarray(ada().image).save(tmp_path / "photo.jpg")
    assert deepfacelab.face(tmp_path / "photo.jpg") is None


NAN = [[float("nan"), 0.0]] * 68
LAUGHS: list[Any] = ["ha"]
for _ in range(40):
    LAUGHS = [LAUGHS] * 68


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "no 'landmarks'"),
        ([1, 2], "a list where"),
        ({"landmarks": None}, "no 68x2"),
        ({"landmarks": [[1.0, 2.0]] * 67}, "no 68x2"),
        ({"landmarks": [[1.0, "2"]] * 68}, "no number"),
        ({"landmarks": NAN}, "lie in no picture"),
        ({"landmarks": [[1e300, 2.0]] * 68}, "lie in no picture"),
        ({"landmarks": [[1.0, 2.0]] * 68}, "on one line"),
        ({"landmarks": LAUGHS}, "no 2 where"),
        ({"landmarks": np.zeros((68, 2, 9))}, "no 68x2"),
        ({"landmarks": [[b"x" * 60, 1]] * 68}, "no number"),
    ],
)
def test_odd_data_is_one_line(tmp_path: Path, told: Any, why: str) -> None:
    found = opened(tmp_path, with_data(dfl_crop(ada()), pickle.dumps(told, 4)))
    with pytest.raises(UserError, match=f"face.jpg: its face data .*{why}") as caught:
        found.load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"source_rect": [1, 2, 3]}, "no 4"),
        ({"source_landmarks": "far"}, "no 68x2"),
        ({"image_to_face_mat": np.eye(3)}, "no 2x3"),
        ({"seg_ie_polys": {"polys": [{"type": 1}]}}, "no 'pts'"),
        ({"seg_ie_polys": [3]}, "damaged"),
    ],
)
def test_one_odd_fact_is_one_line(tmp_path: Path, told: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=f"face.jpg: its face data .*{why}"):
        opened(tmp_path, dfl_jpg(ada(), **told)).load()


def test_hostile_data_is_refused_by_name(tmp_path: Path) -> None:
    found = opened(tmp_path, with_data(dfl_crop(ada()), b"\x80\x03cposix\nsystem\nX\x02\0\0\0ls."))
    with pytest.raises(UserError, match=r"face\.jpg: its data asks to run 'posix\.system'"):
        found.load()


def test_a_face_cut_off_anywhere_is_one_line(tmp_path: Path) -> None:
    whole = dfl_jpg(ada())
    for length in (40, 300, 2000, len(whole) // 2, len(whole) - 3000):
        with pytest.raises(UserError, match=r"face\.jpg: .*(cut off|broken)"):
            opened(tmp_path, whole[:length]).load()


def test_a_picture_of_a_million_rows_is_not_opened(tmp_path: Path) -> None:
    wide: Image = np.zeros((8, 9000, 3), np.uint8)
    found = opened(tmp_path, with_data(wide, pickle.dumps(dfl_told(ada()))))
    with pytest.raises(UserError, match=r"face\.jpg: 9000x8 pixels"):
        found.load()


def test_a_pak_holds_its_faces(tmp_path: Path) -> None:
    jpgs = [dfl_jpg(ada()), dfl_jpg(ada(-20))]
    path = dfl_pak(tmp_path / "faceset.pak", jpgs)
    assert deepfacelab.is_pak(path.read_bytes()[:4096])
    found = list(deepfacelab.pak(path))
    alone_ = [opened(tmp_path, jpg, f"{number}.jpg") for number, jpg in enumerate(jpgs)]
    assert [one.id for one in found] == [one.id for one in alone_]
    for one, frame in zip(found, (ada(), ada(-20)), strict=True):
        assert np.abs(one.load().image.astype(int) - dfl_crop(frame)).mean() < 3


def test_the_list_in_a_pak_is_never_read(tmp_path: Path) -> None:
    path = dfl_pak(tmp_path / "faceset.pak", [dfl_jpg(ada())], b"\x80\x03cposix\nsystem\n.")
    assert len(list(deepfacelab.pak(path))) == 1


def test_one_bad_face_in_a_pak_leaves_the_others(tmp_path: Path) -> None:
    plain = io.BytesIO()
    pillow.fromarray(dfl_crop(ada())).save(plain, "JPEG")
    jpgs = [dfl_jpg(ada()), plain.getvalue(), dfl_jpg(ada(-20))]
    found = list(deepfacelab.pak(dfl_pak(tmp_path / "faceset.pak", jpgs)))
    assert len(found) == 3
    with pytest.raises(UserError, match="face 1: no face data"):
        found[1].load()
    assert found[2].load().frame == 42


def test_a_pak_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    path = dfl_pak(tmp_path / "faceset.pak", [dfl_jpg(ada()), dfl_jpg(ada(-20)), dfl_jpg(ada())])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    faces = deepfacelab.pak(path)
    assert next(faces).load().frame == 42
    with pytest.raises(UserError, match=r"faceset\.pak: is cut off"):
        list(faces)
    path.write_bytes(whole[:20])
    with pytest.raises(UserError, match=r"faceset\.pak: is cut off"):
        list(deepfacelab.pak(path))


@pytest.mark.parametrize("table", [b"", b"\xff" * 80, b"\0" * 8000, struct.pack("<3Q", 9, 5, 1)])
def test_a_pak_with_a_broken_table_is_one_line(tmp_path: Path, table: bytes) -> None:
    path = tmp_path / "faceset.pak"
    path.write_bytes(struct.pack("<QQ", 1, 4) + b"\x80\x04N." + table + b"\xff\xd8\xff" * 9)
    with pytest.raises(UserError, match=r"faceset\.pak: "):
        list(deepfacelab.pak(path))


@pytest.mark.parametrize(
    "corners",
    [
        [(9e5, 9e5), (-9e5, 9e5), (0, -9e5)],
        [(1, 1), (2, 500)] * 500,
    ],
)
def test_a_mask_that_would_be_drawn_for_hours_is_left_out(
    corners: list[tuple[float, float]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    polygons = {"polys": [{"type": 1, "pts": np.array(corners, np.float32)}] * 150}
    found = opened(tmp_path, dfl_jpg(ada(), seg_ie_polys=polygons))
    assert found.load().mask is None
    assert "its mask is left out" in caplog.text and "are the most" in caplog.text
