import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import transform
from faceswap_ae.common.limits import MOST_WHOLE
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.packing import pack
from faceswap_ae.faces.record import stored_to_json
from faceswap_ae.media import images, png
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render
from tests.support.face_folders import fill
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


def test_a_swollen_file_is_not_read_into_memory(tmp_path: Path) -> None:
    swollen = tmp_path / "swollen.png"
    swollen.touch()
    os.truncate(swollen, MOST_WHOLE + 1)
    with pytest.raises(MediaError, match=r"swollen\.png: .*more than 100 million"):
        face_file.contents(swollen)


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


def test_one_damaged_face_hides_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    fill(folder, range(0, 8, 2))
    packed, _ = pack(folder)
    whole = bytearray(packed.read_bytes())
    names = [picture.name for picture in face_file.pictures(packed)]
    with zipfile.ZipFile(packed) as zipped:
        at = zipped.getinfo(names[1]).header_offset + 300
    whole[at] ^= 1
    packed.write_bytes(whole)
    found = [entry.name for entry in face_file.entries(packed)]
    assert len(found) >= 3 and set(names) - set(found) <= {names[1]}
    for name in set(names) - {names[1]}:
        assert name in found
    for entry in face_file.entries(packed):
        if entry.name == names[1]:  # its words may be whole, and its pixels damaged
            with pytest.raises(MediaError, match=entry.name):
                face_file.pixels(entry.place)


def test_a_face_with_a_field_of_nothing_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "ada"
    fill(folder, range(0, 6, 2))
    first, *rest = face_file.pictures(folder)
    stored = face_file.read(first)
    assert stored is not None and isinstance(first, Path)
    told = stored_to_json(stored)
    first.write_bytes(
        png.encode(
            face_file.pixels(first), {face_file.KEYWORD: json.dumps({**told, "sharpness": None})}
        )
    )
    assert [entry.place for entry in face_file.entries(folder)] == rest
    assert f"{first}: its face data is damaged (sharpness: None is no number)" in caplog.text
