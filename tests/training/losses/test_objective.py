import keras
import numpy as np
import pytest

from faceswap_ae.networks.model_interface import FACE, IDENTITIES, IdentityStatistics
from faceswap_ae.training.losses.objective import Objective
from faceswap_ae.training.losses.reconstruction import LossWeights
from tests.support.toys import pair, toy

NOWHERE = np.zeros((68, 2), np.float32)
KNOWN = IdentityStatistics(dict.fromkeys(IDENTITIES, NOWHERE), {}, {})


def terms(options: LossWeights) -> dict[str, float]:
    networks, given = toy(), pair()
    made = networks.reconstruct_both({name: given[name].warped for name in IDENTITIES})
    return {
        name: float(term) for name, term in Objective(networks, options, KNOWN)(made, given).items()
    }


def test_terms_are_named_by_whom_and_what() -> None:
    assert set(terms(LossWeights())) == {"face mae", "onto mae", "face mask", "onto mask"}
    every = LossWeights(
        landmarks=1.0, face_style=1.0, background_style=1.0, true_face=0.01, mask=0.0, dssim=1.0
    )
    both = {f"{name} {term}" for name in IDENTITIES for term in ("mae", "dssim", "landmarks")}
    swap = {"swap face_style", "swap background_style"}
    assert set(terms(every)) == both | swap | {f"{FACE} true_face"}


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_bits_do_not_matter(policy: str) -> None:
    every = LossWeights(
        mse=1.0, masked=True, landmarks=1.0, face_style=1.0, background_style=1.0, true_face=0.01
    )
    exact = terms(every)
    keras.config.set_dtype_policy(policy)
    try:
        coarse = terms(every)
    finally:
        keras.config.set_dtype_policy("float32")
    assert set(coarse) == set(exact)
    for name in ("face mae", "onto mse", "face mask", "swap background_style"):
        assert coarse[name] == pytest.approx(exact[name], rel=0.03)
    assert all(np.isfinite(value) for value in coarse.values())


def test_weights_multiply() -> None:
    once, twice = (
        terms(LossWeights(landmarks=one, true_face=one, mse=one, face_style=one))
        for one in (0.5, 1.0)
    )
    for name in ("face mse", "swap face_style"):
        assert twice[name] == pytest.approx(2 * once[name], rel=1e-5)


def test_only_what_is_wanted_is_built() -> None:
    plain = Objective(toy(), LossWeights(), KNOWN)
    assert not (plain.parts or plain.beside or plain.players)
    full = Objective(toy(), LossWeights(landmarks=1.0, true_face=0.01), KNOWN)
    assert set(full.parts) == {"landmarks"}
    assert [one.name for one in full.players] == ["code_judge"]
    assert not set(full.players[0].parts) & set(full.parts)
