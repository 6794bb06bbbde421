import numpy as np
import pytest

from faceswap_ae.common.geometry import Points
from faceswap_ae.faces.mesh import EYE_RINGS, IRISES
from faceswap_ae.reenactment.mesh_warp import (
    OVAL,
    bend,
    draw,
    facing,
    portrait_map,
    source_map,
    triangles,
    visible,
)
from faceswap_ae.reenactment.regions import MOUTH
from tests.support.heads import SIDE, head, painted, placed


@pytest.fixture(scope="module")
def mesh() -> Points:
    return np.asarray(placed(head(1)[None])[0])


@pytest.mark.parametrize("make", [source_map, portrait_map])
def test_the_same_mesh_changes_nothing(mesh: Points, make: object) -> None:
    drawn = draw(mesh, SIDE)
    assert callable(make)
    where = make(drawn, mesh)
    y, x = np.mgrid[:SIDE, :SIDE]
    there = np.repeat(np.repeat(drawn.shown >= 0, drawn.step, 0), drawn.step, 1)
    inner = there & np.roll(there, 4, 0) & np.roll(there, -4, 0)
    inner &= np.roll(there, 4, 1) & np.roll(there, -4, 1)
    assert np.abs(where - np.stack([x, y], -1))[inner].max() < 0.6


@pytest.mark.parametrize("part", [(10, 51, 33, 90), (0, 128, 0, 128), (70, 71, 127, 128)])
def test_a_part_of_the_map_is_that_of_the_whole(
    mesh: Points, part: tuple[int, int, int, int]
) -> None:
    drawn, other = draw(mesh, SIDE), placed(head(2)[None], yaw=20)[0]
    some = slice(*part[:2]), slice(*part[2:])
    assert np.allclose(source_map(drawn, other, some), source_map(drawn, other)[some], atol=0.02)


def test_an_eye_at_the_edge_of_a_part_is_that_of_the_whole(mesh: Points) -> None:
    drawn, other = draw(mesh, SIDE), mesh.copy()
    other[468:, 0] += 4  # it looks aside
    whole = source_map(drawn, other)
    for edge in range(8, SIDE - 8, 3):
        for some in ((slice(0, SIDE), slice(edge, SIDE)), (slice(0, edge), slice(0, SIDE))):
            assert np.allclose(source_map(drawn, other, some), whole[some], atol=0.02)


@pytest.mark.parametrize(("apart", "seed"), [(0.02, 4), (0.05, 4), (0.4, 5)])
def test_a_mouth_that_is_all_but_shut_shows_nothing_from_afar(apart: float, seed: int) -> None:
    rng, lips, inner = np.random.default_rng(seed), list(MOUTH), list(MOUTH[-40:])
    shut = placed(head(1)[None])[0]
    shut[inner, 1] = shut[inner, 1].mean() + rng.normal(0, apart, len(inner))
    shut[inner, 0] += rng.normal(0, apart, len(inner))
    opened = placed(head(1, m0=8.0)[None])[0]
    left, top = shut[lips, :2].min(axis=0).astype(int)
    right, bottom = shut[lips, :2].max(axis=0).astype(int)
    where = source_map(draw(shut, SIDE), opened)[top:bottom, left:right]
    low, high = (end(opened[lips, :2], axis=0) for end in (np.min, np.max))
    assert (where > low - 3).all() and (where < high + 3).all()


def test_points_are_shown_where_they_are_wanted(mesh: Points) -> None:
    picture = painted(mesh)
    wanted = placed(head(1, m0=2.0)[None], yaw=6)[0]
    made = bend(picture, source_map(draw(wanted, SIDE), mesh))
    front = [4, 9, 50, 280, 152, 199]
    for point in front:
        (x, y), (u, v) = wanted[point, :2].round().astype(int), mesh[point, :2].round().astype(int)
        assert np.abs(made[y, x].astype(int) - picture[v, u]).max() < 40


def test_what_lies_behind_is_not_shown() -> None:
    aside = placed(head(1)[None], yaw=50)[0]
    assert facing(aside).mean() < facing(placed(head(1)[None])[0]).mean()
    shown = np.unique(draw(aside, SIDE).shown)
    assert set(np.flatnonzero(facing(aside) > 0.9)) & set(shown.tolist())
    hidden = np.flatnonzero(facing(aside) == 0)
    assert len(np.intersect1d(hidden, shown)) < 0.6 * len(hidden)


def test_what_lies_behind_another_part_counts_nothing() -> None:
    aside = placed(head(1)[None], yaw=55)[0]
    seen, towards = visible(aside, SIDE), facing(aside)
    behind = (towards > 0.5) & (seen == 0)
    assert 0 < behind.sum() < 0.1 * len(seen)
    assert (seen[~behind] == towards[~behind])[towards[~behind] > 0.5].all()
    ahead = placed(head(1)[None])[0]
    assert visible(ahead, SIDE).sum() > 0.95 * facing(ahead).sum()


def test_the_iris_moves_within_the_lids(mesh: Points) -> None:
    wanted = mesh.copy()
    for iris in IRISES:
        wanted[iris, 0] += 2.0
    drawn = draw(wanted, SIDE)
    where, plain = source_map(drawn, mesh), source_map(draw(mesh, SIDE), mesh)
    for iris, ring in zip(IRISES, EYE_RINGS, strict=True):
        x, y = wanted[iris, :2].mean(axis=0).round().astype(int)
        assert -2.6 < (where - plain)[y, x, 0] < -0.8
        outside = mesh[ring[40], :2].round().astype(int)
        assert np.abs((where - plain)[outside[1], outside[0]]).max() < 0.3


def test_far_from_the_face_a_portrait_stays() -> None:
    small = placed(head(1)[None], scale=22.0)[0]
    moved = placed(head(1)[None], yaw=12, scale=22.0)[0] + np.array([3.0, 0, 0])
    where = portrait_map(draw(moved, SIDE), small)
    y, x = np.mgrid[:SIDE, :SIDE]
    away = np.abs(where - np.stack([x, y], -1)).max(axis=-1)
    edge = np.concatenate([away[2], away[-3], away[:, 2], away[:, -3]])
    assert edge.max() < 0.5 < away.max()
    assert np.abs(np.diff(away, axis=0)).max() < 2.5  # no tear


def test_a_map_goes_on_beyond_the_outline(mesh: Points) -> None:
    shown = draw(mesh, SIDE).shown
    ring = len(triangles()) - 2 * len(OVAL)
    assert (shown >= ring).any() and (shown < 0).any()


def test_a_mesh_outside_of_the_picture_is_drawn(mesh: Points) -> None:
    drawn = draw(mesh + np.array([1e5, -1e5, 0]), SIDE)
    assert np.isfinite(source_map(drawn, mesh)).all()
