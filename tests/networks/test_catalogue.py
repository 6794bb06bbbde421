import json
from pathlib import Path
from typing import Any

import pytest

from faceswap_ae.cli import main
from faceswap_ae.common import plugins
from faceswap_ae.networks import catalogue
from faceswap_ae.networks.catalogue import ModelSummary
from tests.support.own_plugins import forgotten, write_plugin


@pytest.fixture(scope="module")
def listed() -> dict[str, ModelSummary]:
    return {one.name: one for one in catalogue.list_models()}


def test_every_model_is_listed_with_what_it_is_for(listed: dict[str, ModelSummary]) -> None:
    assert list(listed) == plugins.names("models")
    assert all(one.purpose and "\n" not in one.purpose for one in listed.values())


def test_costs_are_those_of_the_layers(listed: dict[str, ModelSummary]) -> None:
    """Counted by hand for `original` at 64 pixels: encoder, inter, one decoder with its mask."""
    down = [(32, 5, 3, 128), (16, 5, 128, 256), (8, 5, 256, 512), (4, 5, 512, 1024)]
    up = [
        (4, 3, 1024, 2048),
        (8, 3, 512, 1024),
        (16, 3, 256, 512),
        (32, 3, 128, 256),
        (64, 5, 64, 4),
    ]
    macs = sum(side**2 * kernel**2 * before * after for side, kernel, before, after in down + up)
    macs += 4 * 4 * 1024 * 1024 * 2
    assert listed["original"].gmac == pytest.approx(macs / 1e9)
    assert listed["original"].parameters > 82_000_000
    assert listed["quick"].gmac < listed["original"].gmac / 4


def test_no_weight_of_the_list_gets_a_value_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """All models together would take 12 gigabytes at the next model that is built."""
    import keras

    monkeypatch.setattr(plugins, "names", lambda _kind: ["original"])
    assert [one.name for one in catalogue.list_models()] == ["original"]
    drawn: list[tuple[int, ...]] = []
    plain = keras.initializers.VarianceScaling.__call__

    def draw(self: Any, shape: tuple[int, ...], dtype: Any = None) -> Any:
        drawn.append(tuple(shape))
        return plain(self, shape, dtype)

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", draw)
    with keras.StatelessScope():  # as a layer opens it to find out its own shape
        pass
    assert not drawn


def test_what_is_broken_is_named_and_the_rest_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with forgotten():
        for kind in plugins.KINDS:
            write_plugin(tmp_path, kind, "broken", "import keras\ndef build(:\n")
        assert "autoencoder" in catalogue.list_trainers()
        monkeypatch.setattr(plugins, "names", lambda _kind: ["broken", "quick"])
        assert [one.name for one in catalogue.list_models()] == ["quick"]
    for what, message in zip(("trainer", "model"), caplog.messages, strict=True):
        assert message.startswith(f"{what} broken is left out: ")
        assert f"{what}s/broken.py, line 2: SyntaxError" in message


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").mkdir()
    assert main.main(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["models"]] == plugins.names("models")
    assert "autoencoder" in told["trainers"]
    assert "quick" in told["recipes"]
    assert main.main(["models"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in plugins.names("models"))
