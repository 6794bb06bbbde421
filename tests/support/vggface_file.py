"""How are VGGFace weight files in the published format made for tests, with random numbers?"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


Layers = dict[str, dict[str, Floats]]


NORM = ("gamma", "beta", "moving_mean", "moving_variance")


VGG16 = [f"conv{stage}_{n}" for stage, count in enumerate((2, 2, 3, 3, 3), 1) for n in range(count)]


RESNET = [
    f"conv{stage}_{n}" for stage, count in ((2, 3), (3, 4), (4, 6), (5, 3)) for n in range(count)
]


def counted(names: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield the published names, which count from 1, and whether each is the first of its stage."""
    for name in names:
        stage, number = name.split("_")
        yield f"{stage}_{int(number) + 1}", number == "0"


def layers_of(network: str) -> Layers:
    """Random weights, with 2 channels where the published files have 64."""
    rng = np.random.default_rng(3)
    made: Layers = {}

    def convolution(name: str, shape: tuple[int, ...], biased: bool) -> None:
        kernel = rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape)
        made[name] = {"kernel": kernel.astype(np.float32)}
        width = shape[-1]
        if biased:
            made[name]["bias"] = rng.normal(0, 0.5, width).astype(np.float32)
        else:
            values = [rng.uniform(0.5, 2, width) for _ in NORM]
            made[f"{name}/bn"] = {
                key: one.astype(np.float32) for key, one in zip(NORM, values, strict=True)
            }

    if network == "vgg16":
        given = 3
        for name, _ in counted(VGG16):
            width = 1 + int(name[4])
            convolution(name, (3, 3, given, width), True)
            given = width
        return made
    convolution("conv1/7x7_s2", (7, 7, 3, 2), False)
    given = 2
    for name, first in counted(RESNET):
        inner, out = int(name[4]), 2 * int(name[4])
        convolution(f"{name}_1x1_reduce", (1, 1, given, inner), False)
        convolution(f"{name}_3x3", (3, 3, inner, inner), False)
        convolution(f"{name}_1x1_increase", (1, 1, inner, out), False)
        if first:
            convolution(f"{name}_1x1_proj", (1, 1, given, out), False)
        if network == "senet50":
            convolution(f"{name}_1x1_down", (1, 1, out, 2), True)
            convolution(f"{name}_1x1_up", (1, 1, 2, out), True)
        given = out
    return made


def write(path: Path, made: Layers) -> Path:
    """Write weights in the format of Keras 2: groups whose attributes name the arrays in order."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in made]
        file.attrs["keras_version"], file.attrs["backend"] = b"2.0.8", b"tensorflow"
        for name, arrays in made.items():
            group = file.require_group(name)
            group.attrs["weight_names"] = [f"{name}/{key}:0".encode() for key in arrays]
            for key, array in arrays.items():
                group[f"{name}/{key}:0"] = array
    return path
