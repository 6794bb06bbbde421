"""Which models are there, and what are their sizes, parameters, cost per face and purpose?"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import Any

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import PluginError
from faceswap_ae.networks.model_interface import FACE, Networks
from faceswap_ae.runtime.backend import load_keras

GIGA = 1e9

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelSummary:
    """The key figures of a model with default options."""

    name: str
    size_in: int
    size_out: int
    has_mask: bool
    parameters: int
    gmac: float  # thousand million (10^9) multiplications for one swapped face
    purpose: str


def list_models(told: Callable[[int], None] = lambda _: None) -> Iterator[ModelSummary]:
    """Build every model once and yield its summary; call `told` with how many are done.

    What cannot be built is left out, and a warning says why.
    """
    load_keras()
    for count, name in enumerate(plugins.names("models"), 1):
        try:
            yield _summary(name)
        except PluginError as error:
            log.warning("model %s is left out: %s", name, error)
        told(count)


def list_trainers() -> dict[str, str]:
    """Return the purpose of every trainer, by name; one that cannot be loaded is left out too."""
    found: dict[str, str] = {}
    for name in plugins.names("trainers"):
        try:
            found[name] = purpose(plugins.load("trainers", name))
        except PluginError as error:
            log.warning("trainer %s is left out: %s", name, error)
    return found


def _summary(name: str) -> ModelSummary:
    module = plugins.load("models", name)
    # Keras keeps weights that wait for their values, thread by thread, and gives them values at
    # the next model: a thread that ends takes them along.
    with ThreadPoolExecutor(1) as alone:
        built = alone.submit(_build_shapes, module).result()
    parts = built.parts.values()
    return ModelSummary(
        name,
        built.size_in,
        built.size_out,
        built.has_mask,
        sum(prod(weight.shape) for part in parts for weight in part.weights),
        multiplications(built) / GIGA,
        purpose(module),
    )


def _build_shapes(module: ModuleType) -> Networks:
    """Build a model without values: the weights of the largest would take a gigabyte."""
    import keras

    from faceswap_ae.networks.contract import build_model

    with keras.StatelessScope(initialize_variables=False):
        return build_model(module, plugins.options_type(module)())


def purpose(module: ModuleType) -> str:
    """Return the first paragraph of a plug-in's docstring, which `faceswap-ae models` shows."""
    first = (module.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(first.split())


def multiplications(networks: Networks) -> float:
    """Count the multiplications for one face, without the parts of the other identity alone."""
    others = {
        name for identity, names in networks.own.items() if identity != FACE for name in names
    }
    return sum(
        _multiplied(layer)
        for name, part in networks.parts.items()
        if name not in others
        for layer in part.layers
    )


def _multiplied(layer: Any) -> float:
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0.0
    pixels = prod(layer.output.shape[1:-1]) if len(layer.output.shape) > 2 else 1
    return float(prod(kernel.shape) * pixels)
