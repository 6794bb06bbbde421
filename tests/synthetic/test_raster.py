import numpy as np
import pytest
from numpy.typing import NDArray

from faceswap_ae.synthetic.raster import normals, raster

Points = NDArray[np.float32]


def plane(size: int = 9, step: float = 10.0, corner: float = 5.0) -> tuple[Points, Points]:
    """A flat grid that faces the viewer, with depth that rises to the right."""
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    screen = np.stack([corner + step * across, corner + step * down], -1).astype(np.float32)
    return screen, across.astype(np.float32)


@pytest.mark.parametrize("step", [0.6, 1.0, 3.3, 10.0, 40.0])
def test_every_pixel_of_a_plane_knows_its_place(step: float) -> None:
    screen, depth = plane(step=step)
    side = int(8 * step + 10)
    hits = raster(screen, depth, (side, side))
    down, across = np.nonzero(hits.covered)
    assert len(down) == pytest.approx((8 * step) ** 2, rel=0.25 if step < 1 else 0.05)
    assert np.allclose(hits.column[down, across], (across + 0.5 - 5) / step, atol=2e-3)
    assert np.allclose(hits.row[down, across], (down + 0.5 - 5) / step, atol=2e-3)
    assert np.allclose(hits.depth[down, across], hits.column[down, across], atol=2e-3)
    low, high = int(np.ceil(5.5)), int(5 + 8 * step - 0.5)
    assert hits.covered[low:high, low:high].all()  # no gap between triangles


def test_many_small_triangles_are_drawn_as_few() -> None:
    screen, depth = plane(size=300, step=1.7)
    hits = raster(screen, depth, (520, 520))
    down, across = np.nonzero(hits.covered)
    assert len(down) == pytest.approx((299 * 1.7) ** 2, rel=0.01)
    assert np.allclose(hits.column[down, across], (across + 0.5 - 5) / 1.7, atol=5e-3)
    assert np.allclose(hits.row[down, across], (down + 0.5 - 5) / 1.7, atol=5e-3)


def test_the_nearer_of_two_surfaces_is_seen() -> None:
    screen, depth = plane()
    both = np.concatenate([screen, screen + 3])
    depths = np.concatenate([np.zeros_like(depth), np.ones_like(depth)])
    skip = np.zeros(depths.shape, bool)
    skip[8] = True  # the cells that would connect the two surfaces
    hits = raster(both, depths, (100, 100), skip)
    assert (hits.depth[9:80, 9:80] == 1).all()
    assert hits.depth[6, 6] == 0


def test_what_faces_away_is_not_seen() -> None:
    screen, depth = plane()
    assert not raster(screen[:, ::-1], depth, (100, 100)).covered.any()


def test_what_lies_outside_the_picture() -> None:
    screen, depth = plane()
    assert not raster(screen + 500, depth, (100, 100)).covered.any()
    half = raster(screen - 40, depth, (100, 100)).covered
    assert half[:44, :44].all() and not half[46:, 46:].any()


def test_normals_of_a_cylinder_point_outwards() -> None:
    angle = np.linspace(-np.pi, np.pi, 73)
    around = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1)
    rings = [around + np.array([0, 5 - height, 0]) for height in range(10)]
    tube = np.stack(rings).astype(np.float32)
    found = normals(tube)[1:-1, 1:-1]
    assert np.allclose(found, np.broadcast_to(around, tube.shape)[1:-1, 1:-1], atol=0.01)
