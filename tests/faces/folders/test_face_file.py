import zipfile
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import transform
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render
from tests.support.face_records import some_face


@pytest.fixture(scope="module")
def frame() -> SyntheticFrame:
    return render(alone(person("ada")), Act(face=150, roll=8), Setting((240, 200)))


@pytest.fixture
def folder(tmp_path: Path, frame: SyntheticFrame) -> Path:
    """A folder with three faces, a mask, and files that are not faces."""
    place = tmp_path / "ada"
    for number in range(3):
        face = some_face(number, landmarks=frame.landmarks.picture)
        face_file.write(place / f"{face.id}.png", frame.image, face, size=128)
    images.write(place / "clip-000001.mask.png", np.full((128, 128), 255, np.uint8))
    images.write(place / ".hidden.png", frame.image)
    (place / "notes.txt").write_text("x")
    return place


def test_a_face_keeps_its_story_and_place(folder: Path, frame: SyntheticFrame) -> None:
    stored = face_file.read(folder / "clip-000002.png")
    assert stored is not None
    assert stored.face.frame == 2
    assert np.allclose(
        stored.landmarks, transform(frame.landmarks.picture, stored.matrix), atol=0.05
    )
    crop = face_file.pixels(folder / "clip-000002.png")
    x, y = stored.landmarks[30].round().astype(int)
    fx, fy = frame.landmarks.picture[30].round().astype(int)
    assert np.abs(crop[y, x].astype(int) - frame.image[fy, fx]).max() < 25


def test_renaming_changes_nothing(folder: Path) -> None:
    (folder / "clip-000002.png").rename(folder / "00-Zoë smiles.png")
    ids = [entry.stored.face.id for entry in face_file.entries(folder) if entry.stored]
    assert sorted(ids) == ["clip-000000", "clip-000001", "clip-000002"]


def test_a_plain_picture_has_no_story(folder: Path, frame: SyntheticFrame) -> None:
    images.write(folder / "photo.jpg", frame.image)
    names = {entry.name: entry.stored for entry in face_file.entries(folder)}
    assert names.pop("photo.jpg") is None
    assert all(names.values())


def test_a_zip_reads_like_its_folder(folder: Path) -> None:
    packed = folder.with_name("packed.zip")
    with zipfile.ZipFile(packed, "w") as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    for named in (packed, packed.with_suffix("")):
        entries = face_file.entries(named)
        assert [entry.name for entry in entries] == [
            path.name for path in face_file.pictures(folder)
        ]
        assert np.array_equal(
            face_file.pixels(entries[0].place), face_file.pixels(folder / entries[0].name)
        )
        masks = [face_file.mask(entry.place) for entry in entries]
        assert [mask is None for mask in masks] == [True, False, True]


def test_a_painted_mask_is_found(folder: Path) -> None:
    mask = face_file.mask(folder / "clip-000001.png")
    assert mask is not None
    assert mask.shape == (128, 128)
    assert face_file.mask(folder / "clip-000000.png") is None


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="faceswap-ae extract"):
        face_file.pictures(tmp_path / "nobody")
    (tmp_path / "broken.zip").write_bytes(b"PK but not much")
    with pytest.raises(UserError, match="cut off"):
        face_file.pictures(tmp_path / "broken")


def test_damaged_face_data_is_told(folder: Path) -> None:
    path = folder / "clip-000000.png"
    path.write_bytes(path.read_bytes().replace(b'"landmarks":[[', b'"landmarks":"['))
    with pytest.raises(MediaError, match="copy it again"):
        face_file.read(path)
