"""Does every model keep the contract of models? New models are tested automatically."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
import pytest

from faceswap_ae.common import plugins
from faceswap_ae.networks import model_check
from faceswap_ae.networks.model_check import SMALL
from faceswap_ae.networks.model_check import random_faces as faces
from faceswap_ae.networks.model_interface import FACE, IDENTITIES
from tests.support.small_models import NAMES, build, count, options, small

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
@pytest.mark.parametrize("truth", model_check.CHECKS)
def test_it_keeps_the_contract(name: str, truth: str) -> None:
    model_check.CHECKS[truth](plugins.load("models", name))


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
def test_width_is_of_every_part(name: str) -> None:
    wider = build(name, width=2 * SMALL)
    for part, model in small(name).parts.items():
        assert model.count_params() < wider.parts[part].count_params()


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
def test_wrong_options_are_refused(name: str) -> None:
    kind = plugins.load("models", name).Options
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
def test_sixteen_bits_inside(name: str) -> None:
    networks = build(name)
    assert keras.backend.standardize_dtype(networks.weights[0].dtype) == "float32"
    code = networks.encode(faces(networks), FACE, FACE)
    assert keras.backend.standardize_dtype(code.dtype) == "bfloat16"
