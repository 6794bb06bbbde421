"""Do the checks find what is wrong in a model only when it computes?"""

from pathlib import Path

import pytest

from faceswap_ae.cli import main
from faceswap_ae.common import plugins
from faceswap_ae.common.errors import ContractError
from faceswap_ae.networks import model_check
from tests.support.own_plugins import MODEL, changed, forgotten, line_of, write_plugin

FAULTS = {  # what is changed, into what, and what is said
    "colours beyond 1": (
        "Output(face, mask)",
        "Output(face * 2 + 1, mask)",
        r"pictures must be in \[0, 1\], not from",
    ),
    "one face for both": ("decoders[to](code)", "decoders['face'](code)", "the same face"),
    "a weight in no part": (
        'parts = {"encoder": encoder, **{',
        "parts = {**{",
        "none of them holds the weight",
    ),
    "a part that nobody uses": (
        'parts = {"encoder": encoder,',
        'parts = {"encoder": encoder, "more": keras.Model(face, layers.Dense(1)(face)),',
        "'more' has a weight that nothing uses",
    ),
    "a shared part as one's own": (
        'own = {identity: (f"decoder_{identity}",)',
        'own = {identity: (f"decoder_{identity}", "encoder")',
        "own: 'encoder' is of",
    ),
    "pictures in 16 bits": (', dtype="float32"', "", "in bfloat16, pictures must still be float32"),
}


def run_checks(file: Path) -> None:
    module = plugins.load("models", file.stem)
    for check in model_check.CHECKS.values():
        check(module)


def test_the_right_one_passes(tmp_path: Path) -> None:
    with forgotten():
        run_checks(write_plugin(tmp_path, "models", "own_model", MODEL))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, tmp_path: Path) -> None:
    old, new, told = FAULTS[fault]
    with forgotten(), pytest.raises(ContractError, match=told):
        run_checks(write_plugin(tmp_path, "models", "own_model", changed(MODEL, old, new)))


def test_layers_that_wait_for_training_are_found(tmp_path: Path) -> None:
    hidden = changed(MODEL, "layers.Dense(8)(", "layers.Dropout(0.5)(layers.Dense(8)(")
    hidden = changed(hidden, "Flatten()(face))", "Flatten()(face)))")
    plain = changed(MODEL, "layers.Dense(8)(", "layers.Dropout(0.0)(layers.Dense(8)(")
    plain = changed(plain, "Flatten()(face))", "Flatten()(face)))")
    for code, kinds in ((hidden, ["Dropout"]), (plain, [])):
        with forgotten():
            write_plugin(tmp_path, "models", "own_model", code)
            networks = model_check.build_small(plugins.load("models", "own_model"))
            assert model_check.find_training_layers(networks) == kinds


def test_the_command_names_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = changed(MODEL, "Output(face, mask)", "Output(face - 1, mask)")
    with forgotten():
        file = write_plugin(tmp_path, "models", "own_model", code)
        assert main.main(["models", "check", str(file)]) == 2
    told = capsys.readouterr()
    assert "ok: a recipe can hold its settings" in told.out
    assert f"own_model.py, line {line_of(code, 'def build')}: decode: pictures must" in told.err
    assert main.main(["models", "check", str(tmp_path / "own.py")]) == 2
    assert "no such file" in capsys.readouterr().err
