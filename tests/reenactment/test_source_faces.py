from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.reenactment.head_model import find_heads
from faceswap_ae.reenactment.matching import skin_colour
from faceswap_ae.reenactment.source_faces import (
    KEPT,
    SourceFace,
    SourceFaces,
    load_source_faces,
)


@pytest.fixture(scope="module")
def folder(studio: Path) -> Path:
    return studio / "data" / "ben"


def test_all_faces_come_in_one_crop(folder: Path) -> None:
    faces = load_source_faces(folder)
    assert faces.name == "ben" and len(faces.faces) == len(list(folder.glob("*.png")))
    small, large = faces.meshes(64), faces.meshes(128)
    assert np.allclose((small[..., :2] + 0.5) * 2, large[..., :2] + 0.5)
    assert (small[:, 152, 1] > small[:, 10, 1]).all()  # the chin is below the forehead
    assert np.ptp(small[:, :468, 0], axis=1).max() < 64


def test_the_first_looks_straight(folder: Path) -> None:
    faces = load_source_faces(folder).faces
    turned = [
        abs(one.entry.stored.face.pose[0]) + abs(one.entry.stored.face.pose[1])
        for one in faces
        if one.entry.stored is not None
    ]
    assert turned[0] == min(turned)


def test_pictures_have_the_colours_of_the_first(folder: Path, tmp_path: Path) -> None:
    plain = load_source_faces(folder)
    first, second = plain.faces[:2]
    dark = tmp_path / "dark.png"
    images.write(dark, (face_file.pixels(second.entry.place) * 0.6).astype(np.uint8))
    darker = SourceFace(replace(second.entry, place=dark), second.mesh)
    made = SourceFaces("ben", [first, darker])
    assert np.abs(made.picture(1, 96).astype(int) - plain.picture(1, 96)).mean() < 3
    skins = [skin_colour(made.picture(one, 96), made.mesh(one, 96)) for one in (0, 1)]
    assert np.allclose(skins[0], skins[1], atol=2) and np.allclose(skins[0], made.skin(96))


def test_a_mirror_shows_the_other_side(folder: Path) -> None:
    faces = load_source_faces(folder)
    yaws = [find_heads(one[None]).angles[0, 0] for one in faces.meshes(96)]
    most = int(np.abs(yaws).argmax())
    picture, mesh = faces.mirrored(most, 96)
    assert np.array_equal(picture[:, ::-1], faces.picture(most, 96))
    assert find_heads(mesh[None]).angles[0, 0] == pytest.approx(-yaws[most], abs=0.03)
    left, right = (int(one) for one in (33, 263))
    assert mesh[left, 0] == pytest.approx(95 - faces.mesh(most, 96)[right, 0])
    hidden = faces.shown(most) < 0.1
    assert faces.shown(most, mirrored=True)[hidden].mean() > 0.4 > faces.shown(most)[hidden].max()


def test_the_key_says_which_pictures(folder: Path) -> None:
    one, other = load_source_faces(folder), load_source_faces(folder)
    assert one.key == other.key
    other.faces = other.faces[1:]
    assert one.key != other.key


def test_only_the_last_pictures_are_kept(folder: Path) -> None:
    faces = load_source_faces(folder)
    for size in range(8, 8 + KEPT + 8):
        faces.picture(0, size)
    assert len(faces._decoded) == KEPT
