from collections.abc import Callable

import numpy as np
import pytest

from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.training.data.occluders import MAKERS, SHADOW, OccludedFace, Occluder, add_occluder
from tests.support.face_folders import shot


@pytest.fixture(scope="module", params=["ada", "ben"])
def scene(request: pytest.FixtureRequest) -> OccludedFace:
    return OccludedFace(*shot(request.param, -10.0))


def test_the_same_seed_gives_the_same_thing(scene: OccludedFace) -> None:
    one, same, other = (add_occluder(scene, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one[0], same[0]) and np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])


def test_the_picture_it_lies_on_stays(scene: OccludedFace) -> None:
    before = scene.image.copy()
    add_occluder(scene, np.random.default_rng(0))
    assert np.array_equal(scene.image, before)


def test_where_nothing_lies_there_may_be_a_shadow_only(scene: OccludedFace) -> None:
    for seed in range(20):
        image, cover = add_occluder(scene, np.random.default_rng(seed))
        free = cover == 0
        assert (image[free] <= scene.image[free]).all()
        least = (1 - SHADOW) * scene.image[free].astype(float) - 1
        assert (image[free] >= least).all()


def test_a_part_of_the_face_is_hidden_never_all_of_it(scene: OccludedFace) -> None:
    face = hull_mask(scene.landmarks, (scene.side, scene.side)) > 127
    hidden = np.array(
        [
            add_occluder(scene, np.random.default_rng(seed))[1][face].mean() / 255
            for seed in range(80)
        ]
    )
    assert 0.08 < hidden.mean() < 0.35
    assert (hidden > 0.01).mean() > 0.9
    assert hidden.max() < 0.8


@pytest.mark.parametrize("make", MAKERS)
def test_everything_has_a_colour_of_its_own(
    make: Callable[[OccludedFace, np.random.Generator], Occluder], scene: OccludedFace
) -> None:
    for seed in range(10):
        thing = make(scene, np.random.default_rng(seed))
        assert (thing.relief.cover > 127).sum() > 20
        assert thing.dark.min() >= 0 and (thing.dark <= thing.light).all()


@pytest.mark.parametrize("side", [24, 160])
def test_any_size_will_do(side: int, scene: OccludedFace) -> None:
    rows = np.arange(side) * scene.side // side
    small = OccludedFace(
        np.ascontiguousarray(scene.image[rows][:, rows]), scene.landmarks * side / scene.side
    )
    for seed in range(20):
        image, cover = add_occluder(small, np.random.default_rng(seed))
        assert image.shape == small.image.shape and cover.shape == image.shape[:2]


def test_the_dark_is_no_trouble(scene: OccludedFace) -> None:
    dark = OccludedFace(np.zeros_like(scene.image), scene.landmarks)
    for seed in range(20):
        assert add_occluder(dark, np.random.default_rng(seed))[0].max() < 100


def test_a_face_at_the_edge_of_its_picture_is_no_trouble(scene: OccludedFace) -> None:
    outside = OccludedFace(scene.image, scene.landmarks + 90)
    for seed in range(20):
        assert add_occluder(outside, np.random.default_rng(seed))[0].shape == scene.image.shape
