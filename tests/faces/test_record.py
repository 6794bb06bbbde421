import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.record import Stored, tell, tell_stored, understand, understand_stored
from tests.support.face_records import some_face


@given(st.integers(0, 10**6), st.text(max_size=20), st.booleans())
def test_a_face_comes_back(seed: int, source: str, corrected: bool) -> None:
    face = some_face(seed, source=source, corrected=corrected)
    again = understand(json.loads(json.dumps(tell(face))))
    assert np.allclose(again.landmarks, face.landmarks, atol=0.0051)
    assert np.array_equal(again.descriptor, face.descriptor)
    plain = ("id", "source", "clip", "frame", "detector", "track", "corrected", "box", "pose")
    assert all(getattr(again, name) == getattr(face, name) for name in plain)


def test_a_crop_comes_back() -> None:
    stored = Stored(some_face(), "whole", np.array([[2.0, 0.1, -7.0], [-0.1, 2.0, 3.0]]))
    again = understand_stored(json.loads(json.dumps(tell_stored(stored))))
    assert again.crop == "whole"
    assert np.array_equal(again.matrix, stored.matrix)
    assert np.allclose(again.landmarks, stored.landmarks, atol=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"landmarks": [[1, 2]]},
        {"landmarks": "none"},
        {"descriptor": "AAAA"},
        {"descriptor": "not base64!"},
        {"box": [1, 2, 3]},
        {"version": "x"},
    ],
)
def test_damage_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        understand(tell(some_face()) | wrong)


def test_a_newer_version_asks_for_an_upgrade() -> None:
    with pytest.raises(UserError, match="upgrade"):
        understand(tell(some_face()) | {"version": 2})
