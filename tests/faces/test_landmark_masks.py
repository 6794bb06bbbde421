import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.landmark_masks import (
    between_lips,
    eye_masks,
    hull,
    hull_mask,
    middle_mask,
    mouth_mask,
    outline_mask,
)
from faceswap_ae.synthetic.expression import Expression
from faceswap_ae.synthetic.eyes import Look
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render

SIZE = (256, 240)


def shot(act: Act) -> SyntheticFrame:
    return render(alone(person("ada")), act, Setting(SIZE, grain=0))


@pytest.fixture(scope="module")
def frame() -> SyntheticFrame:
    return shot(Act())


@pytest.fixture(scope="module")
def points(frame: SyntheticFrame) -> Points:
    return frame.landmarks.picture.astype(np.float64)


def covered(mask: Image) -> float:
    """The area of a mask in pixels, with soft edges counted as fractions."""
    return float(mask.sum(dtype=np.float64)) / 255


def test_outline_holds_all_landmarks_and_some_forehead(points: Points) -> None:
    outline = hull(points)
    corners = outline.astype(np.float32)
    assert all(cv2.pointPolygonTest(corners, tuple(point), True) > -0.01 for point in points)
    assert cv2.isContourConvex(corners)
    brows, nose = points[17:27, 1].min(), points[33, 1]
    assert 0.15 < (brows - outline[:, 1].min()) / (nose - brows) < 0.4


@pytest.mark.parametrize("act", [Act(), Act(yaw=25), Act(pitch=-10), Act(roll=30)])
def test_the_true_face_lies_inside(act: Act) -> None:
    made = shot(act)
    mask = hull_mask(made.landmarks.picture.astype(np.float64), SIZE)
    assert mask.shape == made.mask.shape and mask.dtype == np.uint8
    assert np.mean(mask[made.mask > 0] > 127) > 0.99
    assert covered(mask) < 1.5 * np.count_nonzero(made.mask)


def test_the_mask_is_as_large_as_the_outline(points: Points) -> None:
    area = cv2.contourArea(hull(points).astype(np.float32))
    assert abs(covered(hull_mask(points, SIZE)) / area - 1) < 0.03


@given(st.integers(-40, 40), st.integers(-40, 40))
def test_masks_move_with_the_landmarks(points: Points, x: int, y: int) -> None:
    there, moved = hull_mask(points, SIZE), hull_mask(points + np.array([x, y]), SIZE)
    width, height = SIZE
    old = there[max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)]
    new = moved[max(y, 0) : height - max(-y, 0), max(x, 0) : width - max(-x, 0)]
    assert np.array_equal(old, new)


@given(st.floats(-np.pi, np.pi), st.floats(0.3, 3))
def test_outlines_turn_with_the_landmarks(points: Points, angle: float, scale: float) -> None:
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    both = hull(points) @ turn, hull(points @ turn)
    outlines = [np.asarray(corners, np.float32) for corners in both]
    one_area, other_area = (cv2.contourArea(outline) for outline in outlines)
    one_way, other_way = (cv2.arcLength(outline, True) for outline in outlines)
    assert abs(one_area / other_area - 1) < 1e-3 and abs(one_way / other_way - 1) < 1e-3


def test_eyes_and_mouth_lie_where_they_are(points: Points) -> None:
    left, right = eye_masks(points, SIZE)
    mouth, face = mouth_mask(points, SIZE), hull_mask(points, SIZE)
    for mask, part in ((left, slice(36, 42)), (right, slice(42, 48)), (mouth, slice(48, 60))):
        x, y = points[part].mean(axis=0).round().astype(int)
        assert mask[y, x] == 255
        tight = cv2.contourArea(points[part].astype(np.float32))
        assert tight < covered(mask) < 8 * tight
        assert np.all(face[mask > 127] > 0)
    assert not np.any(left & right) and not np.any(mouth & (left | right))


def test_a_border_of_nothing_is_the_polygon_itself(points: Points) -> None:
    area = cv2.contourArea(points[48:60].astype(np.float32))
    assert abs(covered(mouth_mask(points, SIZE, 0)) / area - 1) < 0.2
    plain, wide = (covered(eye_masks(points, SIZE, lids)[0]) for lids in (0, 0.5))
    assert wide > 3 * plain


def test_closed_eyes_are_still_seen() -> None:
    closed = shot(Act(look=Look(blink=(1, 1)))).landmarks.picture.astype(np.float64)
    opened = shot(Act()).landmarks.picture.astype(np.float64)
    for shut, open_ in zip(eye_masks(closed, SIZE), eye_masks(opened, SIZE), strict=True):
        assert 0.4 < covered(shut) / covered(open_) < 1


def test_faces_beyond_the_picture(points: Points) -> None:
    assert not hull_mask(points + np.array([5000, 0]), SIZE).any()
    half = hull_mask(points - np.array([points[30, 0], 0]), SIZE)
    assert half[:, :2].any() and not half[:, 200:].any()
    # The points are larger than OpenCV's integers. The whole picture is inside.
    assert hull_mask((points - points[30]) * 1e9 + 100, SIZE).min() == 255


def test_an_outline_of_one_point_is_small() -> None:
    assert covered(outline_mask(np.full((5, 2), 20.0), (40, 40))) <= 4


@pytest.mark.parametrize("bad", [np.zeros((5, 2)), np.full((68, 2), np.nan), np.zeros((68, 3))])
def test_what_is_no_face(bad: Points) -> None:
    for masked in (hull_mask, eye_masks, mouth_mask):
        with pytest.raises(ValueError, match="68 points"):
            masked(bad, SIZE)
    with pytest.raises(ValueError, match="68 points"):
        hull(bad)


@pytest.mark.parametrize("act", [Act(), Act(yaw=25), Act(pitch=-10), Act(roll=30)])
def test_the_middle_is_skin_and_no_more(act: Act) -> None:
    points = shot(act).landmarks.picture.astype(np.float64)
    middle, whole = middle_mask(points, SIZE), hull_mask(points, SIZE)
    assert 0.2 < covered(middle) / covered(whole) < 0.6
    assert np.all(whole[middle == 255] == 255)
    for part in (*eye_masks(points, SIZE), mouth_mask(points, SIZE), between_lips(points, SIZE)):
        assert not np.any((part == 255) & (middle > 0))


def test_lips_part() -> None:
    shut, open_ = (
        covered(between_lips(shot(act).landmarks.picture.astype(np.float64), SIZE))
        for act in (Act(), Act(felt=Expression(jaw=0.8)))
    )
    assert open_ > 3 * shut
