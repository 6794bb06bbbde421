from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.reenactment.source_faces import KEPT, load_source_faces


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


def test_pictures_have_the_colours_of_the_first(folder: Path) -> None:
    faces = load_source_faces(folder)
    dark = (faces.picture(0, 96) * 0.6).astype(np.uint8)
    made = faces.matched(dark, faces.mesh(0, 96))
    assert np.abs(made.astype(int) - faces.picture(0, 96)).mean() < 3


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
