"""How are VGGFace's feature networks built from the published weight files of keras-vggface?

VGG16 is from Parkhi et al., "Deep Face Recognition" (2015); ResNet50 and SENet50 are from Cao et
al., "VGGFace2" (2018). The number of channels comes from the file, so a small file of the same
layout works too. Groups are read by their names and not by Keras, which refuses names with a slash
since version 3.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers, ops

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Floats

SIDE = 224  # pixels a side of the pictures they were trained with
CONVOLUTIONS = (2, 2, 3, 3, 3)  # in each stage of VGG16
UNITS = (3, 4, 6, 3)  # in ResNet50's stages 2 to 5
FIRST = "conv1/7x7_s2"
SQUEEZE = "conv2_1_1x1_down"  # a layer that only SENet50 has
EPSILONS = {False: 1e-3, True: 1e-4}  # of batch normalisation, without and with squeeze layers
# Mean colours, BGR in 0-255, from keras-vggface: each network was trained on pictures minus these.
MEANS = {"vgg16": (93.5940, 104.7624, 129.1863), "resnet50": (91.4953, 103.8827, 131.0912)}
# Explicit, because a global policy of mixed precision must not reach these networks.
EXACT: dict[str, Any] = {"dtype": "float32"}
PLANES: dict[str, Any] = {**EXACT, "data_format": "channels_last"}
EMPTY = {"kernel_initializer": "zeros"}  # random values would be drawn only to be replaced


def kind(path: Path) -> str:
    """Return which network a file contains: `vgg16`, `resnet50` or `senet50`."""
    with _opened(path) as weights:
        return weights.kind


def vgg16(path: Path) -> Any:
    """Build VGG16, a frozen keras.Model.

    It maps RGB in [0, 255] (n, 224, 224, 3) to features of 112, 56, 28 and 14 pixels a side.
    """
    with _opened(path) as weights:
        image, x = _input("vgg16")
        taps = []
        for stage, count in enumerate(CONVOLUTIONS, 1):
            for number in range(1, count + 1):
                name = f"conv{stage}_{number}"
                x = ops.relu(_convolved(x, weights.biased(name, 3)))
            taps.append(x)
            x = layers.MaxPooling2D(2, 2, **PLANES)(x)
        return _frozen(image, taps[1:])


def resnet50(path: Path) -> Any:
    """Build ResNet50 or SENet50, whichever the file contains, like `vgg16`.

    The features have 112, 55, 28 and 7 pixels a side.
    """
    with _opened(path) as weights:
        image, x = _input("resnet50")
        x = ops.relu(_convolved(x, weights.normed(FIRST, 7), stride=2))
        taps = [x]
        x = layers.MaxPooling2D(3, 2, "valid", **PLANES)(x)
        for stage, count in enumerate(UNITS, 2):
            for number in range(1, count + 1):
                x = _unit(x, weights, f"conv{stage}_{number}", stage > 2 and number == 1)
            taps.append(x)
        return _frozen(image, [taps[0], taps[1], taps[2], taps[4]])


def _unit(x: Any, weights: "_Weights", name: str, halves: bool) -> Any:
    stride = 2 if halves else 1
    y = ops.relu(_convolved(x, weights.normed(f"{name}_1x1_reduce", 1), stride))
    y = ops.relu(_convolved(y, weights.normed(f"{name}_3x3", 3)))
    y = _convolved(y, weights.normed(f"{name}_1x1_increase", 1))
    if weights.squeezes:
        share = ops.mean(y, axis=(1, 2), keepdims=True)
        share = ops.relu(_convolved(share, weights.biased(f"{name}_1x1_down", 1)))
        y = y * ops.sigmoid(_convolved(share, weights.biased(f"{name}_1x1_up", 1)))
    if name.endswith("_1"):
        x = _convolved(x, weights.normed(f"{name}_1x1_proj", 1), stride)
    return ops.relu(x + y)


def _convolved(x: Any, weights: tuple[Floats, Floats], stride: int = 1) -> Any:
    kernel, bias = weights
    if kernel.shape[2:] != (x.shape[-1], len(bias)):
        raise ValueError(f"a kernel of {kernel.shape} between {x.shape[-1]} and {len(bias)} planes")
    layer = layers.Conv2D(len(bias), kernel.shape[:2], stride, "same", **EMPTY, **PLANES)
    y = layer(x)
    layer.set_weights([kernel, bias])
    return y


def _input(network: str) -> tuple[Any, Any]:
    image = keras.Input((SIDE, SIDE, 3), **EXACT)
    return image, image[..., ::-1] - np.array(MEANS[network], np.float32)


def _frozen(source: Any, result: Any) -> Any:
    model = keras.Model(source, result)
    model.trainable = False
    return model


class _Weights:
    """An open weight file in the format of Keras 2: one group for each layer, by name."""

    def __init__(self, file: Any) -> None:
        self._root = file.get("model_weights", file)
        self.squeezes = SQUEEZE in self._root
        known = {"senet50": SQUEEZE, "resnet50": FIRST, "vgg16": "conv1_1"}
        self.kind = next((name for name, layer in known.items() if layer in self._root), "")
        if not self.kind:
            raise ValueError("no layer of theirs in it")
        self._epsilon = EPSILONS[self.squeezes]

    def biased(self, name: str, side: int) -> tuple[Floats, Floats]:
        """Return the kernel (rows, columns, in, out) and the bias of a convolution."""
        kernel, bias = self._layer(name, 2)
        return _square(kernel, name, side), bias

    def normed(self, name: str, side: int) -> tuple[Floats, Floats]:
        """Return kernel and bias of a convolution with its batch normalisation folded in."""
        (kernel,) = self._layer(name, 1)
        gamma, beta, mean, variance = self._layer(f"{name}/bn", 4)
        factor = gamma / np.sqrt(variance + self._epsilon)
        return _square(kernel, name, side) * factor, beta - mean * factor

    def _layer(self, name: str, count: int) -> list[Floats]:
        group = self._root[name]
        # In Keras's own order. A group also contains the groups of layers whose names begin with
        # its name.
        found = [np.asarray(group[one], np.float32) for one in group.attrs["weight_names"]]
        if len(found) != count:
            raise ValueError(f"{name} has {len(found)} arrays, not {count}")
        return found


def _square(kernel: Floats, name: str, side: int) -> Floats:
    if kernel.shape[:2] != (side, side):
        raise ValueError(f"{name} has a kernel of {kernel.shape}, not {side}x{side}")
    return kernel


@contextmanager
def _opened(path: Path) -> Iterator[_Weights]:
    try:
        with h5py.File(path, "r") as file:
            yield _Weights(file)
    except (OSError, KeyError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise UserError(
            f"{path}: does not hold the network asked for ({why}); name one of keras-vggface's "
            "rcmalli_vggface_tf_notop files, whole"
        ) from error
