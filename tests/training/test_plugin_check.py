"""Do the checks of `models check` tell bad luck from a fault, and say what they found?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap_ae.common.errors import PluginError
from faceswap_ae.training.plugin_check import build_trial, check_plugin, check_steps
from tests.support.own_plugins import MODEL, changed, forgotten, write_plugin

# A gate of one channel, which begins dead, or alive, by chance.
GATED = changed(
    MODEL,
    "code = layers.Dense(8)(layers.Flatten()(face))",
    'x = layers.GlobalAveragePooling2D()(face)\n    x = layers.Dense(1, "relu")(x)\n'
    "    code = layers.Dense(8)(layers.Flatten()(face)) * (1.0 + layers.Dense(8)(x))",
)
# A layer that reads the face and takes nothing of it.
DEAD = changed(GATED, 'layers.Dense(1, "relu")(x)', "0.0 * layers.Dense(1)(x)")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with forgotten():
        yield


def test_a_layer_that_is_dead_by_chance_gets_another_start(tmp_path: Path) -> None:
    write_plugin(tmp_path, "models", "gated", GATED)
    trials = [build_trial("gated", "autoencoder", [f"seed={seed}"]) for seed in range(4)]
    alone = []
    for trial in trials:
        try:
            check_steps([trial])
        except PluginError as error:
            alone.append(str(error))
    assert alone, "no start has a dead gate"
    check_steps(build_trial("gated", "autoencoder", [f"seed={seed}"]) for seed in range(4))


def test_a_layer_that_never_learns_is_named(tmp_path: Path) -> None:
    file = write_plugin(tmp_path, "models", "dead", DEAD)
    told = r"with the trainer autoencoder, as encoder: kernel \(3, 1\) of the Dense 'dense"
    with pytest.raises(PluginError, match=told):
        list(check_plugin(file))


def test_sizes_are_told_and_layers_that_do_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = changed(MODEL, "layers.Flatten()(face)", "layers.Dropout(0.5)(layers.Flatten()(face))")
    told = list(check_plugin(write_plugin(tmp_path, "models", "dropping", code)))
    assert told[-1] == "32 pixels a side go in, 32 come out, with a mask"
    assert "dropping.py: Dropout: no layer is told that it is training" in caplog.text
