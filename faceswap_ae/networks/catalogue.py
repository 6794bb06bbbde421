"""What are the models that there are: how large, how dear, and what for?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import Any

from faceswap_ae.common import plugins
from faceswap_ae.networks.model_interface import FACE, Networks
from faceswap_ae.runtime.backend import load_keras

GIGA = 1e9


@dataclass(frozen=True)
class ModelSummary:
    """A model as its options' defaults make it."""

    name: str
    size_in: int
    size_out: int
    has_mask: bool
    parameters: int
    gmac: float  # thousand million multiplications for one swapped face
    purpose: str


def list_models(told: Callable[[int], None] = lambda _: None) -> Iterator[ModelSummary]:
    """Every model, built once; `told` of how many."""
    load_keras()
    import keras

    for count, name in enumerate(plugins.names("models"), 1):
        module = plugins.load("models", name)
        # Shapes are enough: the largest would take a gigabyte to fill.
        with keras.StatelessScope(initialize_variables=False):
            built: Networks = module.build(module.Options())
        parts = built.parts.values()
        yield ModelSummary(
            name,
            built.size_in,
            built.size_out,
            built.has_mask,
            sum(prod(weight.shape) for part in parts for weight in part.weights),
            multiplications(built) / GIGA,
            purpose(module),
        )
        told(count)


def purpose(module: ModuleType) -> str:
    """The first sentence of its docstring."""
    first = (module.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(first.split())


def multiplications(networks: Networks) -> float:
    """Of one face on its way through everything but the other identity's decoder."""
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
