import numpy as np
import pytest

from benchmarks import head
from benchmarks.head_samples import MOVES, collected
from faceswap_ae.reenactment.head_model import fit_places, head_model, turn_terms
from tests.support.heads import head as made
from tests.support.heads import placed


@pytest.mark.slow
def test_meshes_are_found_in_random_acts() -> None:
    found = collected(("ada",), 3)
    assert found.mesh.shape[1:] == (478, 3) and 2 <= len(found.mesh) <= 3
    assert found.felt.shape[1] == len(MOVES) + 1
    assert (found.who == 0).all()


def test_people_and_expressions_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(6), 20)
    felt = np.abs(rng.normal(0, 1, (len(who), 2)))
    heads = [made(int(p), m0=float(a), m3=float(b)) for p, (a, b) in zip(who, felt, strict=True)]
    meshes = np.concatenate([placed(one[None], *rng.uniform(-15, 15, 2)) for one in heads])
    shape, still = head._start(meshes)
    places = fit_places(shape[still], meshes[:, still])
    terms = np.hstack([head._standard(felt), turn_terms(places.angles)])
    own, effects = head._told_apart(places.to_heads(meshes), terms, who)
    for number, move in ((0, 0), (1, 3)):
        one, other = effects[number].ravel(), head_model().moves[move].ravel()
        assert np.corrcoef(one, other)[0, 1] > 0.8
    assert own.shape == (6, 478, 3)
