from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.detection.refit import refit
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import DROPPED
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.faces.record import Face, check_kind
from faceswap_ae.media import images
from tests.support.face_folders import fill

SIDE = 160


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three faces by dlib, of which two look ahead."""
    fill(tmp_path / "ada", [2, 4, 3], SIDE)
    return tmp_path / "ada"


def faces(folder: Path) -> dict[str, Face]:
    found = face_file.entries(folder)
    return {one.name: one.stored.face for one in found if one.stored}


def test_faces_get_the_other_landmarks_and_keep_their_pixels(folder: Path) -> None:
    before = faces(folder)
    pictures = {name: images.read(folder / name) for name in before}
    done = refit(folder, "mesh")
    after = faces(folder)
    assert (done.refitted, done.there, done.dropped) == (3, 0, 0)
    for name, face in after.items():
        old = before[name]
        assert face.landmarker == "mesh"
        assert face.id == old.id
        assert np.array_equal(images.read(folder / name), pictures[name])
        away = np.linalg.norm(face.landmarks - old.landmarks, axis=1)[17:].mean()
        assert away < 0.12 * old.size
        assert abs(face.pose[0] - old.pose[0]) < 15
    assert refit(folder, "mesh").there == 3


def test_what_was_corrected_by_hand_is_kept_as_it_was(folder: Path) -> None:
    name = next(iter(faces(folder)))
    stored = face_file.read(folder / name)
    assert stored is not None
    mine = replace(stored, face=replace(stored.face, corrected=True))
    face_file.write_crop(folder / name, face_file.pixels(folder / name), mine)
    refit(folder, "mesh")
    (kept,) = (one.stored for one in face_file.entries(folder / DROPPED))
    assert kept is not None
    assert kept.face.corrected
    assert np.array_equal(kept.face.landmarks, mine.face.landmarks)
    assert faces(folder)[name].landmarker == "mesh"


def test_the_journal_forgets_frames_and_no_faces(folder: Path) -> None:
    written = Journal(folder).written
    refit(folder, "mesh")
    journal = Journal(folder)
    assert journal.clips == []
    assert journal.landmarkers == set()
    assert journal.written == written


def test_a_face_that_is_not_found_again_is_dropped(folder: Path) -> None:
    name, face = next(iter(faces(folder).items()))
    stored = face_file.read(folder / name)
    assert stored is not None
    face_file.write_crop(folder / name, np.zeros((SIDE, SIDE, 3), np.uint8), stored)
    assert refit(folder, "mesh").dropped == 1
    assert face.id not in {one.id for one in faces(folder).values()}
    assert (folder / DROPPED / name).exists()


def test_kinds_do_not_mix() -> None:
    check_kind("ada", "mesh", "mesh", "ben's")
    with pytest.raises(UserError, match=r"ada: has landmarks by dlib, ben's by mesh.* realign"):
        check_kind("ada", "dlib", "mesh", "ben's")
