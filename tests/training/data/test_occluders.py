from collections.abc import Callable

import numpy as np
import pytest

from faceswap_ae.faces.landmark_masks import hull_mask
from faceswap_ae.training.data.occluders import MAKERS, SHADOW, Scene, Thing, occluded
from tests.support.face_folders import shot


@pytest.fixture(scope="module", params=["ada", "ben"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(*shot(request.param, -10.0))


def test_the_same_seed_gives_the_same_thing(scene: Scene) -> None:
    one, same, other = (occluded(scene, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one[0], same[0]) and np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])


def test_the_picture_it_lies_on_stays(scene: Scene) -> None:
    before = scene.image.copy()
    occluded(scene, np.random.default_rng(0))
    assert np.array_equal(scene.image, before)


def test_where_nothing_lies_there_may_be_a_shadow_only(scene: Scene) -> None:
    for seed in range(20):
        image, cover = occluded(scene, np.random.default_rng(seed))
        free = cover == 0
        assert (image[free] <= scene.image[free]).all()
        least = (1 - SHADOW) * scene.image[free].astype(float) - 1
        assert (image[free] >= least).all()


def test_a_part_of_the_face_is_hidden_never_all_of_it(scene: Scene) -> None:
    face = hull_mask(scene.landmarks, (scene.side, scene.side)) > 127
    hidden = np.array(
        [occluded(scene, np.random.default_rng(seed))[1][face].mean() / 255 for seed in range(80)]
    )
    assert 0.08 < hidden.mean() < 0.35
    assert (hidden > 0.01).mean() > 0.9
    assert hidden.max() < 0.8


@pytest.mark.parametrize("make", MAKERS)
def test_everything_has_a_colour_of_its_own(
    make: Callable[[Scene, np.random.Generator], Thing], scene: Scene
) -> None:
    for seed in range(10):
        thing = make(scene, np.random.default_rng(seed))
        assert (thing.relief.cover > 127).sum() > 20
        assert thing.dark.min() >= 0 and (thing.dark <= thing.light).all()


@pytest.mark.parametrize("side", [24, 160])
def test_any_size_will_do(side: int, scene: Scene) -> None:
    rows = np.arange(side) * scene.side // side
    small = Scene(
        np.ascontiguousarray(scene.image[rows][:, rows]), scene.landmarks * side / scene.side
    )
    for seed in range(20):
        image, cover = occluded(small, np.random.default_rng(seed))
        assert image.shape == small.image.shape and cover.shape == image.shape[:2]


def test_the_dark_is_no_trouble(scene: Scene) -> None:
    dark = Scene(np.zeros_like(scene.image), scene.landmarks)
    for seed in range(20):
        assert occluded(dark, np.random.default_rng(seed))[0].max() < 100


def test_a_face_at_the_edge_of_its_picture_is_no_trouble(scene: Scene) -> None:
    outside = Scene(scene.image, scene.landmarks + 90)
    for seed in range(20):
        assert occluded(outside, np.random.default_rng(seed))[0].shape == scene.image.shape
