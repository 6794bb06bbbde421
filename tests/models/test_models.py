"""Does every model keep the contract of models? New models are tested automatically."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from faceswap_ae.common import config, plugins
from faceswap_ae.networks.model_interface import (
    FACE,
    IDENTITIES,
    ONTO,
    IdentityStatistics,
    Networks,
    Output,
)
from tests.support.small_models import NAMES, SMALL, build, count, faces, numbers, options, small

# The number of weights of each model, at full width, without the mask.
COUNTS = {
    "original": 82_062_470,
    "lightweight": 51_066_374,
    "quick": 1_890_296,
    "dfaker": 113_330_822,
    "iae": 117_816_003,
    "villain": 155_115_014,
}
# DeepFaceLab's names of the variants, and millions of weights at full width, with the mask.
SAE: "dict[str, tuple[dict[str, Any], float]]" = {
    "df": ({"arch": "df", "u": False, "d": False}, 57.5),
    "df-ud": ({"arch": "df"}, 54.5),
    "liae-ud": ({}, 82.4),
    "df-udt": ({"arch": "df", "t": True}, 87.7),
}
every = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def fine() -> None:
    """Reset the precision, since a training in this process may have left it at sixteen bits."""
    keras.config.set_dtype_policy("float32")


def has_mask_option(name: str) -> bool:
    return "mask" in {field.name for field in dataclasses.fields(options(name))}


@every
def test_pictures_come_out(name: str) -> None:
    networks = small(name)
    for identity in IDENTITIES:
        output = networks.reconstruct(faces(networks), identity)
        side = networks.size_out
        assert output.face.shape == (2, side, side, 3)
        assert (output.mask is not None) == networks.has_mask
        for made in (output.face, *output.smaller, *([output.mask] if networks.has_mask else [])):
            assert numbers(made).dtype == np.float32
            assert numbers(made).min() >= 0 and numbers(made).max() <= 1
        if networks.has_mask:
            assert output.mask.shape == (2, side, side, 1)  # type: ignore[union-attr]


@every
def test_by_way_of_the_code(name: str) -> None:
    networks, x = small(name), faces(small(name))
    for to, of in ((FACE, ONTO), (ONTO, FACE)):
        code = networks.encode(x, of, to)
        assert code.shape[1:] == networks.code_shape
        assert same(networks.decode(code, to), networks.swap(x, to))
        code = networks.encode(x, to, to)
        assert same(networks.decode(code, to), networks.reconstruct(x, to))
    assert not same(networks.swap(x, FACE), networks.swap(x, ONTO))


@every
def test_both_at_once_is_one_after_the_other(name: str) -> None:
    networks = small(name)
    pair = {identity: faces(networks, 3, seed=n) for n, identity in enumerate(IDENTITIES)}
    for identity, (code, output) in networks.reconstruct_both(pair).items():
        assert same(output, networks.reconstruct(pair[identity], identity))
        alone = networks.encode(pair[identity], identity, identity)
        assert np.allclose(numbers(code), numbers(alone), atol=1e-5)


def same(one: Output, other: Output) -> bool:
    pairs = [(one.face, other.face), *zip(one.smaller, other.smaller, strict=True)]
    if one.mask is not None:
        pairs.append((one.mask, other.mask))
    return all(np.allclose(numbers(a), numbers(b), atol=1e-5) for a, b in pairs)


@every
def test_a_mask_where_one_is_wanted(name: str) -> None:
    if not has_mask_option(name):
        return
    for wanted in (True, False):
        networks = build(name, mask=wanted)
        assert networks.has_mask == wanted
        mask = networks.reconstruct(faces(networks), FACE).mask
        assert (mask is not None) == wanted


@every
def test_parts_hold_every_weight_and_each_is_needed(name: str) -> None:
    networks = build(name)
    weights = {id(weight.value): weight.path for weight in networks.weights}
    assert len(weights) == len(networks.weights)  # no weight is in two parts
    gradients = slopes(networks, IDENTITIES)
    assert gradients.keys() == weights.keys()
    idle = [weights[key] for key, gradient in gradients.items() if gradient is None]
    assert not idle


@every
def test_own_parts_learn_from_nobody_else(name: str) -> None:
    networks = build(name)
    for identity in IDENTITIES:
        learning = slopes(networks, [identity])
        for other in IDENTITIES:
            for part in networks.own.get(other, ()):
                found = [learning.get(id(w.value)) for w in networks.parts[part].trainable_weights]
                assert all((one is None) == (other != identity) for one in found)


def slopes(networks: Networks, whose: Any) -> dict[int, Any]:
    """The gradients of all trainable variables that were used, and of all weights of all parts.

    The loss is that of reconstructing the identities `whose`.
    """
    values = {id(weight.value): weight.value for weight in networks.weights}
    with tf.GradientTape() as tape:
        loss: Any = 0.0
        for identity in whose:
            output = networks.reconstruct(faces(networks), identity)
            made = [output.face, *output.smaller, *([output.mask] if networks.has_mask else [])]
            loss += sum(tf.reduce_mean(one**2) for one in made)
    values |= {id(one): one for one in tape.watched_variables()}
    found = tape.gradient(loss, list(values.values()))
    return dict(zip(values, found, strict=True))


@every
def test_width_is_of_every_part(name: str) -> None:
    wider = build(name, width=2 * SMALL)
    for part, model in small(name).parts.items():
        assert model.count_params() < wider.parts[part].count_params()


@every
def test_parts_come_back_from_files(name: str, tmp_path: Path) -> None:
    networks, other = small(name), build(name, seed=1)
    x = faces(networks)
    assert not same(networks.swap(x), other.swap(x))
    for part, model in networks.parts.items():
        np.savez(tmp_path / f"{part}.npz", *model.get_weights())
        saved = np.load(tmp_path / f"{part}.npz")
        other.parts[part].set_weights([saved[key] for key in saved.files])
    assert same(networks.swap(x), other.swap(x))


@pytest.mark.parametrize("name", COUNTS)
def test_full_width_has_the_known_size(name: str) -> None:
    assert count(name, mask=False) == COUNTS[name]


@pytest.mark.parametrize("kind", SAE)
def test_full_width_of_each_sae(kind: str) -> None:
    changes, millions = SAE[kind]
    assert round(count("sae", **changes) / 1e6, 1) == millions


@pytest.mark.parametrize("t", [False, True])
@pytest.mark.parametrize("d", [False, True])
@pytest.mark.parametrize("arch", ["df", "liae"])
def test_each_sae_swaps(arch: str, d: bool, t: bool) -> None:
    networks = build("sae", arch=arch, u=not d, d=d, t=t, size=32)
    for to in IDENTITIES:
        output = networks.swap(faces(networks), to)
        assert output.face.shape == (2, 32, 32, 3)
        assert output.mask is not None and output.mask.shape == (2, 32, 32, 1)


@every
def test_options_are_a_recipes(name: str) -> None:
    kind = plugins.load("models", name).Options
    assert config.parse(kind, config.dump(kind(width=0.5)), "dump") == kind(width=0.5)
    with pytest.raises(ValueError, match="width"):
        kind(width=-1)
    with pytest.raises(ValueError, match="size"):
        kind(size=65)


@pytest.fixture
def coarse() -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@every
@pytest.mark.usefixtures("coarse")
def test_sixteen_bits_inside_and_thirty_two_out(name: str) -> None:
    networks, exact = build(name), small(name)
    for part, model in exact.parts.items():
        networks.parts[part].set_weights(model.get_weights())
    assert keras.backend.standardize_dtype(networks.weights[0].dtype) == "float32"
    x = faces(networks)
    assert keras.backend.standardize_dtype(networks.encode(x, FACE, FACE).dtype) == "bfloat16"
    rough, fine = networks.reconstruct(x, FACE), exact.reconstruct(x, FACE)
    assert numbers(rough.face).dtype == np.float32
    assert np.abs(numbers(rough.face) - numbers(fine.face)).max() < 0.05
    if networks.has_mask:
        assert numbers(rough.mask).dtype == np.float32


@pytest.mark.parametrize("name", [n for n in NAMES if hasattr(plugins.load("models", n), "start")])
def test_a_start_shows_the_mean_faces(name: str) -> None:
    networks = build(name)
    side = networks.size_out
    grey = {FACE: 0.3, ONTO: 0.8}
    known = IdentityStatistics(
        shape={identity: np.zeros((68, 2), np.float32) for identity in IDENTITIES},
        face={key: np.full((side, side, 3), level, np.float32) for key, level in grey.items()},
        mask={key: np.zeros((side, side, 1), np.float32) for key in IDENTITIES},
    )
    x = faces(networks)
    before = {key: numbers(networks.reconstruct(x, key).face) for key in IDENTITIES}
    plugins.load("models", name).start(networks, known)
    for identity, level in grey.items():
        output = networks.reconstruct(x, identity)
        away = np.abs(numbers(output.face) - level).mean()
        assert away < 0.1 < np.abs(before[identity] - level).mean()
        if networks.has_mask:
            assert numbers(output.mask).mean() < 0.1
