"""Does a training step on two devices move the weights as on one device (data parallelism)?

Two logical processors replace two GPUs. Each test runs processes of its own, because a backend
counts its devices only once.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.training.distribution import split_batch

PROGRAM = """
import sys
from tests.support.steps import trained
trained(int(sys.argv[1]), sys.argv[2], sys.argv[3])
"""
CASES = [
    pytest.param("tensorflow", "rule=sgd", marks=pytest.mark.slow),
    pytest.param("jax", "rule=sgd", marks=pytest.mark.slow),
    pytest.param("tensorflow", "rule=sgd dropout=.3", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("backend", "change"), CASES)
def test_two_devices_move_weights_as_one_does(backend: str, change: str, tmp_path: Path) -> None:
    """Uses plain gradient descent with clipping, since Adam hides the size of a gradient."""
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
    parts = split_batch(whole, 3)
    assert [len(part["face"]["x"]) for part in parts] == [2, 2, 2]
    for identity, arrays in whole.items():
        together = np.sort(np.concatenate([part[identity]["x"] for part in parts]))
        assert np.array_equal(together, arrays["x"])
