"""Is a part of the face looked at where the mesh says, and are its points moved back there?"""

from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.geometry import Floats
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection import tflite_attention
from faceswap_ae.faces.detection.face_mesh import face_mesh
from faceswap_ae.faces.detection.tflite_format import CUSTOM, PLACE, read
from faceswap_ae.faces.mesh import LIP_LINES, SKIN
from faceswap_ae.runtime.weights import ATTENTION, weight_file
from tests.support.attention_file import write_attention_file
from tests.support.photos import photo

OPTIONS = {
    "left_rotation_idx": 0,
    "right_rotation_idx": 1,
    "target_rotation_radians": 0.0,
    "scale_x": 1.5,
    "scale_y": 2.0,
    "output_width": 16.0,
    "output_height": 16.0,
    "subset_idxs": (0, 1, 2, 3),
}
SQUARE = Square(np.array([90.0, 70.0]), 150.0, 0.3)


def turned(degrees: float, middle: tuple[float, float]) -> Floats:
    """The ends of a cross, 20 wide and 8 high, as a batch of one."""
    ends = np.array([[-10, 0], [10, 0], [0, -4], [0, 4]])
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    points = ends @ np.array([[c, s], [-s, c]]) + middle
    return np.column_stack([points, np.zeros(4)])[None].astype(np.float32)


def array(tensor: object) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("degrees", [0, 30, -100])
def test_the_square_is_around_the_part_and_level_with_it(degrees: float) -> None:
    points = keras.ops.convert_to_tensor(turned(degrees, (25, 20)))
    matrices = tflite_attention.placed(points, OPTIONS)
    assert np.allclose(array(matrices)[0, 2:], [[0, 0, 1, 0], [0, 0, 0, 1]])
    corners = np.array([[[8, 8], [0, 8], [16, 8], [8, 0]]], np.float32)
    middle, left, right, top = array(tflite_attention.moved(corners, matrices))[0]
    assert np.allclose(middle, (25, 20), atol=1e-4)
    assert np.linalg.norm(right - left) == pytest.approx(1.5 * 20, rel=1e-4)
    assert np.linalg.norm(top - middle) == pytest.approx(2.0 * 8 / 2, rel=1e-4)
    angle = np.degrees(np.arctan2(*(right - left)[::-1]))
    assert angle == pytest.approx(degrees, abs=0.01)


def test_features_are_sampled_as_opencv_does() -> None:
    rng = np.random.default_rng(0)
    features = rng.random((2, 48, 48, 3), np.float32)
    # The second square reaches beyond the features.
    both = np.concatenate([turned(25, (22, 25)), turned(-50, (42, 6))])
    matrices = tflite_attention.placed(keras.ops.convert_to_tensor(both), OPTIONS)
    found = array(tflite_attention.sampled(features, matrices, (16, 16)))
    for own, matrix, small in zip(features, array(matrices), found, strict=True):
        flat = matrix[:2, [0, 1, 3]].astype(np.float64)
        flat[:, 2] += flat[:, :2] @ (0.5, 0.5) - 0.5  # places count from a pixel's corner
        rows, columns = np.mgrid[:16, :16]
        x, y = np.tensordot(flat, np.stack([columns, rows, np.ones((16, 16))]), 1)
        wanted = cv2.remap(own, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
        inside = (x >= 0) & (y >= 0) & (x <= 47) & (y <= 47)
        # OpenCV's places are exact to 1/32 of a pixel.
        assert np.abs(small - wanted)[inside].max() < 0.05
        assert not small[~inside].any()
    assert found[1].any(axis=-1).mean() < 0.9


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = cache_dir() / "weights" / ATTENTION
    write_attention_file(path)
    return path


def test_a_file_of_ones_own_tells_where_the_lips_are(own_file: Path) -> None:
    options = next(one for one in read(own_file).operators if one.code == PLACE).options
    assert (options["subset_idxs"], options["scale_x"]) == (LIP_LINES, 1.5)
    looks = [(photo("grace"), SQUARE), (photo("eileen near"), SQUARE)]
    many = face_mesh.__wrapped__()
    meshes = many(looks)
    assert all(np.isfinite(one.points).all() for one in meshes)
    lips, matrix = list(LIP_LINES), SQUARE.cut(192, 1.0)
    for seen, look in zip(meshes, looks, strict=True):
        alone = many([look])[0].points
        assert np.allclose(alone, seen.points, atol=0.05)
        picture = cv2.warpAffine(look[0], matrix, (192, 192)) / np.float32(255)
        mesh, made, *_ = (one.ravel() for one in many.face(picture[None]))
        apart = np.delete(np.arange(SKIN), lips)
        steps = np.diff(seen.points[lips, :2], axis=0), np.diff(made.reshape(-1, 2), axis=0)
        lengths = [np.linalg.norm(one, axis=1) for one in steps]
        assert np.corrcoef(*lengths)[0, 1] > 0.99
        own = np.diff(mesh.reshape(SKIN, 3)[apart, 0]), np.diff(seen.points[apart, 0])
        assert np.corrcoef(*own)[0, 1] > 0.9


@pytest.mark.parametrize("part", ["half", "another network", "text"])
def test_a_file_that_is_not_it_is_named(own_file: Path, part: str) -> None:
    whole = own_file.read_bytes()
    contents = {
        "half": whole[: len(whole) // 2],
        "another network": weight_file("face_landmark.tflite").read_bytes(),
        "text": b"not a network",
    }
    own_file.write_bytes(contents[part])
    with pytest.raises(MediaError, match=ATTENTION):
        face_mesh.__wrapped__()


@pytest.mark.parametrize(
    "changes",
    [
        {"output_width": 0},
        {"output_height": 10**6},
        {"subset_idxs": [1, 2, 468]},
        {"subset_idxs": [-1, 2]},
        {"subset_idxs": 7},
        {"left_rotation_idx": 500},
    ],
)
def test_options_that_no_mesh_has_are_refused(own_file: Path, changes: dict[str, Any]) -> None:
    write_attention_file(own_file, **changes)
    with pytest.raises(MediaError, match=rf"{ATTENTION}: is no network .* or take it away"):
        face_mesh.__wrapped__()


def test_a_custom_operator_of_others_is_refused(own_file: Path) -> None:
    whole = own_file.read_bytes()
    assert whole.count(PLACE.encode()) == 1
    own_file.write_bytes(whole.replace(PLACE.encode(), b"L" + PLACE.encode()[1:].upper()))
    with pytest.raises(MediaError, match="which no network of ours has"):
        read(own_file)
    assert CUSTOM == 32
