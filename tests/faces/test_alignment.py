import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import transform
from faceswap_ae.faces.alignment import CROPS, matrix_of, misfit
from faceswap_ae.synthetic.people import CAST, alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.support.face_records import shaped

# The places of these features in a `whole` crop that compatible tools expect (shares of its side).
EYES, NOSE, MOUTH = [(0.3712, 0.3996), (0.6195, 0.3996)], (0.4954, 0.5402), (0.3846, 0.6643)


@given(st.floats(5, 3000), st.floats(-np.pi, np.pi))
def test_a_whole_face_lies_where_other_tools_have_it(scale: float, angle: float) -> None:
    landmarks = shaped(scale, angle)
    placed = transform(landmarks, matrix_of(landmarks, "whole", 512))
    share = (placed + 0.5) / 512
    assert np.allclose([share[36:42].mean(axis=0), share[42:48].mean(axis=0)], EYES, atol=2e-4)
    assert np.allclose(share[30], NOSE, atol=0.025)  # the tip of the nose
    assert np.allclose(share[48], MOUTH, atol=2e-4)
    assert misfit(landmarks) < 1e-6


@pytest.mark.parametrize("inner", ["half", "mid", "full", "inner"])
def test_smaller_crops_lie_inside_the_whole_one(inner: str) -> None:
    landmarks = shaped()
    corners = np.array([[0, 0], [511, 0], [0, 511], [511, 511]], float)
    small, whole = (matrix_of(landmarks, crop, 512) for crop in (inner, "whole"))
    frame = transform(corners - small[:, 2], np.column_stack([np.linalg.inv(small[:, :2]), [0, 0]]))
    placed = transform(frame, whole)
    assert placed.min() > 0
    assert placed.max() < 511


def test_head_follows_the_turn() -> None:
    still, turned = shaped(), shaped()
    turned[14:17, 0] += 30  # the right cheek is wider
    edge = [matrix_of(points, "head", 512)[0, 2] for points in (still, turned)]
    assert edge[1] < edge[0] - 1


def test_unknown_crop_names_the_near_one() -> None:
    with pytest.raises(ValueError, match="did you mean 'whole'"):
        matrix_of(shaped(), "wole", 512)


def test_every_one_of_the_cast_fits_and_a_scribble_does_not() -> None:
    for name in CAST:
        frame = render(alone(person(name)), Act(face=150, yaw=25), Setting((240, 240)))
        assert misfit(frame.landmarks.picture) < 0.1
    scribble = np.random.default_rng(0).uniform(0, 100, (68, 2))
    assert misfit(scribble) > 0.2
    assert set(CROPS) == {"half", "mid", "full", "whole", "head", "inner"}
