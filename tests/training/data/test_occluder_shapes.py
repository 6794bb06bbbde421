import numpy as np

from faceswap_ae.training.data.occluder_shapes import faced, flat, solid, stripes, stroke, texture

ALL = slice(None), slice(None)
LIGHT = np.array([-1.0, 0.0, 1.0])  # light from the left


def square(side: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array([(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)]) * side / 2 + 50


def test_a_stroke_is_round() -> None:
    relief = flat(100, 10)
    stroke(relief, [np.array([50.0, 20.0]), np.array([50.0, 80.0])], 10)
    assert (relief.cover[50] > 127).sum() in (19, 20, 21)
    across = relief.heights[50].astype(int)
    assert across[50] > 240 and 90 < across[43] < across[46] < across[50]
    light = faced(relief, ALL, LIGHT)[50]
    assert light[44] > light[50] + 0.1 > light[56] + 0.2


def test_a_board_is_flat_with_an_edge() -> None:
    relief = flat(100, 3)
    solid(relief, square(60), 3, edged=True)
    assert np.ptp(relief.heights[30:70, 30:70]) == 0
    assert (relief.cover > 127).sum() in range(3500, 3800)
    light = faced(relief, ALL, LIGHT)
    assert np.ptp(light[40:60, 40:60]) == 0
    assert light[50, 19:24].max() > light[50, 50] > light[50, 77:82].min()


def test_a_lump_has_no_steps() -> None:
    relief = flat(100, 30)
    around = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    solid(relief, 50 + 35 * np.stack([np.cos(around), np.sin(around)], axis=1), 20)
    up = np.diff(relief.heights[50, 20:50].astype(int))
    assert up.min() >= 0 and up.max() < 14


def test_parts_grow_together() -> None:
    relief = flat(100, 10)
    ends = [np.array([20.0, 50.0]), np.array([50.0, 50.0]), np.array([80.0, 50.0])]
    stroke(relief, ends[:2], 10)
    alone = relief.heights.copy()
    stroke(relief, ends[1:], 10)
    assert (relief.heights >= alone).all()
    assert np.ptp(relief.heights[50, 25:75]) < 20


def test_the_same_seed_gives_the_same_surface() -> None:
    for make in (texture, stripes):
        one, same, other = (make(np.random.default_rng(seed), 60) for seed in (1, 1, 2))
        assert one.shape == (60, 60) and one.dtype == np.uint8
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)


def test_surfaces_are_varied_and_never_black() -> None:
    rng = np.random.default_rng(0)
    many = np.stack([texture(rng, 48) for _ in range(40)]).astype(float)
    assert many.std(axis=(1, 2)).min() > 5
    means = many.mean(axis=(1, 2))
    assert means.min() > 60 and means.max() < 195
    # Some textures are smooth, others are rough.
    rough = np.abs(np.diff(many, axis=2)).mean(axis=(1, 2)) / many.std(axis=(1, 2))
    assert rough.max() > 3 * rough.min()
