import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import transform
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.training.data.face_set import load_face_set, warn_of_difference
from faceswap_ae.training.data.pixel_cache import PixelCache
from tests.support.face_folders import SIDE, face, fill, paint, plain_picture, shot

SIZE = 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with twenty faces of ada, from two clips."""
    place = tmp_path / "ada"
    fill(place, range(0, 40, 2))
    return place


@pytest.fixture
def cache(tmp_path: Path) -> PixelCache:
    return PixelCache(tmp_path / "cache")


def zipped(folder: Path) -> Path:
    packed = folder.with_name("packed.zip")
    with zipfile.ZipFile(packed, "w") as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    return packed


def test_faces_are_cut_with_a_margin(folder: Path, cache: PixelCache) -> None:
    found = load_face_set(folder, "inner", SIZE, cache)
    assert found.images.shape == (20, 40, 40, 3) and found.images.dtype == np.uint8
    assert (found.name, found.crop, found.size, found.margin) == ("ada", "inner", 32, 4)
    place = found.ids.index("first-000004")
    stored = face_file.read(folder / "first-000004.png")
    assert stored is not None
    points = transform(stored.landmarks, matrix_of(stored.landmarks, "inner", SIZE)) + 4
    assert np.allclose(found.landmarks[place], points)
    # Compare with the frame. The face was resampled once more than the frame.
    frame, at = shot("ada", face(4).pose[0])[0], face(4).landmarks
    for number in (8, 30, 36, 54):
        x, y = points[number].round().astype(int)
        fx, fy = at[number].round().astype(int)
        seen = found.images[place, y, x].astype(int)
        assert np.abs(seen - frame[fy, fx]).mean() < 40


def test_what_is_told_of_each_face(folder: Path, cache: PixelCache) -> None:
    found = load_face_set(folder, "whole", SIZE, cache)
    for place, name in enumerate(found.ids):
        told = face(int(name[-6:]))
        assert found.yaw[place] == told.pose[0]
        assert found.sharpness[place] == told.sharpness
        assert found.clips[place] == told.clip
    assert len(found) == 20
    assert len(found.held) == 1
    assert sorted([*found.held, *found.taught]) == list(range(20))
    assert np.allclose(found.shapes[3], found[3].shape)
    assert np.allclose(found.mean_shape, found.shapes[found.taught].mean(axis=0))
    # The mean shape of a `whole` crop, in the unit square.
    assert 0.3 < found.mean_shape[:, 0].mean() < 0.7


def test_faces_are_in_order_of_time_whatever_they_are_called(
    folder: Path, cache: PixelCache
) -> None:
    before = load_face_set(folder, "inner", SIZE, cache)
    for number, path in enumerate(sorted(folder.glob("*.png"))):
        path.rename(folder / f"{20 - number:02d}.png")
    after = load_face_set(folder, "inner", SIZE, cache)
    assert after.ids == before.ids
    assert after.fingerprint == before.fingerprint
    assert np.array_equal(after.images, before.images)
    times = [(clip, name) for clip, name in zip(after.clips, after.ids, strict=True)]
    assert times == sorted(times)


def test_a_zip_is_the_same_set(folder: Path, cache: PixelCache) -> None:
    paint(folder, "first-000002.png")
    packed = zipped(folder)
    one = load_face_set(folder, "inner", SIZE, cache)
    for named in (packed, packed.with_suffix("")):
        other = load_face_set(named, "inner", SIZE, cache)
        assert other.name == "packed"
        assert other.ids == one.ids and other.fingerprint == one.fingerprint
        assert np.array_equal(other.images, one.images)
        assert np.array_equal(other.landmarks, one.landmarks)
        assert np.array_equal(other.held, one.held)
        assert other.masks.keys() == one.masks.keys() != set()
        assert all(np.array_equal(other.masks[key], one.masks[key]) for key in one.masks)


def test_a_painted_mask_is_cut_like_its_face(folder: Path, cache: PixelCache) -> None:
    paint(folder, "first-000002.png", 200)
    painted = load_face_set(folder, "inner", SIZE, cache)
    (place,) = painted.masks
    assert painted.ids[place] == "first-000002"
    mask = painted[place].mask
    assert mask is not None and mask.shape == (40, 40)
    assert mask[20, 20] == 200 and mask[0, 0] == 0
    assert painted[place + 1].mask is None
    # A mask that was painted on an enlarged copy of the face.
    large = np.zeros((4 * SIDE, 4 * SIDE), np.uint8)
    large[SIDE:-SIDE, SIDE:-SIDE] = 200
    images.write(folder / "first-000002.mask.png", large)
    again = load_face_set(folder, "inner", SIZE, cache)[place].mask
    assert again is not None
    assert np.abs(again.astype(int) - mask).mean() < 4


def test_faces_are_decoded_once(folder: Path, cache: PixelCache) -> None:
    told: list[tuple[int, int]] = []
    load_face_set(folder, "inner", SIZE, cache, lambda done, of: told.append((done, of)))
    assert told == [(20, 20)]
    load_face_set(folder, "inner", SIZE, cache, lambda done, of: told.append((done, of)))
    assert len(told) == 1
    for crop, size in (("full", SIZE), ("inner", SIZE + 2)):
        load_face_set(folder, crop, size, cache, lambda done, of: told.append((done, of)))
    assert len(told) == 3
    path = folder / "first-000002.png"
    os.utime(path, (1000, 1000))  # another time: the file counts as changed
    load_face_set(folder, "inner", SIZE, cache, lambda done, of: told.append((done, of)))
    assert len(told) == 4
    assert len(list(cache.folder.iterdir())) == 4


def test_a_set_that_changes_has_another_fingerprint(folder: Path, cache: PixelCache) -> None:
    marks = [load_face_set(folder, "inner", SIZE, cache).fingerprint]
    paint(folder, "first-000002.png")
    marks.append(load_face_set(folder, "inner", SIZE, cache).fingerprint)
    (folder / "first-000004.png").unlink()
    marks.append(load_face_set(folder, "inner", SIZE, cache).fingerprint)
    assert len(set(marks)) == 3
    assert load_face_set(folder, "full", SIZE, cache).fingerprint == marks[-1]


def test_one_person_is_not_two(folder: Path, cache: PixelCache, tmp_path: Path) -> None:
    fill(tmp_path / "ben", range(1, 9, 2))
    ada, ben = (load_face_set(tmp_path / name, "inner", SIZE, cache) for name in ("ada", "ben"))
    warn_of_difference(ada, ben)
    with pytest.raises(UserError, match="ada and packed: are the same 20 faces"):
        warn_of_difference(ada, load_face_set(zipped(folder), "inner", SIZE, cache))


def test_faces_in_both_sets_are_told(
    folder: Path, cache: PixelCache, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path / "ben", [0, 2, 5, 7])
    warn_of_difference(
        load_face_set(folder, "inner", SIZE, cache),
        load_face_set(tmp_path / "ben", "inner", SIZE, cache),
    )
    assert "ada and ben: 2 faces are in both" in caplog.text


def test_too_few_faces_are_refused(cache: PixelCache, tmp_path: Path) -> None:
    fill(tmp_path / "ada", [0])
    with pytest.raises(UserError, match="1 usable faces, 2 are needed; extract more"):
        load_face_set(tmp_path / "ada", "inner", SIZE, cache)
    with pytest.raises(UserError, match="no such face folder"):
        load_face_set(tmp_path / "nobody", "inner", SIZE, cache)


def test_plain_pictures_are_named(folder: Path, cache: PixelCache) -> None:
    plain_picture(folder, "holiday.png")
    with pytest.raises(UserError, match=r"1 \(holiday.png\) of 21 pictures.*extract them"):
        load_face_set(folder, "inner", SIZE, cache)


def cut(folder: Path, number: int, crop: str) -> None:
    one = face(number)
    image = shot("ada", one.pose[0])[0]
    face_file.write(folder / f"{one.id}.png", image, one, crop, SIDE)


def test_heads_and_faces_do_not_mix(folder: Path, cache: PixelCache, tmp_path: Path) -> None:
    cut(folder, 0, "head")
    with pytest.raises(UserError, match=r"1 \(first-000000.png\) of 20 faces are cut as head"):
        load_face_set(folder, "inner", SIZE, cache)
    for number in (0, 2, 4):
        cut(tmp_path / "heads", number, "head")
    for crop in ("head", "whole", "inner"):
        assert len(load_face_set(tmp_path / "heads", crop, SIZE, cache)) == 3


def test_a_crop_that_the_files_do_not_hold_is_refused(folder: Path, cache: PixelCache) -> None:
    with pytest.raises(UserError, match="hold whole faces, which is less than head"):
        load_face_set(folder, "head", SIZE, cache)
    cut(folder, 0, "full")
    with pytest.raises(UserError, match=r"1 \(first-000000.png\) hold full faces"):
        load_face_set(folder, "whole", SIZE, cache)
    assert len(load_face_set(folder, "full", SIZE, cache)) == 20
    with pytest.raises(UserError, match="did you mean 'inner'"):
        load_face_set(folder, "iner", SIZE, cache)


def test_a_broken_picture_is_named(folder: Path, cache: PixelCache) -> None:
    path = folder / "first-000004.png"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(MediaError, match=r"first-000004.png: broken picture"):
        load_face_set(folder, "inner", SIZE, cache)
    assert list(cache.folder.iterdir()) == []


def test_a_folder_with_landmarks_of_two_kinds_is_refused(folder: Path, cache: PixelCache) -> None:
    assert load_face_set(folder, "inner", SIZE, cache).landmarker == "dlib"
    path = folder / "first-000004.png"
    stored = face_file.read(path)
    assert stored is not None
    meshed = replace(stored.face, mesh=np.zeros((478, 3)))
    face_file.write_crop(path, face_file.pixels(path), replace(stored, face=meshed))
    with pytest.raises(UserError, match=r"landmarks by mesh, the others by dlib.* do not mix"):
        load_face_set(folder, "inner", SIZE, cache)
