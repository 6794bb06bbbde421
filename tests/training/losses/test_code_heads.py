from typing import Any

import numpy as np
import pytest

from faceswap_ae.common import plugins
from faceswap_ae.networks.model_interface import FACE, ONTO, Networks
from faceswap_ae.networks.trainer_interface import BatchPair, Player, Terms
from faceswap_ae.training.losses.code_heads import (
    CodeDiscriminator,
    landmarks_error,
    landmarks_head,
)
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.stepper import Stepper
from tests.support.toys import faces, pair, toy


def built(model: str, **options: Any) -> Networks:
    module = plugins.load("models", model)
    found: Networks = module.build(module.Options(width=0.1, **options))
    return found


@pytest.mark.parametrize(
    ("model", "options", "shape"),
    [("quick", {"size": 32}, (1,)), ("intracoder", {"size": 64}, (4, 4, 1))],
)
def test_scores_for_codes_of_any_shape(
    model: str, options: dict[str, Any], shape: tuple[int, ...]
) -> None:
    networks = built(model, **options)
    judge = CodeDiscriminator(networks)
    code = networks.encode(faces(0, networks.size_in).warped, FACE, FACE)
    assert judge.model(code).shape == (2, *shape)


def test_the_judge_learns_to_tell_and_the_networks_to_fool() -> None:
    networks, given = toy(), pair()
    judge = CodeDiscriminator(networks)
    before = [np.asarray(weight) for weight in networks.weights]
    stepper = Stepper([judge.player], Optimiser())
    found = [stepper.step([given], 1e-3)["code_judge/codes"] for _ in range(12)]
    assert found[-1] < found[0]
    assert all(np.array_equal(one, w) for one, w in zip(before, networks.weights, strict=True))

    def fooling(pair: BatchPair) -> Terms:
        return {"told": judge.adversarial_loss(networks.encode(pair[FACE].warped, FACE, FACE))}

    stepper = Stepper([Player("g", fooling, {"encoder": networks.parts["encoder"]})], Optimiser())
    told = [stepper.step([given], 1e-3)["g/told"] for _ in range(6)]
    assert told[-1] < told[0]


def test_who_cannot_tell_guesses() -> None:
    """Without information the loss is log 2, the entropy of a coin."""
    networks = toy()
    judge, one = CodeDiscriminator(networks), faces(0)
    judge.model.layers[-1].set_weights([0 * w for w in judge.model.layers[-1].get_weights()])
    assert float(judge.loss({FACE: one, ONTO: one})["codes"]) == pytest.approx(np.log(2))
    assert float(judge.adversarial_loss(networks.encode(one.warped, FACE, FACE))) == pytest.approx(
        np.log(2)
    )


def test_codes_are_those_that_the_decoder_meets() -> None:
    """In liae the code of a face as itself differs from the code for a swap."""
    networks = built("sae", size=32)
    judge, given = CodeDiscriminator(networks), pair(32)
    own = networks.encode(given[FACE].warped, FACE, FACE)
    swapped = networks.encode(given[ONTO].warped, ONTO, FACE)
    right = [np.logaddexp(0, sign * judge.model(code)) for sign, code in ((1, own), (-1, swapped))]
    found = float(judge.loss(given)["codes"])
    assert found == pytest.approx(np.mean([one.mean() for one in right]), rel=1e-5)
    itself = networks.encode(given[ONTO].warped, ONTO, ONTO)
    assert not np.allclose(itself, swapped)


def test_landmarks_read_right_cost_nothing() -> None:
    reader = landmarks_head((7,))
    kernel, bias = reader.layers[-2].get_weights()
    mean = np.random.default_rng(0).random((68, 2), np.float32)
    one, code = faces(0), np.ones((2, 7), np.float32)
    reader.layers[-2].set_weights([0 * kernel, -mean.reshape(-1)])  # reads all landmarks as 0
    assert float(landmarks_error(reader, code, one, mean)) == pytest.approx(0, abs=1e-6)
    reader.layers[-2].set_weights([0 * kernel, 0.25 - mean.reshape(-1)])
    assert float(landmarks_error(reader, code, one, mean)) == pytest.approx(0.25)
    assert bias.shape == (136,)
