"""How does a test write a model or a trainer of its own, which is forgotten afterwards?

`MODEL` and `TRAINER` are the small ones that a test changes in one place to make them wrong.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap_ae.common import plugins
from faceswap_ae.training.recipe import recipe_type

MODEL = '''"""A model of a test's own."""

from dataclasses import dataclass

import keras
from keras import layers, ops

from faceswap_ae.networks import IDENTITIES, Networks, Output


@dataclass(frozen=True)
class Options:
    size: int = 32
    mask: bool = True


def build(options):
    size = options.size
    face = keras.Input((size, size, 3))
    code = layers.Dense(8)(layers.Flatten()(face))
    encoder = keras.Model(face, code)
    decoders = {identity: decoder(options) for identity in IDENTITIES}

    def encode(x, of, to):
        return encoder(x)

    def decode(code, to):
        made = decoders[to](code)
        face, mask = ops.split(made, [3], axis=-1)
        return Output(face, mask)

    parts = {"encoder": encoder, **{f"decoder_{key}": one for key, one in decoders.items()}}
    own = {identity: (f"decoder_{identity}",) for identity in IDENTITIES}
    return Networks(size, size, True, parts, encode, decode, (8,), own)


def decoder(options):
    code = keras.Input((8,))
    x = layers.Dense(options.size**2 * 4)(code)
    x = layers.Reshape((options.size, options.size, 4))(x)
    return keras.Model(code, layers.Activation("sigmoid", dtype="float32")(x))
'''

TRAINER = '''"""A trainer of a test's own."""

from dataclasses import dataclass

from faceswap_ae.networks import IDENTITIES, Player
from faceswap_ae.training.losses import pixel


@dataclass(frozen=True)
class Options:
    weight: float = 1.0


def build(networks, options, known):
    def loss(pair):
        made = networks.reconstruct_both({name: pair[name].warped for name in IDENTITIES})
        return {
            name: options.weight * pixel.mae(pair[name].target, output.face)
            for name, (_, output) in made.items()
        }

    return [Player("own", loss, networks.parts)]
'''


def write_plugin(folder: Path, kind: plugins.Kind, name: str, code: str) -> Path:
    """Write a plug-in's file, and let it count."""
    file = folder / kind / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)
    plugins.add_folder(folder)
    return file


def changed(code: str, old: str, new: str) -> str:
    """Return code with one place changed, which must be there."""
    assert code.count(old) == 1, old
    return code.replace(old, new)


def line_of(code: str, text: str) -> int:
    """Return the number of the first line that has a text."""
    return next(n for n, line in enumerate(code.splitlines(), 1) if text in line)


@contextmanager
def forgotten() -> Iterator[None]:
    """Forget the plug-ins that were added and loaded inside."""
    places = {
        kind: importlib.import_module(f"faceswap_ae.{kind}").__path__ for kind in plugins.KINDS
    }
    before = {kind: list(place) for kind, place in places.items()}
    loaded, compiled = set(sys.modules), sys.dont_write_bytecode
    # Another text of the same length, written in the same second, would be taken for the old one.
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = compiled
        for kind, place in places.items():
            place[:] = before[kind]
        for name in set(sys.modules) - loaded:
            if name.startswith(tuple(f"faceswap_ae.{kind}." for kind in plugins.KINDS)):
                del sys.modules[name]
        recipe_type.cache_clear()
