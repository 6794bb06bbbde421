"""Two logical processors stand for two GPUs, in processes of their own: a backend counts once."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.feed import Batch
from faceswap_ae.networks import Identity
from faceswap_ae.replicas import shared
from tests.test_contract import batches

PROGRAM = """
import sys
from tests.test_replicas import trained
trained(int(sys.argv[1]), sys.argv[2], sys.argv[3])
"""
RECIPE = """
model: quick
trainer: gan
precision: float32
network: {size: 32, width: .25}
training: {judge_width: .1, mask: .1}
"""
CASES = [
    ("tensorflow", "rule=sgd"),
    pytest.param("jax", "rule=sgd", marks=pytest.mark.slow),
    pytest.param("tensorflow", "rule=sgd dropout=.3", marks=pytest.mark.slow),
]


def four() -> dict[Identity, Batch]:
    """Four faces of each identity, two of them darker: the halves' gradients differ."""
    return {
        name: Batch(
            **{
                one.name: np.concatenate(
                    [getattr(batch, one.name), 0.5 * getattr(batch, one.name)[::-1]]
                )
                for one in fields(batch)
            }
        )
        for name, batch in batches(32, 32).items()
    }


def logical(count: int) -> list[str]:
    """As many devices as wanted, of the one processor."""
    import keras

    if keras.backend.backend() == "jax":
        return list(keras.distribution.list_devices("cpu"))
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)
    return [one.name for one in tf.config.list_logical_devices("CPU")]


def trained(count: int, change: str, out: str) -> None:
    """Two steps on so many devices; the weights and the moments after them."""
    from faceswap_ae import game, plan, replicas
    from faceswap_ae.learner import Learner
    from faceswap_ae.networks import Known

    settings = plan.parse(RECIPE, "shared", [*change.split(), "clip=.1"])
    devices, pair = logical(count), four()
    with replicas.together(devices) as found:
        assert found == count == len(devices)
        known = Known(
            {name: one.landmarks[0] for name, one in pair.items()},
            {name: one.target[0] for name, one in pair.items()},
            {name: one.mask[0] for name, one in pair.items()},
        )
        learner = Learner(settings, game.networks(settings), known)
        for _ in range(2):
            learner.stepper.step([pair] * learner.stepper.pairs, 0.1)
        arrays = learner.arrays()
    named = {f"{group} {name}": array for group in arrays for name, array in arrays[group].items()}
    np.savez(
        out, allow_pickle=False, **{name.replace("/", " "): one for name, one in named.items()}
    )


@pytest.mark.parametrize(("backend", "change"), CASES)
def test_two_devices_move_weights_as_one_does(backend: str, change: str, tmp_path: Path) -> None:
    """By plain descent, as Adam hides how large a gradient is; each clipped, which shows it."""
    found = []
    for count in (1, 2):
        out = tmp_path / f"{count}.npz"
        environment = {
            **os.environ,
            "KERAS_BACKEND": backend,
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={count}",
        }
        command = [sys.executable, "-c", PROGRAM, str(count), change, str(out)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        with np.load(out) as arrays:
            found.append(dict(arrays))
    one, two = found
    assert one.keys() == two.keys()
    for name, array in one.items():
        size = np.abs(array).max()
        assert np.allclose(array, two[name], rtol=1e-4, atol=1e-4 * size), name


def test_a_batch_is_shared_out_evenly_and_wholly() -> None:
    whole = {"face": {"x": np.arange(6)}, "onto": {"x": np.arange(6, 12)}}
    parts = shared(whole, 3)
    assert [len(part["face"]["x"]) for part in parts] == [2, 2, 2]
    for identity, arrays in whole.items():
        together = np.sort(np.concatenate([part[identity]["x"] for part in parts]))
        assert np.array_equal(together, arrays["x"])
