import numpy as np

from faceswap_ae.textures import stripes, texture


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
    # Some are smooth, some are rough.
    rough = np.abs(np.diff(many, axis=2)).mean(axis=(1, 2)) / many.std(axis=(1, 2))
    assert rough.max() > 3 * rough.min()
