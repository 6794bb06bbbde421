import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.conversion.assignment import (
    NO_FACE,
    NOT_ASKED,
    OTHER,
    SPARED,
    Assignment,
    RunRole,
    SwapRequest,
    assign_faces,
)
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.folders.face_file import write as store
from faceswap_ae.faces.record import Face
from tests.support.face_folders import shot
from tests.support.face_records import known, seen

EYES = Detectors()
LANDMARKS = shot("ada", -10.0)[1]


def faces(who: int, track: int, count: int = 12) -> list[Face]:
    """Faces of a person in a track, with the landmarks of a real face shape."""
    return [replace(face, landmarks=LANDMARKS) for face in seen(who, track, count)]


SCENE = [*faces(1, 0), *faces(2, 1, 30), *faces(1, 2), *faces(3, 3)]
ADA, BEN = RunRole("ada", known(1)), RunRole("ben", known(2))


def test_only_the_runs_person_is_swapped_in_every_track() -> None:
    assert assign_faces(SCENE, [ADA], SwapRequest(), EYES) == Assignment(
        {0: 0, 2: 0}, {1: OTHER, 3: OTHER}
    )


def test_two_runs_swap_two_people() -> None:
    assert assign_faces(SCENE, [ADA, BEN], SwapRequest(), EYES).roles == {0: 0, 1: 1, 2: 0}


def test_one_uncertain_frame_changes_nothing() -> None:
    odd = [replace(SCENE[0], descriptor=faces(2, 1)[0].descriptor), *SCENE[1:]]
    assert assign_faces(odd, [ADA], SwapRequest(), EYES).roles == {0: 0, 2: 0}


def test_everyone_and_only() -> None:
    assert set(assign_faces(SCENE, [ADA], SwapRequest(everyone=True), EYES).roles) == {0, 1, 2, 3}
    found = assign_faces(SCENE, [ADA], SwapRequest(only=(3,)), EYES)
    assert found == Assignment({3: 0}, dict.fromkeys((0, 1, 2), NOT_ASKED))
    # With several runs, each person still gets their own run.
    assert assign_faces(SCENE, [BEN, ADA], SwapRequest(everyone=True), EYES).roles == {
        0: 1,
        1: 0,
        2: 1,
        3: 0,
    }


def test_what_is_no_face_has_no_track() -> None:
    noise = np.random.default_rng(0).uniform(0, 100, (68, 2))
    odd = [replace(face, landmarks=noise) for face in seen(1, 7)]
    found = assign_faces([*SCENE, *odd], [ADA], SwapRequest(everyone=True), EYES)
    assert 7 not in found.roles
    assert NO_FACE == "no face"


def test_nobody_like_them_is_told_with_the_distance() -> None:
    with pytest.raises(UserError, match=r"nobody like ada \(the nearest is 0\.\d\d away"):
        assign_faces(faces(2, 1), [ADA], SwapRequest(), EYES)
    with pytest.raises(UserError, match="there are 0, 1, 2, 3"):
        assign_faces(SCENE, [ADA], SwapRequest(only=(9,)), EYES)
    with pytest.raises(UserError, match="shows no face"):
        assign_faces([], [ADA], SwapRequest(), EYES)


def test_a_run_that_knows_nobody_takes_who_is_seen_most(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "faceswap_ae"):
        assert assign_faces(SCENE, [RunRole("old", None)], SwapRequest(), EYES).roles == {1: 0}
    assert "whoever is seen most" in caplog.text


def test_who_is_spared_is_so_though_a_run_knows_them(
    tmp_path: Path,
) -> None:
    """One photo spares a person, although a run knows many faces of her."""
    one = faces(1, 9, 1)[0]
    photo = tmp_path / "ada.png"
    store(photo, np.zeros((64, 64, 3), np.uint8), one)
    wanted = SwapRequest(everyone=True, spared=(photo,))
    found = assign_faces(SCENE, [ADA], wanted, EYES)
    assert set(found.roles) == {1, 3}
    assert found.why == {0: SPARED, 2: SPARED}
    with pytest.raises(UserError, match="spared by --not"):
        assign_faces(faces(1, 0), [ADA], wanted, EYES)


def test_a_run_and_a_track_that_are_not_there_are_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "faceswap_ae"):
        assign_faces([*faces(1, 0)], [ADA, BEN], SwapRequest(), EYES)
        assign_faces(SCENE, [ADA], SwapRequest(only=(3, 99)), EYES)
    assert "ben: is not seen" in caplog.text
    assert "--only 99" in caplog.text


def test_everyone_and_only_are_two_wishes() -> None:
    with pytest.raises(UserError, match="say one"):
        SwapRequest(everyone=True, only=(1,))
