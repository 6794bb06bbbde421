"""How is the network of a .tflite file rebuilt in Keras?

The operators are taken one by one in the order of the file, and each becomes a Keras operation
with the file's own weights. The result runs on every backend and device, for any number
of pictures at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from faceswap_ae.common.errors import MediaError
from faceswap_ae.faces.detection import tflite_attention
from faceswap_ae.faces.detection.tflite_format import (
    ADD,
    CONCATENATE,
    CONVOLVE,
    CONVOLVE_EACH,
    DAMAGE,
    DEQUANTIZE,
    MAX_POOL,
    MEND,
    MOVE,
    MULTIPLY,
    PAD,
    PLACE,
    PRELU,
    RELU,
    RESHAPE,
    RESIZE,
    SAMPLE,
    SLICE,
    Code,
    TfliteGraph,
    read,
)

# Explicit, because a global mixed precision policy must not change these networks.
EXACT: dict[str, Any] = {"dtype": "float32"}
ACTIVATIONS = {0: None, 1: "relu"}
Value = Any  # a Keras tensor, or a constant array


@dataclass(frozen=True, eq=False)
class Step:
    """An operator with the values that it gets, and the shape of what it gives."""

    inputs: list[Value]
    options: Mapping[str, Any]
    shape: tuple[int, ...]


def rebuild(path: Path, outputs: Sequence[int] | None = None) -> Any:
    """Return a frozen keras.Model with the inputs and outputs of the file's network.

    `outputs` are the places of those that are wanted: the others are not computed.

    Raises MediaError, which names the file, if its operators do not fit together.
    """
    graph = read(path)
    try:
        wanted = graph.outputs if outputs is None else [graph.outputs[one] for one in outputs]
        return _model(graph, wanted)
    except DAMAGE as error:
        why = f"{path}: is no network that we know ({error})"
        raise MediaError(f"{why}; {MEND}") from error


def _model(graph: TfliteGraph, outputs: Sequence[int]) -> Any:
    values: dict[int, Value] = dict(graph.constants)
    sources = [keras.Input(graph.shapes[number][1:], **EXACT) for number in graph.inputs]
    values.update(zip(graph.inputs, sources, strict=True))
    for operator in graph.operators:
        inputs = [values[number] for number in operator.inputs if number >= 0]
        (number,) = operator.outputs
        step = Step(inputs, operator.options, graph.shapes[number])
        values[number] = BUILDERS[operator.code](step)
        _check_shape(values[number], graph.shapes[number])
    return keras.Model(sources, [values[number] for number in outputs])


def _check_shape(value: Value, shape: tuple[int, ...]) -> None:
    """Raise ValueError if a step's result is not what the file says, the batch apart."""
    if tuple(value.shape[1:]) != shape[1:]:
        raise ValueError(f"a step gives {tuple(value.shape[1:])} where the file says {shape[1:]}")


def _convolve(step: Step) -> Value:
    x, kernel, bias = step.inputs
    kernel = _constant(kernel.transpose(1, 2, 3, 0))  # from (out, rows, columns, in)
    return _shifted(ops.conv(x, kernel, **_sliding(step.options)), bias, step.options)


def _convolve_each(step: Step) -> Value:
    """Apply a filter of its own to each channel."""
    x, kernel, bias = step.inputs
    kernel = _constant(kernel.reshape(*kernel.shape[1:3], -1, step.options["multiplier"]))
    return _shifted(ops.depthwise_conv(x, kernel, **_sliding(step.options)), bias, step.options)


def _shifted(x: Value, bias: NDArray[Any], options: Mapping[str, int]) -> Value:
    return _activated(x + _constant(bias), options)


def _sliding(options: Mapping[str, int]) -> dict[str, Any]:
    return {
        "strides": (options["rows"], options["columns"]),
        "padding": "valid" if options["valid"] else "same",
        "data_format": "channels_last",
    }


def _constant(array: NDArray[Any]) -> Value:
    """Weights are constants: a variable takes ten times as long to make."""
    return ops.convert_to_tensor(np.ascontiguousarray(array, np.float32))


def _prelu(step: Step) -> Value:
    x, slopes = step.inputs
    flat = slopes.reshape(1, 1, 1, -1)
    if flat.max() <= 1:
        return ops.maximum(x, x * _constant(flat))  # the quickest way
    # Without a `relu`: TensorFlow would merge it with the sum before, which is needed here too, and
    # then gives up all other merging.
    return x * _constant((1 + flat) / 2) + ops.abs(x) * _constant((1 - flat) / 2)


def _pool(step: Step) -> Value:
    window = step.options["height"], step.options["width"]
    pooled = ops.max_pool(step.inputs[0], window, **_sliding(step.options))
    return _activated(pooled, step.options)


def _add(step: Step) -> Value:
    return _activated(step.inputs[0] + step.inputs[1], step.options)


def _multiply(step: Step) -> Value:
    x, factors = step.inputs
    return _activated(x * _constant(factors), step.options)


def _whole_slice(step: Step) -> Value:
    """Pass a tensor on. Its shape is checked: no network of ours cuts anything off."""
    return step.inputs[0]


def _concatenate(step: Step) -> Value:
    return _activated(ops.concatenate(step.inputs, axis=step.options["axis"]), step.options)


def _activated(x: Value, options: Mapping[str, int]) -> Value:
    return ops.relu(x) if ACTIVATIONS[options["activation"]] else x


def _resize(step: Step) -> Value:
    x, size = step.inputs
    return ops.image.resize(x, tuple(int(side) for side in size), data_format="channels_last")


def _reshape(step: Step) -> Value:
    return ops.reshape(step.inputs[0], (-1, *step.shape[1:]))


def _pad(step: Step) -> Value:
    x, widths = step.inputs
    *others, (before, more) = ((int(before), int(after)) for before, after in widths)
    if before or any(map(any, others)):
        return ops.pad(x, [*others, (before, more)])
    # Not `pad`: TensorFlow crashes where it merges a convolution with the sum of its result and
    # padded channels, and JAX computes wrong numbers.
    channels = x.shape[-1]
    if channels + more != step.shape[-1]:
        raise ValueError(f"{more} channels of padding beside {channels}")
    return ops.matmul(x, _constant(np.eye(channels, channels + more)))


def _sample(step: Step) -> Value:
    features, matrices = step.inputs
    return tflite_attention.sampled(features, matrices, step.shape[1:3])


def _move(step: Step) -> Value:
    points, matrices = step.inputs
    return tflite_attention.moved(points, matrices)


def _dequantize(step: Step) -> Value:
    """Weights of half precision become float32 once and for all."""
    return np.asarray(step.inputs[0], np.float32)


BUILDERS: Mapping[Code, Callable[[Step], Value]] = {
    ADD: _add,
    CONCATENATE: _concatenate,
    CONVOLVE: _convolve,
    CONVOLVE_EACH: _convolve_each,
    DEQUANTIZE: _dequantize,
    MAX_POOL: _pool,
    MOVE: _move,
    MULTIPLY: _multiply,
    PAD: _pad,
    PLACE: lambda step: tflite_attention.placed(step.inputs[0], step.options),
    PRELU: _prelu,
    RELU: lambda step: ops.relu(step.inputs[0]),
    RESHAPE: _reshape,
    RESIZE: _resize,
    SAMPLE: _sample,
    SLICE: _whole_slice,
}
