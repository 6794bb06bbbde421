import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import Points, compose, scale_of, transform
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from faceswap_ae.training.data.geometric import (
    FINE_NODES,
    MIRRORED,
    NODES,
    Grid,
    apply_move,
    bend_to,
    combine_bends,
    from_pixels,
    look_up,
    mirror,
    nearest,
    random_bend,
    random_move,
    to_pixels,
)
from tests.support.face_folders import shot

STILL = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
seeds = st.integers(0, 10**6)


def test_a_mirror_of_a_mirror_is_the_face() -> None:
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(68))
    points = np.random.default_rng(0).random((68, 2))
    twice = apply_move(apply_move(points, mirror(STILL)), mirror(STILL))
    assert np.allclose(twice, points)


def test_a_mirrored_face_has_its_landmarks_in_the_usual_order() -> None:
    frame = render(alone(person("ada")), Act(80), Setting((128, 128)))
    points = transform(frame.landmarks.picture.astype(np.float64), from_pixels(128))
    seen = apply_move(points, mirror(STILL))
    width = np.ptp(points[:, 0])
    # A face that looks into the camera resembles its own mirror image, landmark by landmark.
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


SIZE = 64


STRAIGHT: Grid = np.zeros((NODES, NODES, 2))


def pixels(size: int) -> Points:
    y, x = np.mgrid[0:size, 0:size]
    return np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float64)


def looked_up(bend: Grid, back: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Points:
    return np.stack(look_up(bend, back, SIZE), axis=-1).reshape(-1, 2).astype(np.float64)


def shape(who: str, yaw: float) -> Points:
    return transform(shot(who, yaw)[1], from_pixels(128))


def test_without_a_bend_only_the_matrix_is_left() -> None:
    back = np.array([[50.0, -9.0, 3.0], [9.0, 50.0, -2.0]])
    straight = transform(transform(pixels(SIZE), from_pixels(SIZE)), back)
    assert np.allclose(looked_up(STRAIGHT, back), straight, atol=1e-3)


def test_a_node_moves_what_is_around_it() -> None:
    bend = STRAIGHT.copy()
    bend[2, 2] = 0.1, 0.0
    off = looked_up(bend, to_pixels(SIZE)) - pixels(SIZE)
    across = off[:, 0].reshape(SIZE, SIZE)
    middle = across[SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2 - 1 : SIZE // 2 + 1]
    assert np.allclose(middle, 0.1 * SIZE, atol=0.1)
    assert np.abs(across[:, 0]).max() < 0.02 * SIZE
    assert np.abs(off[:, 1]).max() < 1e-3


@given(st.integers(0, 10**6))
def test_a_random_bend_folds_nothing_over(seed: int) -> None:
    bend = random_bend(np.random.default_rng(seed), 0.03)
    x, y = look_up(bend, to_pixels(SIZE), SIZE)
    turned = np.diff(x, axis=1)[1:] * np.diff(y, axis=0)[:, 1:]
    turned -= np.diff(x, axis=0)[:, 1:] * np.diff(y, axis=1)[1:]
    assert turned.min() > 0


def test_a_random_bend_is_as_wide_as_asked() -> None:
    rng = np.random.default_rng(0)
    many = np.stack([random_bend(rng, 0.03) for _ in range(100)])
    assert 0.025 < many.std() < 0.03
    assert not random_bend(rng, 0).any()


def test_a_face_is_bent_to_another_ones_shape() -> None:
    ada, ben = shape("ada", -10.0), shape("ben", 20.0)
    size = 500
    x, y = look_up(bend_to(ben, ada), to_pixels(size), size)
    # The offsets at the pixels of ben's landmarks.
    column, row = (ben * size).astype(int).T
    off = np.stack([x[row, column] - column, y[row, column] - row], axis=-1) / size
    wanted = ada - ben
    assert np.linalg.norm(wanted, axis=1).mean() > 0.03
    left = np.linalg.norm(off - wanted, axis=1).mean()
    assert left < np.linalg.norm(wanted, axis=1).mean() / 4


def test_two_bends_are_one() -> None:
    rng = np.random.default_rng(1)
    coarse = random_bend(rng, 0.03)
    fine = 0.01 * rng.normal(size=(FINE_NODES, FINE_NODES, 2))
    back = to_pixels(SIZE)
    added = looked_up(coarse, back) + looked_up(fine, back) - pixels(SIZE)
    off = np.linalg.norm(looked_up(combine_bends(coarse, fine), back) - added, axis=1)
    assert off.mean() < 0.2 and off.max() < 1.0


def test_one_of_the_nearest_shapes_is_taken() -> None:
    own = shape("ada", 20.0)
    far = np.stack([own + 0.01 * number for number in range(40)]).astype(np.float32)
    rng = np.random.default_rng(0)
    taken = {round(float((nearest(own, far, rng) - own).mean()) / 0.01) for _ in range(60)}
    assert taken <= set(range(10))
    assert len(taken) > 5
    assert np.allclose(nearest(own, far[:1], rng), own, atol=1e-6)
