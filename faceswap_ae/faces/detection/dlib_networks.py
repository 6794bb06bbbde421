"""How are dlib's face detector and face descriptor rebuilt in Keras from dlib's own weight files?

With every Keras backend the results equal dlib's except for rounding, in a fraction of dlib's time.
The detector is the network of King's "Max-Margin Object Detection" (2015). The descriptor is his
version of a residual network (He et al. 2016): two descriptors of one person are within 0.6 of each
other. The network has a gradient, so a distance of descriptors can be a loss term.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Floats, Image
from faceswap_ae.faces.detection.dlib_format import (
    AffineSpec,
    ConvolutionSpec,
    DenseSpec,
    MmodSpec,
    NetworkSpec,
    Pair,
    read,
)
from faceswap_ae.faces.detection.mmod_pyramid import (
    FoundBox,
    PyramidLayout,
    ScoreRule,
    boxes,
    draw,
    layout,
)
from faceswap_ae.runtime.inference import CompiledNetwork
from faceswap_ae.runtime.weights import weight_file

DESCRIPTOR = "dlib_face_recognition_resnet_model_v1.dat"
DETECTOR = "mmod_human_face_detector.dat"
CHIP = 150  # pixels a side of a chip: an upright face as dlib cuts it out
NUMBERS = 128  # length of a descriptor
BLOCKS = (3, -1, 3, -1, 2, -1, 2, -1)  # per stage; negative: a block that halves the picture
# For each convolution: side of the kernel, stride, padding.
EVEN, HALVING = (3, 1, 1), (3, 2, 0)
DESCRIBING = (
    (7, 2, 0),
    *(one for count in BLOCKS for one in abs(count) * (HALVING if count < 0 else EVEN, EVEN)),
)
DETECTING = (*3 * ((5, 2, 0),), *3 * ((5, 1, 2),), (9, 1, 4))
LOT_PIXELS = 4_000_000  # pixels of the canvases in one batch: 0.2 GB with all features
LEAST_SIDE = 7  # pixels; in a smaller image the detector's strides leave no output
# Explicit, because a global mixed precision policy must not change these networks.
EXACT: dict[str, Any] = {"dtype": "float32"}
PLANES: dict[str, Any] = {**EXACT, "data_format": "channels_last"}
# The file's weights replace the initial ones, so random numbers would be a waste.
EMPTY = {"kernel_initializer": "zeros"}


def descriptor(path: Path | None = None, taps: bool = False) -> Any:
    """Return a frozen keras.Model: RGB in [0, 255] (n, 150, 150, 3) to descriptors (n, 128).

    With `taps` its output is a list: the descriptors, then the features after each of the 8 stages.
    """
    network = _opened(path, DESCRIPTOR, DESCRIBING)
    image = keras.Input((CHIP, CHIP, 3), **EXACT)
    rest = iter(_filters(network))
    x = _convolved((image - np.array(network.input.mean, np.float32)) / 256, next(rest))
    x = layers.MaxPooling2D(3, 2, "valid", **PLANES)(x)
    stages = []
    for count in BLOCKS:
        for _ in range(abs(count)):
            x = _block(x, next(rest), next(rest), halves=count < 0)
        stages.append(x)
    x = _dense(layers.GlobalAveragePooling2D(**PLANES)(x), network)
    return _frozen(image, [x, *stages] if taps else x)


class Describer:
    """Computes the descriptors of many chips in batches. Keeps the network."""

    def __init__(self, path: Path | None = None) -> None:
        self._network = CompiledNetwork(descriptor(path))

    def __call__(self, chips: Image) -> Floats:
        """Return the descriptors (n, 128) of chips (n, 150, 150, 3) uint8 RGB."""
        if chips.dtype != np.uint8 or chips.shape[1:] != (CHIP, CHIP, 3):
            raise ValueError(f"chips are uint8 (n, 150, 150, 3), not {chips.dtype} {chips.shape}")
        return self._network(chips)[0]


class MmodDetector:
    """dlib's CNN detector, for one thread. Keeps the network and the last canvas."""

    def __init__(self, path: Path | None = None) -> None:
        network = _opened(path, DETECTOR, DETECTING)
        assert isinstance(network.loss, MmodSpec)
        self._mean = network.input.mean
        self._rule = ScoreRule(network.loss.window, network.loss.overlap, network.loss.covered)
        self._network = CompiledNetwork(_detector(network))
        self._canvas = np.zeros((0, 0, 0, 3), np.float32)

    def find(self, images: Image, threshold: float = 0.0) -> list[list[FoundBox]]:
        """Return the faces in each image of (n, h, w, 3) uint8 RGB, best first.

        A threshold below 0 gives more faces.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ValueError(f"images are uint8 (n, h, w, 3), not {images.dtype} {images.shape}")
        if min(images.shape[1:3]) < LEAST_SIDE:
            return [[] for _ in images]
        plan = layout(*images.shape[1:3])
        lot = max(1, LOT_PIXELS // (plan.canvas[0] * plan.canvas[1]))
        found: list[list[FoundBox]] = []
        for begin in range(0, len(images), lot):
            scores = self._scores(images[begin : begin + lot], plan)
            found += [boxes(one, plan, self._rule, threshold) for one in scores]
        return found

    def _scores(self, images: Image, plan: PyramidLayout) -> Floats:
        shape = (len(images), *plan.canvas, 3)
        if self._canvas.shape != shape:
            self._canvas = np.zeros(shape, np.float32)
        for image, canvas in zip(images, self._canvas, strict=True):
            draw(image, plan, self._mean, canvas)
        return self._network(self._canvas)[0][..., 0]


def _detector(network: NetworkSpec) -> Any:
    canvas = x = keras.Input((None, None, 3), **EXACT)
    *inner, last = _filters(network)
    for one in inner:
        x = _convolved(x, one)
    return _frozen(canvas, _to_one_channel(x, last))


def _to_one_channel(x: Any, last: "_FilterLayer") -> Any:
    """Apply the last convolution in two steps: each row of its kernel separately, then their sum.

    A convolution with one output channel leaves most of a processor's lanes empty and takes five
    times as long.
    """
    rows = len(last.kernel)
    apart = last.kernel[..., 0].transpose(1, 2, 0)[None]  # one channel for each row
    summed = np.eye(rows, dtype=np.float32)[:, None, :, None]
    x = _convolved(x, _FilterLayer(apart, np.zeros(rows, np.float32)), relu=False)
    return _convolved(x, _FilterLayer(summed, last.bias), relu=False)


def _opened(path: Path | None, name: str, plan: tuple[tuple[int, ...], ...]) -> NetworkSpec:
    """Read the network of a file; raise UserError if its convolutions are not those of `plan`."""
    network = read(path or weight_file(name))
    found = [layer for layer in network.layers if isinstance(layer, ConvolutionSpec)]
    if tuple((one.weights.shape[2], one.stride[0], one.pad[0]) for one in found) != plan:
        raise UserError(f"{path}: is another network of dlib's; name {name}")
    return network


@dataclass(frozen=True, eq=False)
class _FilterLayer:
    """The weights of a convolution in the layout of Keras."""

    kernel: Floats  # (rows, columns, in, out)
    bias: Floats
    stride: Pair = (1, 1)

    @property
    def padding(self) -> str:
        return "same" if self.stride == (1, 1) else "valid"


def _filters(network: NetworkSpec) -> list[_FilterLayer]:
    """Return all convolutions; factors and shifts that follow one are merged into its weights."""
    found = []
    for layer, after in zip(network.layers, [*network.layers[1:], None], strict=True):
        if isinstance(layer, ConvolutionSpec):
            kernel, bias = layer.weights.transpose(2, 3, 1, 0), layer.bias
            if isinstance(after, AffineSpec):
                kernel, bias = kernel * after.gamma, bias * after.gamma + after.beta
            found.append(_FilterLayer(kernel, bias, layer.stride))
    return found


def _convolved(x: Any, one: _FilterLayer, relu: bool = True) -> Any:
    *size, _, out = one.kernel.shape
    options = {"activation": "relu" if relu else None, **EMPTY, **PLANES}
    layer = layers.Conv2D(out, size, one.stride, one.padding, **options)
    y = layer(x)
    layer.set_weights([one.kernel, one.bias])
    return y


def _block(x: Any, first: _FilterLayer, second: _FilterLayer, halves: bool) -> Any:
    y = _convolved(_convolved(x, first), second, relu=False)
    if halves:
        x = layers.AveragePooling2D(2, 2, "valid", **PLANES)(x)
    # The smaller array is padded with zeros at its end, in height, width and channels.
    size = [max(sides) for sides in zip(x.shape[1:], y.shape[1:], strict=True)]
    return ops.relu(_filled(x, size) + _filled(y, size))


def _filled(x: Any, size: list[int]) -> Any:
    lacks = [(0, want - have) for want, have in zip(size, x.shape[1:], strict=True)]
    return ops.pad(x, [(0, 0), *lacks]) if any(lack for _, lack in lacks) else x


def _dense(x: Any, network: NetworkSpec) -> Any:
    last = network.layers[-1]
    assert isinstance(last, DenseSpec)
    layer = layers.Dense(NUMBERS, use_bias=False, **EMPTY, **EXACT)
    y = layer(x)
    layer.set_weights([last.weights])
    return y


def _frozen(source: Any, result: Any) -> Any:
    model = keras.Model(source, result)
    model.trainable = False
    return model
