import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.geometry import compose, scale_of, transform
from faceswap_ae.moves import MIRRORED, from_pixels, mirror, moved, random_move, to_pixels
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

STILL = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
seeds = st.integers(0, 10**6)


def test_a_mirror_of_a_mirror_is_the_face() -> None:
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(68))
    points = np.random.default_rng(0).random((68, 2))
    twice = moved(moved(points, mirror(STILL)), mirror(STILL))
    assert np.allclose(twice, points)


def test_a_mirrored_face_has_its_landmarks_in_the_usual_order() -> None:
    frame = render(alone(person("ada")), Act(80), Setting((128, 128)))
    points = transform(frame.landmarks.picture.astype(np.float64), from_pixels(128))
    seen = moved(points, mirror(STILL))
    width = np.ptp(points[:, 0])
    # One who looks into the camera looks like her own mirror image, point by point.
    off = seen - points - (seen - points).mean(axis=0)
    assert np.linalg.norm(off, axis=1).max() < 0.05 * width


@given(seeds)
def test_a_move_stays_within_its_ranges(seed: int) -> None:
    move = random_move(np.random.default_rng(seed), 10, 0.1, 0.05)
    assert 0.9 <= scale_of(move) <= 1.1
    assert abs(np.degrees(np.arctan2(move[1, 0], move[0, 0]))) <= 10
    middle = transform(np.array([[0.5, 0.5]]), move)[0]
    assert np.abs(middle - 0.5).max() <= 0.05
    assert np.allclose(random_move(np.random.default_rng(seed), 0, 0, 0), STILL)


@given(seeds)
def test_the_mirror_is_the_crops(seed: int) -> None:
    move = random_move(np.random.default_rng(seed), 10, 0.1, 0.05)
    points = np.array([[0.1, 0.2], [0.7, 0.9]])
    seen = transform(points * (-1, 1) + (1, 0), move)
    assert np.allclose(transform(points, mirror(move)), seen)


@given(st.integers(1, 999), st.integers(0, 99))
def test_pixels_and_units_are_inverse(size: int, margin: int) -> None:
    both = compose(from_pixels(size, margin), to_pixels(size, margin))
    assert np.allclose(both, STILL)
    corner = transform(np.zeros((1, 2)), to_pixels(size, margin))
    assert np.allclose(corner, margin - 0.5)
