"""Do the models give the same pictures on JAX as on TensorFlow?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.networks.model_check import SMALL, numbers
from faceswap_ae.networks.model_check import random_faces as faces
from tests.support.small_models import NAMES, small

QUICK_TO_COMPILE = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
JAX = """
import json, sys
from pathlib import Path
import jax, keras, numpy as np
from faceswap_ae.common import plugins
assert keras.backend.backend() == "jax"
folder, told = Path(sys.argv[1]), {}
for name in plugins.names("models"):
    module = plugins.load("models", name)
    networks = module.build(module.Options(width=float(sys.argv[2])))
    given = np.load(folder / f"{name}.npz")
    for part, model in networks.parts.items():
        model.set_weights([given[f"{part}/{n}"] for n in range(len(model.weights))])
    output = jax.jit(lambda x: vars(networks.swap(x)))(given["x"])
    made = [output["face"], *([] if output["mask"] is None else [output["mask"]])]
    made = np.concatenate([np.asarray(one) for one in made], axis=-1)
    told[name] = float(np.abs(made - given["made"]).max())
print(json.dumps(told))
"""


@pytest.mark.slow
def test_jax_makes_the_same_pictures(tmp_path: Path) -> None:
    for name in NAMES:
        networks = small(name)
        x = faces(networks)
        output = networks.swap(x)
        made = [output.face, *([] if output.mask is None else [output.mask])]
        weights = {
            f"{part}/{n}": weight
            for part, model in networks.parts.items()
            for n, weight in enumerate(model.get_weights())
        }
        found = np.concatenate([numbers(one) for one in made], axis=-1)
        np.savez(tmp_path / f"{name}.npz", x=x, made=found, **weights)
    run = subprocess.run(
        (sys.executable, "-c", JAX, str(tmp_path), str(SMALL)),
        env={**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": QUICK_TO_COMPILE},
        capture_output=True,
        text=True,
        check=True,
    )
    away = json.loads(run.stdout.splitlines()[-1])
    assert sorted(away) == NAMES
    assert max(away.values()) < 1e-4
