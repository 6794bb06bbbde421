import json
import os
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from faceswap_ae import discriminators, plugins
from faceswap_ae.assembly import one_encoder
from faceswap_ae.discriminators import Verdict
from faceswap_ae.networks import IDENTITIES, Identity, Networks, Output
from faceswap_ae.optimiser import Optimiser
from faceswap_ae.player import Faces, Known, Player
from faceswap_ae.stepper import Stepper

Floats = NDArray[np.float32]
SIZE = 32
gan = plugins.load("trainers", "gan")
EMPTY = {
    "mae": 0.0, "eyes": 0.0, "edge": 0.0, "sparsity": 0.0, "variation": 0.0, "smaller": 0.0,
    "judge_width": 0.1,
}  # fmt: skip


def options(**changes: Any) -> Any:
    return gan.Options(**{**EMPTY, **changes})


def faces(seed: int, size: int = SIZE) -> Faces:
    rng = np.random.default_rng(seed)

    def planes(channels: int) -> Any:
        return rng.random((2, size, size, channels), np.float32)

    return Faces(
        planes(3), planes(3), planes(1), planes(1), planes(1), np.zeros((2, 68, 2), np.float32)
    )


def pair(size: int = SIZE) -> dict[Identity, Faces]:
    return {name: faces(number, size) for number, name in enumerate(IDENTITIES)}


def toy(mask: bool = True) -> Networks:
    """Every pixel by itself."""

    def dense(given: int, channels: int, name: str, last: str) -> Any:
        x = keras.Input((SIZE, SIZE, given))
        made = keras.layers.Dense(channels, activation=last)(x)
        return keras.Model(x, made, name=name)

    keras.utils.set_random_seed(0)
    channels = 4 if mask else 3
    return one_encoder(
        dense(3, 5, "encoder", "relu"),
        dense(5, 5, "inter", "relu"),
        lambda _shape, name: dense(5, channels, name, "sigmoid"),
    )


def players(networks: Networks, **changes: Any) -> list[Player]:
    return list(gan.build(networks, options(**changes), Known({}, {}, {})))


def verdict(*scores: list[float]) -> Verdict:
    rows = [np.array(row, np.float32).reshape(1, 1, -1, 1) for row in scores]
    return Verdict(rows, rows)


def test_least_squares() -> None:
    assert float(gan.least_squares(verdict([1, 0]), 1)) == pytest.approx(0.5)
    assert float(gan.least_squares(verdict([1, 0], [3, 3]), 1)) == pytest.approx((0.5 + 4) / 2)


def test_relativistic() -> None:
    # 2 and 0 against -1: 3 - 1 and 1 - 1 above its mean; and -1 is 2 below theirs of 1, not 1.
    found = float(gan.relativistic(verdict([2, 0]), verdict([-1, -1])))
    assert found == pytest.approx(((4 + 0) / 2 + 1) / 2)
    assert float(gan.relativistic(verdict([1, 1]), verdict([0, 0]))) == 0


def test_features_that_are_alike_cost_nothing() -> None:
    assert float(gan.matched(verdict([1, 2]), verdict([1, 2]))) == 0
    assert float(gan.matched(verdict([1, 2], [0]), verdict([2, 4], [1]))) == pytest.approx(1.25)


def test_a_pixel_of_an_eye_counts_thirty_times_more() -> None:
    one = faces(0)
    eye = np.zeros_like(one.eyes)
    eye[:, 3, 4] = 1
    given = Faces(one.warped, one.target, one.mask, eye, one.mouth, one.landmarks)
    made = Output(one.target + 0.5)
    found = gan.rebuilt(made, given, options(mae=2.0, eyes=30.0))
    assert float(found["mae"]) == pytest.approx(2 * 0.5 * (1 + 30 / SIZE**2))


def test_smaller_faces_are_compared_with_means() -> None:
    one = faces(0)
    means = tf.nn.avg_pool2d(one.target, 4, 4, "VALID")
    found = gan.rebuilt(Output(one.target, None, (means + 0.25,)), one, options(mae=2, smaller=0.5))
    assert float(found["smaller"]) == pytest.approx(0.25, rel=1e-4)
    assert float(found["mae"]) == 0


def test_what_is_wrong_with_masks() -> None:
    one = faces(0)
    mask = np.zeros((2, SIZE, SIZE, 1), np.float32)
    mask[:, :, : SIZE // 2] = 0.8
    known = {"sparsity": 0.1, "hinge": 1.0, "cover": 0.5, "variation": 1.0, "mask": 1.0}
    found = gan.masked(Output(one.target, tf.constant(mask)), one, options(**known))
    assert float(found["sparsity"]) == pytest.approx(0.04)
    assert float(found["hinge"]) == pytest.approx(0.25)
    assert float(found["variation"]) == pytest.approx(0.8 / (SIZE - 1))
    assert float(found["mask"]) == pytest.approx(np.square(mask - one.mask).mean(), rel=1e-5)
    assert gan.masked(Output(one.target), one, options(**known)) == {}


def test_the_masked_face_is_the_bent_one_where_the_mask_is_nought() -> None:
    networks, one = toy(), faces(0)
    game = gan.Game(networks, options())
    mask = np.zeros((2, SIZE, SIZE, 1), np.float32)
    mask[:, :5] = 1
    composed, raw = game._shown(Output(one.target, tf.constant(mask)), one)
    assert np.array_equal(composed[:, :5], one.target[:, :5])
    assert np.array_equal(composed[:, 5:], one.warped[:, 5:])
    assert np.array_equal(raw, one.target)
    assert len(game._shown(Output(one.target), one)) == 1


def test_mixtures_are_what_their_share_says() -> None:
    mixing = gan.Game(toy(), options()).mixing
    one, other = np.ones((2, SIZE, SIZE, 3), np.float32), np.zeros((2, SIZE, SIZE, 3), np.float32)
    shares = []
    for _ in range(64):
        mixture, share = mixing([one, other])
        assert np.allclose(mixture, share)
        shares.append(float(share[0, 0, 0, 0]))
    assert 0 <= min(shares) < 0.1 and 0.9 < max(shares) <= 1
    assert len(set(shares)) > 32
    # Of Beta(.2, .2), 0.62 lie within a tenth of either end.
    assert 0.4 < np.mean([min(share, 1 - share) < 0.1 for share in shares]) < 0.85


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
    """A step down its loss raises the discriminators' scores for what it makes."""
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


def test_equal_faces_have_no_loss_to_be_rebuilt() -> None:
    one = faces(0)
    found = gan.rebuilt(Output(one.target), one, gan.Options(dssim=1.0, mouth=1.0))
    assert set(found) == {"mae", "edge", "dssim"}
    assert all(float(term) == pytest.approx(0, abs=1e-5) for term in found.values())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"mae": -1.0}, "mae: -1"), ({"judge_width": 0.0}, "judge_width: 0"), ({"eyes": 1e9}, "eyes")],
)
def test_what_is_refused(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        gan.Options(**wrong)


PROGRAM = """
import json, numpy as np
from faceswap_ae.optimiser import Optimiser
from faceswap_ae.stepper import Stepper
from tests.test_trainer_gan import pair, players, toy
import keras
both = players(toy(), sparsity=0.1, features=0.1)
stepper = Stepper(both, Optimiser())
found = [stepper.step([pair(), pair()], 1e-2) for _ in range(3)]
state = [np.asarray(v).tolist() for v in both[1].parts["mixing"].variables]
print(json.dumps([keras.backend.backend(), found, state]))
"""


def test_jax_plays_too() -> None:
    """Draws differ from step to step there as well."""
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
    assert any(state[0])
