import numpy as np
import pytest

from faceswap_ae.common.geometry import Points
from faceswap_ae.reenactment.head_model import find_heads
from faceswap_ae.reenactment.portrait import Portrait, portrait, portrait_meshes
from tests.support.heads import SIDE, head, painted, placed


@pytest.fixture(scope="module")
def mesh() -> Points:
    return np.asarray(placed(head(1)[None], scale=30)[0])


@pytest.fixture(scope="module")
def own(mesh: Points) -> Portrait:
    return portrait(painted(mesh), mesh)


def test_a_photo_that_does_not_move_stays(own: Portrait, mesh: Points) -> None:
    made = own.moved(mesh, own.photo, mesh)
    assert made.shape == own.photo.shape
    assert np.abs(made.astype(int) - own.photo).mean() < 1.5


def test_the_square_may_reach_beyond_the_photo(mesh: Points) -> None:
    near = mesh * [1.5, 1.5, 1.5] - [SIDE / 4, SIDE / 4, 0]
    large = portrait(painted(near), near)
    assert large.corner[0] < 0 and large.size > SIDE
    made = large.moved(near + np.array([4.0, 0, 0]), large.photo, near)
    assert made.shape == large.photo.shape and (made != large.photo).any()


def test_an_open_mouth_is_the_performers(own: Portrait, mesh: Points) -> None:
    opened = placed(head(1, m0=6.0)[None], scale=30)[0]
    red = np.full_like(own.photo, (200, 20, 20))
    x, y = opened[[13, 14], :2].mean(axis=0).round().astype(int)
    made, without = (own.moved(opened, frame, opened) for frame in (red, own.photo))
    assert (
        int(made[y, x, 0]) - int(made[y, x, 1]) > 60 > int(without[y, x, 0]) - int(without[y, x, 1])
    )
    assert np.abs(made.astype(int) - without)[: y - 25].max() == 0
    assert mesh.shape == opened.shape


def test_the_head_turns_as_the_performers_does(own: Portrait) -> None:
    yaws = np.linspace(-15, 15, 31)
    play = [placed(head(2, m0=1 + np.sin(yaw))[None], yaw)[0] for yaw in yaws]
    wanted = portrait_meshes(own, np.array(play, np.float32)).astype(np.float64)
    found = np.degrees(find_heads(wanted, head(1)).angles[:, 0])
    assert np.abs(found - yaws).max() < 3
    middles = wanted[:, :468, :2].mean(axis=1)
    assert np.ptp(middles, axis=0).max() < 0.3 * np.ptp(own.mesh[:, 0])


def test_a_head_turns_no_farther_than_the_photo_bears(own: Portrait) -> None:
    yaws = np.linspace(0, 80, 30)
    play = [placed(head(2)[None], yaw)[0] for yaw in yaws]
    wanted = portrait_meshes(own, np.array(play, np.float32)).astype(np.float64)
    found = np.degrees(find_heads(wanted, head(1)).angles[:, 0])
    assert (np.diff(found) > 0).all() and 30 < found[-1] < 42
