import numpy as np
import pytest

from faceswap_ae.reenactment.reference_choice import TOGETHER, choose
from faceswap_ae.reenactment.regions import regions
from tests.support.heads import SIDE, head, placed


def pictures(count: int = 24) -> np.ndarray:
    rng = np.random.default_rng(0)
    turns = rng.uniform(-25, 25, count)
    heads = [head(1, m0=float(abs(rng.normal(0, 2))), m11=float(rng.uniform(0, 3))) for _ in turns]
    meshes = [placed(one[None], yaw)[0] for one, yaw in zip(heads, turns, strict=True)]
    return np.array(meshes, np.float32) / SIDE


def test_the_same_picture_comes_first_in_every_region() -> None:
    known = pictures()
    for choice in choose(np.repeat(known[5:6], 9, axis=0), known):
        assert (choice.pictures[:, 0] == 5).all()
        assert choice.weights[:, 0].min() > 0.5


def test_weights_are_shares_and_change_slowly() -> None:
    known = pictures()
    way = np.linspace(0, 1, 60)[:, None, None]
    found = choose(known[3] * (1 - way) + known[9] * way, known)
    for choice, most in zip(found, (0.4, 0.95, 0.95), strict=True):  # eyes and lips are quick
        assert np.allclose(choice.weights.sum(axis=1), 1, atol=1e-5)
        assert choice.pictures.shape == (60, TOGETHER)
        dense = np.zeros((60, len(known)))
        np.put_along_axis(dense, choice.pictures, choice.weights, axis=1)
        assert np.abs(np.diff(dense, axis=0)).max() < most


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_pictures_do(count: int) -> None:
    for choice in choose(pictures(8), pictures(count)):
        assert choice.pictures.max() < count
        assert np.allclose(choice.weights.sum(axis=1), 1, atol=1e-5)


def test_each_region_is_chosen_by_itself() -> None:
    shut, opened = head(1, m11=4.0), head(1, m0=4.0)
    known = (placed(np.stack([head(1), shut, opened])) / SIDE).astype(np.float32)
    wanted = (placed(head(1, m11=4.0, m0=4.0)[None]) / SIDE).astype(np.float32)
    best = {
        region.name: int(choice.pictures[0, choice.weights[0].argmax()])
        for region, choice in zip(regions(), choose(wanted, known), strict=True)
    }
    assert best["eyes"] == 1 and best["mouth"] == 2
