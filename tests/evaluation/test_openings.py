from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.evaluation.openings import (
    BROWS,
    LOWER_LIDS,
    LOWER_LIP,
    UPPER_LIDS,
    UPPER_LIP,
    eye_openings,
    openings,
)
from faceswap_ae.faces.mesh import EYE_CORNERS, POINTS
from faceswap_ae.faces.record import Face
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.support.face_records import some_face

APART, WIDE = 60.0, 30.0  # pixels between the eyes, and of an eye


def face(mesh: np.ndarray | None, landmarks: np.ndarray | None = None) -> Face:
    return some_face(landmarks=np.zeros((68, 2)) if landmarks is None else landmarks, mesh=mesh)


def mesh(eyes: float, mouth: float, brows: float) -> np.ndarray:
    """A mesh of which only lids, lips and brows have their places."""
    found = np.zeros((POINTS, 3))
    for side, (outer, inner), upper, lower, brow in zip(
        (-1, 1), EYE_CORNERS, UPPER_LIDS, LOWER_LIDS, BROWS, strict=True
    ):
        middle = np.array([side * APART / 2, 0, 0])
        found[[outer, inner]] = middle + WIDE / 2 * np.array([[side, 0, 0], [-side, 0, 0]])
        found[list(upper)] = middle - np.array([0, eyes * WIDE / 2, 0])
        found[list(lower)] = middle + np.array([0, eyes * WIDE / 2, 0])
        found[list(brow)] = middle - np.array([0, brows * APART, 0])
    found[list(UPPER_LIP)] = 0, APART, 0
    found[list(LOWER_LIP)] = 0, APART + mouth * APART, 0
    return found


@given(*[st.floats(0.01, 0.6)] * 3, st.floats(-1.2, 1.2), st.floats(0.2, 4))
def test_a_turned_or_larger_head_opens_nothing(
    eyes: float, mouth: float, brows: float, turn: float, scale: float
) -> None:
    cosine, sine = np.cos(turn), np.sin(turn)
    rotation = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    found = openings(face(scale * mesh(eyes, mouth, brows) @ rotation + [100, 50, 7]))
    assert (found.eyes_open, found.mouth_open, found.brows_high) == pytest.approx(
        (eyes, mouth, brows)
    )


def test_each_eye_has_its_opening() -> None:
    wink = mesh(0.3, 0, 0.5)
    wink[list(UPPER_LIDS[1])] = wink[list(LOWER_LIDS[1])]
    assert eye_openings(wink) == pytest.approx([0.3, 0])


def test_a_mesh_in_one_place_has_no_openings() -> None:
    found = openings(face(np.zeros((POINTS, 3))))
    assert (found.eyes_open, found.mouth_open, found.brows_high) == (0, 0, 0)


def test_without_a_mesh_the_landmarks_tell() -> None:
    still = Act(face=140)

    def seen(act: Act) -> dict[str, float]:
        frame = render(alone(person("ada")), act, Setting((240, 240)))
        return vars(openings(face(None, frame.landmarks.picture.astype(np.float64))))

    plain = seen(still)
    for part, felt in {
        "mouth_open": Expression(jaw=0.7),
        "brows_high": Expression(brow_up=0.8),
    }.items():
        assert seen(replace(still, felt=felt))[part] > plain[part] + 0.03
    shut = replace(still, look=replace(still.look, blink=(1.0, 1.0)))
    assert seen(shut)["eyes_open"] < plain["eyes_open"] / 2
