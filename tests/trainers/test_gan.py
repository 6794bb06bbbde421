import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from faceswap_ae.common import plugins
from faceswap_ae.networks import discriminators
from faceswap_ae.networks.discriminators import DiscriminatorOutput
from faceswap_ae.networks.model_interface import (
    IDENTITIES,
    Identity,
    IdentityStatistics,
    Networks,
    Output,
)
from faceswap_ae.networks.trainer_interface import Player
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.stepper import Stepper
from tests.support.toys import SIZE, faces, pair, toy

Floats = NDArray[np.float32]
NOTHING = IdentityStatistics({}, {}, {})
gan = plugins.load("trainers", "gan")
EMPTY = {
    "mae": 0.0, "eyes": 0.0, "edge": 0.0, "sparsity": 0.0, "variation": 0.0, "smaller": 0.0,
    "judge_width": 0.1,
}  # fmt: skip


def options(**changes: Any) -> Any:
    return gan.Options(**{**EMPTY, **changes})


def players(networks: Networks, **changes: Any) -> list[Player]:
    return list(gan.build(networks, options(**changes), NOTHING))


def verdict(*scores: list[float]) -> DiscriminatorOutput:
    rows = [np.array(row, np.float32).reshape(1, 1, -1, 1) for row in scores]
    return DiscriminatorOutput(rows, rows)


def test_least_squares() -> None:
    assert float(gan.least_squares(verdict([1, 0]), 1)) == pytest.approx(0.5)
    assert float(gan.least_squares(verdict([1, 0], [3, 3]), 1)) == pytest.approx((0.5 + 4) / 2)


def test_relativistic() -> None:
    # The scores 2 and 0 are 3 and 1 above the other mean, -1; they should be 1 above it. The score
    # -1 is 2 below their mean, 1; it should be 1 below it.
    found = float(gan.relativistic(verdict([2, 0]), verdict([-1, -1])))
    assert found == pytest.approx(((4 + 0) / 2 + 1) / 2)
    assert float(gan.relativistic(verdict([1, 1]), verdict([0, 0]))) == 0


def test_features_that_are_alike_cost_nothing() -> None:
    assert float(gan.matched(verdict([1, 2]), verdict([1, 2]))) == 0
    assert float(gan.matched(verdict([1, 2], [0]), verdict([2, 4], [1]))) == pytest.approx(1.25)


def test_what_is_wrong_with_masks() -> None:
    one = faces(0)
    mask = np.zeros((2, SIZE, SIZE, 1), np.float32)
    mask[:, :, : SIZE // 2] = 0.8
    known = {"sparsity": 0.1, "hinge": 1.0, "cover": 0.5, "variation": 1.0}
    found = gan.shaped(Output(one.target, tf.constant(mask)), options(**known))
    assert float(found["sparsity"]) == pytest.approx(0.04)
    assert float(found["hinge"]) == pytest.approx(0.25)
    assert float(found["variation"]) == pytest.approx(0.8 / (SIZE - 1))
    assert gan.shaped(Output(one.target), options(**known)) == {}


def test_the_masked_face_is_the_bent_one_where_the_mask_is_nought() -> None:
    networks, one = toy(), faces(0)
    game = gan.Game(networks, options(), NOTHING)
    mask = np.zeros((2, SIZE, SIZE, 1), np.float32)
    mask[:, :5] = 1
    composed, raw = game._shown(Output(one.target, tf.constant(mask)), one)
    assert np.array_equal(composed[:, :5], one.target[:, :5])
    assert np.array_equal(composed[:, 5:], one.warped[:, 5:])
    assert np.array_equal(raw, one.target)
    assert len(game._shown(Output(one.target), one)) == 1


@pytest.mark.parametrize("game", ["mixup", "relativistic"])
@pytest.mark.parametrize("judge", ["patch", "unet"])
def test_each_player_moves_its_own_weights_only(game: str, judge: str) -> None:
    networks = toy()
    both = players(networks, game=game, judge=judge, features=1.0, cycle=1.0, sparsity=0.1)
    assert [player.fresh for player in both] == [False, True]
    weights = [w for player in both for part in player.parts.values() for w in part.weights]
    batches: Any = pair()
    for moving in both:
        before = [np.asarray(weight) for weight in weights]
        Stepper([Player(moving.name, moving.loss, moving.parts)], Optimiser()).step([batches], 1e-2)
        own = {id(w) for part in moving.parts.values() for w in part.trainable_variables}
        moved = [
            not np.array_equal(one, np.asarray(weight))
            for one, weight in zip(before, weights, strict=True)
            if id(weight) not in own and weight.trainable
        ]
        assert not any(moved)
    assert not {id(w) for w in networks.weights} & {
        id(w) for part in both[1].parts.values() for w in part.trainable_variables
    }


@pytest.mark.parametrize("game", ["mixup", "relativistic"])
def test_the_generator_wants_what_looks_real(game: str) -> None:
    """A gradient descent step of the generator raises the discriminators' scores for its faces."""
    networks, given = toy(mask=False), pair()
    generator, discriminator = players(networks, game=game, adversarial=1.0)
    judges = gan_judges(discriminator)

    def scores() -> float:
        made = networks.reconstruct_both({name: given[name].warped for name in IDENTITIES})
        found = [
            judges[name].judge(output.face, given[name].warped).scores[0]
            for name, (_, output) in made.items()
        ]
        return float(np.mean([np.clip(score, None, 1).mean() for score in found]))

    before = scores()
    for _ in range(5):
        Stepper([generator], Optimiser()).step([given], 1e-3)
    assert scores() > before


def test_the_discriminator_learns_what_is_real() -> None:
    networks, given = toy(mask=False), pair()
    _, discriminator = players(networks, game="relativistic")
    stepper = Stepper([Player("d", discriminator.loss, discriminator.parts)], Optimiser())
    found = [stepper.step([given], 1e-3) for _ in range(8)]
    assert sum(found[-1].values()) < sum(found[0].values())


def gan_judges(discriminator: Player) -> dict[Identity, discriminators.Discriminator]:
    return {
        name: discriminators.Discriminator(discriminator.parts[f"discriminator_{name}"], 1)
        for name in IDENTITIES
    }


def test_without_an_adversary_nobody_judges() -> None:
    assert [one.name for one in players(toy(), adversarial=0.0, mae=1.0)] == ["generator"]
    assert len(players(toy(), adversarial=0.0, features=1.0)) == 2


def test_what_discriminators_say_grows_in_power() -> None:
    networks, given = toy(), pair()
    generator, _ = players(networks, ramp=4, features=1.0, sparsity=0.1)
    # With a learning rate of 0 the scores of the same faces stay, and only the ramp changes.
    stepper = Stepper([generator], Optimiser())
    found = [stepper.step([given], 0.0) for _ in range(7)]
    for term in ("face adversarial", "onto features"):
        powers = [one[f"generator/{term}"] for one in found]
        full = powers[-1]
        assert full > 0
        assert np.allclose(powers, [full * share for share in (0, 0.25, 0.5, 0.75, 1, 1, 1)])
    assert len({one["generator/face sparsity"] for one in found}) == 1


def test_no_ramp_without_an_adversary() -> None:
    (alone,) = players(toy(), ramp=4, adversarial=0.0, mae=1.0)
    assert "ramp" not in alone.parts


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mae": -1.0}, "mae: -1"),
        ({"hinge": 1e9}, "hinge"),
        ({"judge_width": 0.0}, "judge_width: 0"),
        ({"ramp": -5}, "ramp: -5"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        gan.Options(**wrong)


PROGRAM = """
import json, numpy as np
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.stepper import Stepper
from tests.trainers.test_gan import players
from tests.support.toys import pair, toy
import keras
both = players(toy(), sparsity=0.1, features=0.1, true_face=0.01, face_style=1.0, ramp=2)
stepper = Stepper(both, Optimiser())
found = [stepper.step([pair(), pair()], 1e-2) for _ in range(3)]
state = [
    np.asarray(v).tolist()
    for part in (both[1].parts["mixing"], both[0].parts["ramp"])
    for v in part.variables
]
print(json.dumps([keras.backend.backend(), found, state]))
"""


@pytest.mark.slow
def test_jax_plays_too() -> None:
    """On JAX too, random numbers differ from step to step."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    )
    backend, found, state = json.loads(done.stdout.strip().splitlines()[-1])
    assert backend == "jax"
    assert all(np.isfinite(value) for step in found for value in step.values())
    assert any(state[0]) and state[1] == 2
    powers = [step["generator/face adversarial"] for step in found]
    assert powers[0] == 0 and powers[1] > 0
