"""Does a model or trainer that breaks its contract hear its file, its line and what is asked?"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import PluginError
from faceswap_ae.training.plugin_check import build_trial, check_steps
from tests.support.own_plugins import MODEL, TRAINER, changed, forgotten, line_of, write_plugin

BUILD = "def build("  # the line of what only the core notices


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with forgotten():
        yield


# What is changed, into what, the line that is named, and what is said.
MODELS = {
    "five channels": (
        "return Networks(size, size, True, parts, encode, decode, (8,), own)",
        """from faceswap_ae.networks.assembly import one_encoder
    return one_encoder(encoder, encoder, lambda *_: keras.Model(face, layers.Conv2D(5, 3)(face)))
""",
        BUILD,
        "the decoder's picture has 5 channels; 3, or 4 with a mask",
    ),
    "an encoder with two outputs": (
        "keras.Model(face, code)",
        "keras.Model(face, [code, code])",
        BUILD,
        "encode: the code must be one tensor, not a list of 2",
    ),
    "a code that is not promised": (
        "decode, (8,), own",
        "decode, (9,), own",
        BUILD,
        r"encode: the code is \(8,\), but code_shape promises \(9,\)",
    ),
    "a batch that is always two": (
        "return encoder(x)",
        "return ops.reshape(encoder(x), (2, 8))",
        BUILD,
        "must keep the batch's length; it is always 2",
    ),
    "a face of another size": (
        "Networks(size, size,",
        "Networks(size, 2 * size,",
        BUILD,
        r"decode: the face is \(32, 32, 3\), but size_out promises \(64, 64, 3\)",
    ),
    "no mask": (
        "Output(face, mask)",
        "Output(face)",
        BUILD,
        "has_mask is true, but the output has no mask",
    ),
    "a mask that is not promised": ("size, True,", "size, False,", BUILD, "has_mask is false"),
    "no Output": ("Output(face, mask)", "face, mask", BUILD, "must return an Output, not a tuple"),
    "no Networks": (
        "return Networks(size, size, True, parts, encode, decode, (8,), own)",
        "return encoder",
        BUILD,
        "must return Networks, not Functional",
    ),
    "nothing": (
        "return Networks(size, size, True, parts, encode, decode, (8,), own)",
        "networks = parts",
        BUILD,
        "must return Networks, not None",
    ),
    "a layer as a part": (
        'parts = {"encoder": encoder,',
        'parts = {"encoder": encoder.layers[-1],',
        BUILD,
        "'encoder' must be a Keras model, not Dense",
    ),
    "a part of nobody": (
        'identity: (f"decoder_{identity}",)',
        'identity: (f"decodr_{identity}",)',
        BUILD,
        "own: unknown part 'decodr_face'; did you mean 'decoder_face'",
    ),
    "layers that do not fit": (
        "Reshape((options.size, options.size, 4))",
        "Reshape((options.size, options.size, 3))",
        "Reshape(",
        "ValueError: .*shape",
    ),
    "a name that is not there": ("layers.Dense(8)", "layers.Dens(8)", "Dens(8)", "AttributeError"),
    "no Python": ("def encode(x, of, to):", "def encode(x, of, to:", "def encode", "SyntaxError"),
    "an import of nothing": (
        "import keras\n",
        "import keras, torchvison\n",
        "torchvison",
        "No module named 'torchvison'",
    ),
    "no Options": ("class Options", "class Settings", BUILD, "has no dataclass Options"),
    "Options that change": ("(frozen=True)", "", BUILD, "must be frozen"),
    "Options without a value": ("size: int = 32", "size: int", BUILD, "size must have a default"),
    "Options of another type": (
        "mask: bool = True",
        "mask: complex = 1j",
        BUILD,
        "no recipe can hold the type of mask",
    ),
    "no build": ("def build(", "def built(", '"""', "has no function build"),
}
TRAINERS = {
    "no players": (
        'return [Player("own", loss, networks.parts)]',
        "return None",
        BUILD,
        "must return a list of players, not None",
    ),
    "a player's name alone": (
        'Player("own", loss, networks.parts)',
        '"own"',
        BUILD,
        "must return players, not str",
    ),
    "two players of one name": (
        'Player("own", loss, networks.parts)',
        '*2 * [Player("own", loss, networks.parts)]',
        BUILD,
        r"two players have one name \(own, own\)",
    ),
    "a list of parts": (
        "loss, networks.parts",
        "loss, list(networks.parts.values())",
        BUILD,
        "parts: must be Keras models by name, not a list of 3",
    ),
    "a loss that is one number": (
        "        return {\n",
        "        return sum(pixel.mae(pair[n].target, made[n][1].face) for n in made)\n        {\n",
        BUILD,
        "its loss must return terms by name, not",
    ),
    "a loss for each face": (
        "pixel.mae(pair[name].target, output.face)",
        "abs(pair[name].target - output.face)",
        BUILD,
        r"its loss 'face' must be one number, not an array \(2, 32, 32, 3\)",
    ),
    "a loss that depends on nothing": (
        "options.weight * pixel.mae(pair[name].target, output.face)",
        "pixel.mae(pair[name].target, pair[name].target)",
        BUILD,
        "loss depends on none of its weights",
    ),
    "a batch without such faces": ("].target", "].faces", "].faces", "has no attribute 'faces'"),
    "faces of another shape": (
        "pair[name].warped for",
        "pair[name].warped[:, ::2] for",
        "warped[:, ::2]",
        "ValueError",
    ),
}


HELPER = """

def far(one, other):
    return pixel.mae(one, other)
"""
ODD = """

class Odd(layers.Layer):
    def call(self, x):
        count = ops.cast(ops.sum(ops.cast(x > -1e9, "float32")), "int32") - 3
        return ops.reshape(ops.cumsum(ops.reshape(x, (count,))), (-1, 8))

    def compute_output_shape(self, shape):
        return shape
"""


def train(folder: Path, model: str, trainer: str) -> None:
    write_plugin(folder, "models", "own_model", model)
    write_plugin(folder, "trainers", "own_trainer", trainer)
    trial = build_trial("own_model", "own_trainer")
    with plugins.blaming(plugins.load("trainers", "own_trainer")):
        check_steps([trial])


def test_the_right_ones_train(tmp_path: Path) -> None:
    train(tmp_path, MODEL, TRAINER)


@pytest.mark.parametrize("fault", MODELS)
def test_a_wrong_model_is_told_where_and_what(fault: str, tmp_path: Path) -> None:
    old, new, place, told = MODELS[fault]
    code = changed(MODEL, old, new)
    with pytest.raises(PluginError, match=told) as caught:
        train(tmp_path, code, TRAINER)
    assert_named(caught.value, "own_model", line_of(code, place))


@pytest.mark.parametrize("fault", TRAINERS)
def test_a_wrong_trainer_is_told_where_and_what(fault: str, tmp_path: Path) -> None:
    old, new, place, told = TRAINERS[fault]
    code = changed(TRAINER, old, new)
    with pytest.raises(PluginError, match=told) as caught:
        train(tmp_path, MODEL, code)
    assert_named(caught.value, "own_trainer", line_of(code, place))


def assert_named(error: PluginError, name: str, line: int) -> None:
    assert re.search(rf"{name}\.py, line {line}\W", str(error))
    assert error.status == 2
    assert "fault of ours" not in str(error)


def test_a_fault_in_the_middle_names_the_innermost_line(tmp_path: Path) -> None:
    code = changed(MODEL, "decoders[to](code)", "decoders['nobody'](code)")
    with pytest.raises(PluginError, match="KeyError: 'nobody'") as caught:
        train(tmp_path, code, TRAINER)
    assert_named(caught.value, "own_model", line_of(code, "nobody"))


def test_a_fault_in_a_helper_names_the_line_of_the_loss_too(tmp_path: Path) -> None:
    old = "pixel.mae(pair[name].target, output.face)"
    code = changed(TRAINER, old, "far(pair[name].target, output.face[:, ::2])") + HELPER
    with pytest.raises(PluginError, match="32 and 16") as caught:
        train(tmp_path, MODEL, code)
    assert_named(caught.value, "own_trainer", line_of(code, "return pixel.mae"))
    assert f"(called from line {line_of(code, 'far(pair')})" in str(caught.value)


def test_a_fault_in_compiled_code_is_one_short_line(tmp_path: Path) -> None:
    """The layer promises another shape than it computes, so only numbers show the fault."""
    flat = "layers.Dense(8)(layers.Flatten()(face))"
    code = changed(MODEL, flat, f"Odd()({flat})") + ODD
    with pytest.raises(PluginError, match="16 values, but the requested shape has 13") as caught:
        train(tmp_path, code, TRAINER)
    assert_named(caught.value, "own_model", line_of(code, "cumsum"))
    said = str(caught.value)
    assert f"(called from line {line_of(code, 'return encoder(x)')} and " in said
    assert "{{" not in said and "Graph execution" not in said and len(said) < 500


def test_errors_of_others_stay_what_they_are() -> None:
    with pytest.raises(ZeroDivisionError), plugins.blaming():
        _ = 1 / 0
