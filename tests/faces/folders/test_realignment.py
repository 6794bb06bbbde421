import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.common.geometry import Points, invert, transform, warp
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import DROPPED, restore
from faceswap_ae.faces.folders.journal import Journal
from faceswap_ae.faces.folders.realignment import read_points, realign
from faceswap_ae.faces.record import StoredFace
from tests.support.face_folders import face, names, paint, plain_picture, shot

SIDE = 96
SHIFT = np.array([5.0, -3.0])  # the error of the wrong landmarks, in pixels of the frame


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A face whose landmarks all have an error (scale and shift)."""
    true = face(2)
    off = dataclasses.replace(true, landmarks=(true.landmarks - 64) * 1.1 + 64 + SHIFT)
    path = tmp_path / f"{true.id}.png"
    face_file.write(path, shot("ada", true.pose[0])[0], off, size=SIDE)
    journal = Journal(tmp_path)
    journal.add_frame(true.clip, true.frame, [face(3), off])
    journal.add_written(true.id)
    return path


def stored(path: Path) -> StoredFace:
    found = face_file.read(path)
    assert found
    return found


def right(path: Path) -> Points:
    """The true landmarks, in pixels of the wrongly aligned picture."""
    return transform(face(2).landmarks, stored(path).matrix)


def test_the_landmarks_come_out_right_in_the_frame(wrong: Path) -> None:
    done = realign(wrong, right(wrong))
    found = stored(wrong)
    assert np.allclose(found.face.landmarks, face(2).landmarks, atol=0.006)
    assert found.face.corrected and found.crop == "whole"
    assert np.allclose(found.matrix, matrix_of(face(2).landmarks, "whole", SIDE), atol=1e-3)
    assert done.mirrored < 0.15


def test_the_picture_is_what_the_frame_would_have_given(wrong: Path) -> None:
    realign(wrong, right(wrong))
    frame = shot("ada", face(2).pose[0])[0]
    best = warp(frame, stored(wrong).matrix, (SIDE, SIDE)).astype(float)
    inner = slice(SIDE // 5, -SIDE // 5)
    away = np.abs(face_file.pixels(wrong) - best)[inner, inner].mean()
    before = np.abs(face_file.pixels(wrong.parent / DROPPED / wrong.name) - best)[
        inner, inner
    ].mean()
    assert away < 4 < before


def test_nothing_moves_where_the_landmarks_stay(wrong: Path) -> None:
    before = face_file.pixels(wrong)
    done = realign(wrong, stored(wrong).landmarks)
    assert done.mirrored < 0.03  # only the outermost row of pixels
    assert np.abs(face_file.pixels(wrong).astype(int) - before).max() <= 2


def test_the_mask_moves_along(wrong: Path) -> None:
    paint(wrong.parent, wrong.name)  # the mask has another size, as a painting program may save it
    realign(wrong, right(wrong))
    mask = face_file.mask(wrong)
    assert mask is not None and mask.shape == (SIDE, SIDE)
    centre = np.argwhere(mask > 100).mean(axis=0)[::-1]
    old = stored(wrong.parent / DROPPED / wrong.name)
    there = transform(np.array([[SIDE / 2 - 0.5] * 2]), invert(old.matrix))
    assert np.allclose(centre, transform(there, stored(wrong).matrix)[0], atol=1)
    assert not mask[:2].any()  # the border is not mirrored into the mask


def test_the_journal_knows_the_new_place(wrong: Path) -> None:
    realign(wrong, right(wrong))
    other, found = Journal(wrong.parent).faces(face(2).clip, 2)
    assert other.id == face(3).id and not other.corrected
    assert found.corrected and np.allclose(found.landmarks, face(2).landmarks, atol=0.006)


def test_a_folder_without_a_journal_gets_none(wrong: Path) -> None:
    Journal(wrong.parent).path.unlink()
    realign(wrong, right(wrong))
    assert not Journal(wrong.parent).path.exists()


def test_it_can_be_undone(wrong: Path) -> None:
    before = wrong.read_bytes()
    done = realign(wrong, right(wrong))
    assert done.kept.read_bytes() == before
    restore(wrong.parent)
    assert wrong.read_bytes() == before and names(wrong.parent) == [wrong.name]


@pytest.mark.parametrize("wrapped", [False, True])
def test_points_are_read_from_json(tmp_path: Path, wrapped: bool) -> None:
    points = face(0).landmarks
    told: Any = {"landmarks": points.tolist()} if wrapped else points.tolist()
    (tmp_path / "points.json").write_text(json.dumps(told))
    assert np.array_equal(read_points(tmp_path / "points.json"), points)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "not landmarks"),
        ("{}", "not landmarks"),
        ('[["a", "b"]]', "not landmarks"),
        ("[[1, 2], [3]]", "not landmarks"),
        (json.dumps([[1, 2]] * 67), "shape (67, 2), not 68"),
        (json.dumps([[1, 2, 3]] * 68), "shape (68, 3), not 68"),
        (json.dumps([[1, float("nan")]] * 68), "not 68"),
        (json.dumps([[0.5, 0.4]] * 68), "in parts of the picture's side"),
    ],
)
def test_what_is_not_68_points_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "points.json"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        read_points(path)
    assert said in str(error.value)


def test_an_absent_file_of_points_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"points\.json: cannot be read"):
        read_points(tmp_path / "points.json")


def test_points_that_are_no_face_change_nothing(wrong: Path) -> None:
    before, points = wrong.read_bytes(), right(wrong)
    refusals = {
        "far from a face's shape": np.random.default_rng(0).permutation(points),
        "shows 0% of this picture": points + 500,
    }
    for said, bad in refusals.items():
        with pytest.raises(UserError, match=said):
            realign(wrong, bad)
    assert wrong.read_bytes() == before and not (wrong.parent / DROPPED).exists()


def test_only_a_face_is_realigned(tmp_path: Path) -> None:
    points = face(0).landmarks
    with pytest.raises(UserError, match="no such face"):
        realign(tmp_path / "absent.png", points)
    with pytest.raises(MediaError, match="carries no face data"):
        realign(plain_picture(tmp_path), points)
