import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.faces.mesh import EYE_RINGS, OUTER_CORNERS, SKIN
from faceswap_ae.reenactment.head_model import (
    find_heads,
    fit_places,
    head_model,
    mirror_places,
    turn_terms,
)
from tests.support.heads import head, placed, turned

ANGLES = st.floats(-50, 50)


def test_the_mean_head_looks_straight_ahead_and_has_its_unit() -> None:
    model = head_model()
    left, right = model.mean[list(OUTER_CORNERS)]
    assert np.allclose(np.linalg.norm(right - left), 1, atol=0.01)
    assert abs(left[2] - right[2]) < 0.05 and abs(left[1] - right[1]) < 0.02
    assert model.mean[4, 2] < min(left[2], right[2])  # the tip of the nose is nearer
    assert 800 < len(model.triangles) < 1000
    assert set(np.unique(model.triangles)) == set(range(SKIN))


@given(ANGLES, st.floats(-25, 25), st.floats(5, 500))
def test_a_head_is_found_where_it_was_put(yaw: float, pitch: float, scale: float) -> None:
    own = head(3)
    mesh = placed(own[None], yaw, pitch, scale)
    places = find_heads(mesh, own)
    assert np.allclose(places.turn[0], turned(yaw, pitch), atol=1e-6)
    assert np.allclose(places.scale, scale)
    assert np.allclose(places.to_heads(mesh)[0], own, atol=1e-6)
    assert np.allclose(places.to_pictures(own[None]), mesh, atol=1e-4)


@given(ANGLES, st.floats(-25, 25))
def test_angles_say_where_it_looks(yaw: float, pitch: float) -> None:
    places = find_heads(placed(head_model().mean[None], yaw, pitch))
    assert np.allclose(np.degrees(places.angles[0, 0]), yaw, atol=0.5 + 0.05 * abs(pitch))
    assert np.allclose(turn_terms(np.zeros((1, 2))), 0)


def test_a_mirror_image_is_no_turn() -> None:
    own = head(1)
    flat = own * [-1, 1, 1]
    places = fit_places(own, flat[None])
    assert np.linalg.det(places.turn[0]) > 0.99


def test_each_point_has_one_in_its_mirror_image() -> None:
    places, mean = mirror_places(), head_model().mean
    assert (places[places] == np.arange(len(mean))).all()
    assert np.abs(mean[places] * [-1, 1, 1] - mean).max() < 0.03
    for one, other in zip(*EYE_RINGS, strict=True):
        assert places[one] == other
