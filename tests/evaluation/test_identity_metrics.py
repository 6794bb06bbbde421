import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.evaluation.identity_metrics import (
    BATCH,
    BOX,
    PersonViews,
    describe_views,
    expression_error,
    identity,
    levelled,
    pose_error,
    retrieved,
    views_of_faces,
)
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.recogniser import describe
from faceswap_ae.faces.head_pose import head_pose
from faceswap_ae.faces.record import DESCRIPTOR, Face
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.people import Sitter, alone, hybrid, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIZE = (224, 224)
TURNS = (-20.0, 0.0, 20.0)
ADA, BEN = alone(person("ada")), alone(person("ben"))
Picture = tuple[Image, Points]
DEGREES = arrays(np.float64, (5, 3), elements=st.floats(-180, 180))
NUMBERS = st.floats(-500, 500)


def shot(sitter: Sitter, act: Act, seed: int = 0) -> Picture:
    frame = render(sitter, act, Setting(SIZE, seed=seed))
    return frame.image, frame.landmarks.picture.astype(np.float64)


def of(poses: np.ndarray[tuple[int, ...], np.dtype[np.float64]], mark: float = 0.0) -> PersonViews:
    """Views with these poses. Their descriptors contain `mark` and the view's number."""
    descriptors = np.zeros((len(poses), DESCRIPTOR))
    descriptors[:, 0], descriptors[:, 1] = mark, np.arange(len(poses))
    return PersonViews(np.zeros((len(poses), 68, 2)), descriptors, poses)


@pytest.fixture(scope="module")
def seen() -> dict[str, PersonViews]:
    """The views of the replaced person, the owner and the true swap, in several poses each."""
    swap = hybrid(person("ben"), person("ada"), "face")
    sitters = {"ada": ADA, "ben": BEN, "swap": swap}
    return {
        name: describe_views(shot(sitter, Act(face=130, yaw=turn), seed) for turn in TURNS)
        for seed, (name, sitter) in enumerate(sitters.items())
    }


def test_a_true_swap_is_its_owner(seen: dict[str, PersonViews]) -> None:
    owner, replaced = (identity(seen["swap"], seen[name]) for name in ("ben", "ada"))
    assert np.all(owner < 0.45) and np.all(replaced > owner + 0.15)
    assert retrieved(seen["swap"], [seen["ada"], seen["ben"]]).tolist() == [1, 1, 1]
    assert retrieved(seen["ada"], [seen["ada"], seen["ben"]]).tolist() == [0, 0, 0]


def test_nobody_is_far_from_themselves(seen: dict[str, PersonViews]) -> None:
    assert np.all(identity(seen["ada"], seen["ada"]) == 0)
    assert np.all(pose_error(seen["ada"], seen["ada"]) == 0)


def test_the_view_nearest_in_pose_is_compared() -> None:
    person_ = of(np.array([[0.0, 0.0, 0.0], [30.0, 0.0, 90.0], [np.nan] * 3]))
    found = of(np.array([[26.0, 2.0, -90.0], [-10.0, 0.0, 0.0], [-330.0, 0.0, 0.0]]))
    chosen = np.array([1, 0, 1])
    assert np.allclose(identity(found, person_), np.abs(np.arange(3) - chosen))


def test_nobody_to_compare_with(seen: dict[str, PersonViews]) -> None:
    with pytest.raises(ValueError, match="nobody"):
        identity(seen["ada"], describe_views([]))
    with pytest.raises(ValueError, match="nobody"):
        retrieved(seen["ada"], [])
    with pytest.raises(ValueError, match="nobody"):
        retrieved(seen["ada"], [seen["ben"], describe_views([])])


@given(arrays(np.float64, (4, 6), elements=st.floats(-1, 1)))
def test_the_owner_of_the_nearest_view_is_retrieved(spread: Points) -> None:
    people = [of(np.zeros((6, 3)), mark) for mark in (0.0, 10.0, 20.0)]
    found = of(np.zeros((4, 3)), 16.0)
    found.descriptors[:, 2:8] = spread
    assert retrieved(found, people).tolist() == [2] * 4


def test_more_pictures_than_are_described_at_once() -> None:
    picture = shot(ADA, Act(face=130))
    many = describe_views(picture for _ in range(BATCH + 2))
    assert len(many) == BATCH + 2
    assert np.allclose(many.descriptors, describe([picture]), atol=1e-5)
    told = head_pose(picture[1], SIZE)
    assert np.allclose(many.poses, (told.yaw, told.pitch, told.roll))
    assert np.array_equal(many[:3].landmarks, np.stack([picture[1]] * 3))


def test_landmarks_without_a_pose() -> None:
    image, points = shot(ADA, Act(face=130))
    flat = points * [1, 0] + [0, 100]
    flat[:, 1] += 2 * flat[:, 0]
    assert np.all(np.isnan(describe_views([(image, flat)]).poses))


def test_what_was_looked_at_before_is_not_looked_at_again() -> None:
    face = Face(
        id="a",
        source="clip.mp4",
        clip="f",
        frame=0,
        time=0.0,
        box=(0, 0, 9, 9),
        landmarks=np.arange(136.0).reshape(68, 2),
        detector="hog",
        score=1.0,
        descriptor=np.arange(DESCRIPTOR, dtype=np.float32),
        pose=(1.0, 2.0, 3.0),
    )
    views = views_of_faces([face, face])
    assert np.array_equal(views.landmarks[1], face.landmarks)
    assert np.array_equal(views.descriptors[1], face.descriptor)
    assert views.poses.tolist() == [[1, 2, 3]] * 2
    assert len(views_of_faces([])) == 0


@given(DEGREES, DEGREES)
def test_pose_errors_do_not_care_about_whole_turns(one: Points, other: Points) -> None:
    error = pose_error(of(one), of(other))
    assert np.all(error <= 180 * np.sqrt(3) + 1e-9)
    assert np.allclose(error, pose_error(of(one + 360), of(other - 720)), atol=1e-6)
    assert np.allclose(error, pose_error(of(other), of(one)), atol=1e-9)


@given(DEGREES, st.tuples(*[st.floats(-170, 170)] * 3))
def test_a_constant_difference_of_pose_is_taken_off(poses: Points, by: tuple[float, ...]) -> None:
    made = of(poses + by)
    assert np.allclose(pose_error(made, of(poses)), np.linalg.norm(by), atol=1e-6)
    assert np.allclose(pose_error(made, of(poses), level=True), 0, atol=1e-6)


def test_half_a_turn_to_the_left_is_one_to_the_right() -> None:
    turned = np.array([[0.0, 0, 179], [0, 0, 179], [0, 0, 181]])
    assert np.allclose(pose_error(of(turned), of(0 * turned), level=True), [0, 0, 2])


def test_heads_that_turn_too_little(seen: dict[str, PersonViews]) -> None:
    still = seen["ada"][np.array([1, 1, 1])]
    error = pose_error(still, seen["ada"], level=True)
    assert np.all(np.abs(error - [20, 0, 20]) < 3)


def test_what_is_unknown_stays_unknown() -> None:
    off = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [2.0, np.nan]])
    assert np.array_equal(levelled(off)[:, 0], [-1, 1, np.nan, 0], equal_nan=True)
    assert np.all(np.isnan(levelled(off)[:, 1]))
    assert len(levelled(np.zeros((0, 3)))) == 0


@given(st.tuples(NUMBERS, NUMBERS), st.floats(0.2, 5))
def test_expression_errors_go_with_the_face(shift: tuple[float, float], scale: float) -> None:
    rng = np.random.default_rng(0)
    wanted = rng.normal(100, 30, (3, 68, 2))
    made = wanted + rng.normal(0, 2, wanted.shape)
    plain, moved = (
        expression_error(one, other)
        for one, other in ((made, wanted), (made * scale + shift, wanted * scale + shift))
    )
    assert np.allclose(moved.whole, plain.whole * scale)
    for name in ("boxed", "points", "eyes", "mouth"):
        assert np.allclose(getattr(moved, name), getattr(plain, name))


def test_expression_errors_by_hand() -> None:
    wanted = np.stack([shot(ADA, Act(face=130))[1]])
    made = wanted.copy()
    made[0, 48:68] += [3, 4]
    error, apart = expression_error(made, wanted), wanted[0, 42:48] - wanted[0, 36:42]
    assert np.allclose(error.whole, 5 * np.sqrt(20))
    assert np.allclose(error.boxed, 5 * np.sqrt(20) * BOX / square_around(wanted[0]).side)
    assert np.allclose(error.mouth, 5 / np.linalg.norm(apart.mean(axis=0)))
    assert np.allclose(error.points, error.mouth * 20 / 68) and np.all(error.eyes == 0)


def test_a_mouth_that_does_not_open() -> None:
    closed, talking = (
        np.stack([shot(ADA, Act(face=130, felt=Expression(jaw=jaw)))[1]]) for jaw in (0.0, 0.6)
    )
    error = expression_error(closed, talking)
    assert error.mouth[0] > 0.1 and error.eyes[0] < 0.01
    with pytest.raises(ValueError, match="shape"):
        expression_error(closed, talking[:0])
