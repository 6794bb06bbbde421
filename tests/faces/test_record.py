import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.faces.record import (
    Face,
    StoredFace,
    face_from_json,
    face_to_json,
    stored_from_json,
    stored_to_json,
)
from tests.support.face_records import some_face

NAMES = st.text(st.characters().filter(str.isprintable), max_size=20)


@given(st.integers(0, 10**6), NAMES, st.booleans())
def test_a_face_comes_back(seed: int, source: str, corrected: bool) -> None:
    face = some_face(seed, source=source, corrected=corrected)
    again = face_from_json(JsonFields.parse(json.dumps(face_to_json(face))))
    assert np.allclose(again.landmarks, face.landmarks, atol=0.0051)
    assert np.array_equal(again.descriptor, face.descriptor)
    plain = ("id", "source", "clip", "frame", "detector", "track", "corrected", "box", "pose")
    assert all(getattr(again, name) == getattr(face, name) for name in plain)


def with_mesh(seed: int = 0) -> Face:
    rng = np.random.default_rng(seed)
    face = some_face(seed)
    return replace(face, mesh=rng.uniform(-20, 140, (478, 3)) * (1, 1, 0.3))


@given(st.integers(0, 10**6))
def test_a_mesh_comes_back_to_a_thousandth_of_the_face(seed: int) -> None:
    face = with_mesh(seed)
    again = face_from_json(JsonFields.parse(json.dumps(face_to_json(face))))
    assert face.mesh is not None
    assert again.mesh is not None
    assert np.abs(again.mesh - face.mesh).max() < 1e-3 * face.size
    assert again.landmarker == "mesh"
    # What was read is written again as it was.
    assert face_to_json(again)["mesh"] == face_to_json(face)["mesh"]


def test_a_doubt_is_told_only_where_there_is_one() -> None:
    assert "doubtful" not in face_to_json(some_face())
    told = face_to_json(some_face(doubtful=True))
    assert face_from_json(JsonFields(told)).doubtful


def test_a_face_without_a_mesh_is_told_as_ever() -> None:
    assert "mesh" not in face_to_json(some_face())
    assert some_face().landmarker == "dlib"


def test_a_name_that_no_terminal_should_see_loses_what_steers_it() -> None:
    face = some_face(source="a\x1b[2J\n\udcff.mp4")
    assert face_from_json(JsonFields(face_to_json(face))).source == "a?[2J??.mp4"


def test_a_crop_comes_back() -> None:
    stored = StoredFace(some_face(), "whole", np.array([[2.0, 0.1, -7.0], [-0.1, 2.0, 3.0]]))
    again = stored_from_json(JsonFields.parse(json.dumps(stored_to_json(stored))))
    assert again.crop == "whole"
    assert np.array_equal(again.matrix, stored.matrix)
    assert np.allclose(again.landmarks, stored.landmarks, atol=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"landmarks": [[1, 2]]},
        {"landmarks": "none"},
        {"landmarks": [[{}, 2]] * 68},
        {"descriptor": "AAAA"},
        {"descriptor": "not base64!"},
        {"box": [1, 2, 3]},
        {"version": "x"},
    ],
)
def test_damage_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        face_from_json(JsonFields(face_to_json(some_face()) | wrong))


def test_a_newer_version_asks_for_an_upgrade() -> None:
    with pytest.raises(UserError, match="upgrade"):
        face_from_json(JsonFields(face_to_json(some_face()) | {"version": 2}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("sharpness", bad) for bad in (None, "1", float("nan"), float("inf"), True)),
        *(("id", bad) for bad in ("../../x", "a/b", "a\\b", "", ".", "a\x1b[2J", 7, "x" * 500)),
        *(("frame", bad) for bad in (None, "1", float("inf"), -1, 10**30)),
        *(("corrected", bad) for bad in (None, 1, "yes")),
        *(("descriptor", bad) for bad in (None, 7, "AAAA", "/" * 683 + "=", "A" * 10**6)),
        *(("source", bad) for bad in (None, 7)),
        *(("mesh", bad) for bad in (7, "AAAA", "not base64!", "A" * 10**6, "/" * 3824)),
        *(("box", bad) for bad in ([1, 2, 3], [1, 2, 3, None], [1, 2, 3, float("nan")])),
        *(("matrix", bad) for bad in ([[1, 0, 0]], [[1, 0, float("inf")], [0, 1, 0]])),
    ],
)
def test_a_field_that_is_not_as_it_should_be(field: str, value: object) -> None:
    told = {**stored_to_json(StoredFace(some_face(1), "whole", np.eye(2, 3))), field: value}
    with pytest.raises(ValueError):
        stored_from_json(JsonFields(told))
