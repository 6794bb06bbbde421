import json
import os
import subprocess
import sys

import numpy as np
import pytest
from keras import ops

from faceswap_ae.networks.model_interface import FACE
from faceswap_ae.networks.trainer_interface import BatchPair, Player, Terms
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.stepper import Stepper
from tests.support.steps import batch, colours, pair, squared


def test_a_step_is_adams() -> None:
    part = colours("one")
    faces = batch(0)
    stepper = Stepper([squared(part)], Optimiser(beta1=0.9))
    found = stepper.step([pair(0)], 0.01)
    made = faces.warped @ np.full((3, 3), 0.1, np.float32)
    assert found == {"one/square": pytest.approx(((made - faces.target) ** 2).mean(), rel=1e-5)}
    slope = 2 * faces.warped.reshape(-1, 3).T @ (made - faces.target).reshape(-1, 3) / made.size
    # The size of Adam's first step is the learning rate, whatever the gradient's size.
    kernel = np.asarray(part.trainable_variables[0])
    assert np.allclose(kernel, 0.1 - 0.01 * np.sign(slope), atol=1e-4)


def test_players_move_their_own_weights_at_their_own_rates() -> None:
    one, other, third = (colours(name) for name in ("one", "other", "third"))
    slow = squared(other)
    players = [squared(one), Player("other", slow.loss, slow.parts, rate=0.1)]
    Stepper(players, Optimiser()).step([pair(0)], 0.01)
    moved = [
        np.abs(np.asarray(part.trainable_variables[0]) - 0.1).max() for part in (one, other, third)
    ]
    assert moved[0] == pytest.approx(0.01, rel=0.02)
    assert moved[1] == pytest.approx(0.001, rel=0.02)
    assert moved[2] == 0


def test_who_wants_a_fresh_pair_gets_one() -> None:
    seen: list[float] = []
    part = colours("one")

    def loss(pair: BatchPair) -> Terms:
        return {"mean": ops.mean(pair[FACE].target) + 0 * ops.mean(part(pair[FACE].warped))}

    players = [Player("a", loss, {"one": part}), Player("b", loss, {"one": part}, fresh=True)]
    stepper = Stepper(players, Optimiser())
    assert stepper.pairs == 2
    found = stepper.step([pair(0), pair(5)], 0.01)
    seen = [float(batch(seed).target.mean()) for seed in (0, 5)]
    assert [found["a/mean"], found["b/mean"]] == pytest.approx(seen)


def test_a_clipped_gradient_changes_no_direction() -> None:
    """Adam's step would hide it, so the first moments are compared.

    After one step they are proportional to the gradient.
    """
    free, held = colours("free"), colours("held")
    steppers = [
        Stepper([squared(free)], Optimiser()),
        Stepper([squared(held)], Optimiser(clip=1e-3)),
    ]
    moments = []
    for stepper in steppers:
        stepper.step([pair(0)], 0.01)
        moments.append(np.asarray(next(iter(stepper.optimisers[0]._momentums))))
    ratio = moments[1] / moments[0]
    assert np.allclose(ratio, ratio.flat[0], rtol=1e-4)
    assert ratio.flat[0] < 0.1


def test_the_state_of_optimisers_is_named_alike_each_time() -> None:
    names = [list(Stepper([squared(colours("one"))], Optimiser()).variables) for _ in range(2)]
    assert names[0] == names[1]
    assert all(name.startswith("one/") for name in names[0])


READS_ANOTHER = """
import keras, numpy as np
from faceswap_ae.networks.model_interface import FACE
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.networks.trainer_interface import Player
from faceswap_ae.training.stepper import Stepper
from tests.support.steps import colours, pair, squared
one, other = colours("one"), colours("other")
def loss(pair):
    own = one(pair[FACE].warped)
    return {"both": keras.ops.mean(own) + keras.ops.mean(other(pair[FACE].warped))}
stepper = Stepper([Player("one", loss, {"one": one}), squared(other)], Optimiser())
before = stepper.step([pair(0)], 0.0)["one/both"]
for weight in other.trainable_variables:
    weight.assign(np.zeros(weight.shape))
print(before, stepper.step([pair(0)], 0.0)["one/both"])
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_what_another_player_moves_is_no_constant(backend: str) -> None:
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", READS_ANOTHER]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    before, after = map(float, done.stdout.split()[-2:])
    assert after == pytest.approx(before / 2, rel=1e-4)


PROGRAM = """
import json, numpy as np
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.stepper import Stepper
from tests.support.steps import colours, pair, squared
part = colours("one")
stepper = Stepper([squared(part)], Optimiser(clip=0.5))
found = [stepper.step([pair(seed)], 0.01)["one/square"] for seed in range(5)]
import keras
kernel = np.asarray(part.trainable_variables[0]).tolist()
print(json.dumps([keras.backend.backend(), found, kernel]))
"""


@pytest.mark.slow
def test_other_backends_move_alike() -> None:
    """Compares with JAX, and with torch if it is installed."""
    told = {}
    for name in ("tensorflow", "jax", *(["torch"] if _has_torch() else [])):
        environment = {**os.environ, "KERAS_BACKEND": name, "JAX_PLATFORMS": "cpu"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        backend, losses, kernel = json.loads(done.stdout.strip().splitlines()[-1])
        assert backend == name
        told[name] = losses, kernel
    for losses, kernel in told.values():
        assert np.allclose(losses, told["tensorflow"][0], rtol=1e-5)
        assert np.allclose(kernel, told["tensorflow"][1], atol=1e-6)


def _has_torch() -> bool:
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True
