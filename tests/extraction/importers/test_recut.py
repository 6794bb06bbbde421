"""Do faces of other programs keep place and identity when they are recut to our crops?"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import transform, warp
from faceswap_ae.extraction.importers.import_faces import import_faces
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from tests.support.foreign_sets import (
    Describer,
    ada,
    counts,
    dfl_jpg,
    dfl_matrix,
    fs_png,
    only,
    points,
    true_crop,
    written,
)


@pytest.fixture
def describe() -> Describer:
    return Describer()


def test_a_whole_face_comes_in_as_it_was(tmp_path: Path, describe: Describer) -> None:
    path = tmp_path / "00042_0.jpg"
    path.write_bytes(dfl_jpg(ada()))
    found = import_faces([path], tmp_path / "ada", describe)
    assert counts(found) == (1, 0, 0, 0) and not found.lines
    stored, pixels = only(tmp_path / "ada")
    # The crop differs from ours by only half a pixel, so the pixels of the JPG are kept.
    assert np.array_equal(pixels, images.read(path))
    assert np.abs(pixels.astype(int) - true_crop(ada(), stored)).mean() < 3
    there = transform(points(ada()), dfl_matrix(points(ada())))
    assert np.abs(stored.landmarks - there).max() < 0.1
    assert np.abs(stored.face.landmarks - points(ada())).max() < 0.01
    assert stored.crop == "whole"
    face = stored.face
    assert (face.source, face.frame, face.detector) == ("00042.png", 42, "deepfacelab")
    assert face.box == (160, 150, 420, 410)
    assert 5 < abs(face.pose[0]) < 20 and 3 < abs(face.pose[2]) < 13
    assert face.sharpness > 0.1 and 0.1 < face.brightness < 0.9


@pytest.mark.parametrize("size", [256, 768])
@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("head", "whole"), ("whole", "whole"), ("full", "full"), ("mid", "mid"), ("half", "half")],
)
def test_each_crop_becomes_the_largest_inside(
    tmp_path: Path, describe: Describer, kind: str, becomes: str, size: int
) -> None:
    frame = ada(0)
    path = tmp_path / "face.jpg"
    path.write_bytes(dfl_jpg(frame, kind, size))
    import_faces([path], tmp_path / "ada", describe)
    stored, pixels = only(tmp_path / "ada")
    assert stored.crop == becomes
    ours = matrix_of(points(frame), becomes, face_file.SIZE)
    assert np.allclose(stored.matrix, ours, atol=0.05)
    assert np.abs(stored.landmarks - transform(points(frame), ours)).max() < 0.5
    smooth = [
        cv2.GaussianBlur(image, (0, 0), 3).astype(int)
        for image in (pixels, true_crop(frame, stored))
    ]
    assert np.abs(smooth[0] - smooth[1])[8:-8, 8:-8].mean() < 2


def test_heads_stay_heads_where_they_are_wanted(tmp_path: Path, describe: Describer) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(dfl_jpg(ada(0), "head"))
    import_faces([path], tmp_path / "ada", describe, "head")
    assert only(tmp_path / "ada")[0].crop == "head"
    with pytest.raises(UserError, match="did you mean 'whole'"):
        import_faces([path], tmp_path / "ada", describe, "wole")


@pytest.mark.parametrize("yaw", [0, 12])
def test_a_head_of_faceswap_comes_in_as_it_was(
    tmp_path: Path, describe: Describer, yaw: float
) -> None:
    path = tmp_path / "head.png"
    path.write_bytes(fs_png(ada(yaw)))
    import_faces([path], tmp_path / "ada", describe)
    stored, pixels = only(tmp_path / "ada")
    assert stored.crop == "whole"
    ours = matrix_of(points(ada(yaw)), "whole", face_file.SIZE)
    assert np.abs(stored.landmarks - transform(points(ada(yaw)), ours)).max() < 0.5
    assert np.abs(pixels.astype(int) - true_crop(ada(yaw), stored)).mean() < 3
    assert stored.face.detector == "faceswap" and stored.face.frame == 42


def test_descriptors_say_who_it_is(tmp_path: Path, describe: Describer) -> None:
    contents = {"a.jpg": dfl_jpg(ada()), "b.png": fs_png(ada(0)), "c.jpg": dfl_jpg(ada(), "full")}
    import_faces([written(tmp_path / "set", contents)], tmp_path / "ada", describe)
    truth = describe(ada().image, points(ada()))
    assert len(face_file.entries(tmp_path / "ada")) == 3
    for entry in face_file.entries(tmp_path / "ada"):
        assert entry.stored is not None
        assert np.linalg.norm(entry.stored.face.descriptor - truth) < 0.3


@pytest.mark.parametrize(("kind", "size"), [("whole", 512), ("whole", 256), ("head", 512)])
def test_masks_come_along(tmp_path: Path, describe: Describer, kind: str, size: int) -> None:
    matrix = dfl_matrix(points(ada()), kind, 256)
    mask = warp(ada().mask, matrix, (256, 256))
    packed = np.asarray(cv2.imencode(".png", mask)[1])
    path = tmp_path / "face.jpg"
    path.write_bytes(dfl_jpg(ada(), kind, size, xseg_mask=packed))
    assert counts(import_faces([path], tmp_path / "ada", describe)) == (1, 0, 0, 1)
    (entry,) = face_file.entries(tmp_path / "ada")
    found = face_file.mask(entry.place)
    assert found is not None and entry.stored is not None
    truth = warp(ada().mask, entry.stored.matrix, (512, 512))
    both = np.count_nonzero((found > 127) & (truth > 127))
    assert both / np.count_nonzero((found > 127) | (truth > 127)) > 0.97
