from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import Points
from faceswap_ae.faces.head_pose import FOCAL, HEAD, RIGID, HeadPose, head_pose
from faceswap_ae.synthetic.model import rotation
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render

SIZE = (320, 240)
# For each landmark of the pose estimation: its mirrored counterpart.
MIRRORED = {31: 35, 32: 34, 33: 33, 34: 32, 35: 31, 36: 45, 39: 42, 42: 39, 45: 36, 48: 54, 54: 48}
DEGREES = st.tuples(st.floats(-60, 60), st.floats(-40, 40), st.floats(-80, 80))


def seen(angles: tuple[float, float, float], away: float = 900.0) -> Points:
    """The generic head's landmarks as a camera sees them, centred in a picture of SIZE."""
    turned = (HEAD - HEAD.mean(axis=0)) @ np.asarray(rotation(*angles), float).T
    focal, aim = FOCAL * max(SIZE), np.zeros(2)
    for _ in range(60):  # until the mean of the points is on the optical axis
        near = focal / (away - turned[:, 2:])
        aim -= (flat := (turned[:, :2] + aim) * near).mean(axis=0) / near.mean()
    points = np.full((68, 2), np.nan)
    points[RIGID] = flat * [1, -1] + [160, 120]
    return points


@given(DEGREES)
def test_the_angles_of_the_generic_head_are_found(angles: tuple[float, float, float]) -> None:
    assert np.allclose(astuple(head_pose(seen(angles), SIZE)), angles, atol=0.01)


@given(DEGREES, st.floats(0.2, 5), st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_place_and_scale_do_not_matter(
    angles: tuple[float, float, float], scale: float, place: tuple[float, float]
) -> None:
    size = round(320 * scale), 10
    moved = seen(angles) * (size[0] / 320) + place
    assert np.allclose(astuple(head_pose(moved, size)), angles, atol=0.05)


@given(DEGREES)
def test_a_mirror_turns_yaw_and_roll_round(angles: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(0)
    points = seen(angles) + rng.normal(0, 1, (68, 2))
    mirrored = points.copy()
    for one, other in MIRRORED.items():
        mirrored[one] = points[other]
    mirrored[:, 0] *= -1
    found, turned = head_pose(points, SIZE), head_pose(mirrored, SIZE)
    assert np.allclose(astuple(turned), (-found.yaw, found.pitch, -found.roll), atol=0.05)


@pytest.mark.parametrize("name", ["ada", "carl"])
@pytest.mark.parametrize(
    ("turn", "near"),
    [(Act(yaw=25), 4), (Act(yaw=-20), 4), (Act(pitch=10), 2.5), (Act(roll=12), 1.5)],
)
def test_heads_turn_as_the_renderer_was_told(name: str, turn: Act, near: float) -> None:
    """The pose is compared with that of the same head from the front.

    The difference between two people's heads is a constant.
    """

    def told(act: Act) -> HeadPose:
        frame = render(alone(person(name)), act, Setting((224, 224), grain=0))
        return head_pose(frame.landmarks.picture.astype(float), (224, 224))

    straight, turned = told(Act()), told(turn)
    difference = np.subtract(astuple(turned), astuple(straight))
    assert np.abs(difference - (turn.yaw, turn.pitch, turn.roll)).max() < near
    assert np.abs(astuple(straight)).max() < 12


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((68, 2)),
        np.full((68, 2), np.nan),
        np.full((68, 2), np.inf),
        np.stack([np.arange(68.0), 3 * np.arange(68.0)], axis=1),
    ],
)
def test_what_is_no_head(points: Points) -> None:
    with pytest.raises(ValueError, match="no pose"):
        head_pose(points, SIZE)


def test_scattered_points_have_some_pose() -> None:
    rng = np.random.default_rng(1)
    for size in (1e-2, 1.0, 1e6):
        assert np.all(np.isfinite(astuple(head_pose(rng.normal(0, size, (68, 2)), SIZE))))
