"""A small .tflite file with the steps of MediaPipe's mesh with attention, and random weights."""

from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import flexbuffers

from faceswap_ae.common.geometry import Floats
from faceswap_ae.faces.detection.tflite_format import (
    CONVOLVE,
    CUSTOM,
    MAX_POOL,
    MOVE,
    MULTIPLY,
    PLACE,
    RESHAPE,
    SAMPLE,
    SLICE,
)
from faceswap_ae.faces.mesh import LIP_LINES, SKIN

CHANNELS, POOLED = 2, 6  # of the features; their side after pooling


class _Builder:
    """A network under construction: tensors are known by their numbers."""

    def __init__(self) -> None:
        from tensorflow.lite.python import schema_py_generated as schema

        self.schema = schema
        self.model = schema.ModelT()
        self.graph = schema.SubGraphT()
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, shape: tuple[int, ...], values: Any = None, kind: int = 0) -> int:
        made = self.schema.TensorT()
        made.shape, made.type, made.buffer = list(shape), kind, 0
        if values is not None:
            held = self.schema.BufferT()
            held.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            self.model.buffers.append(held)
            made.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def step(
        self,
        code: int | str,
        inputs: list[int],
        shape: tuple[int, ...],
        options: Any = None,
        custom: dict[str, Any] | None = None,
    ) -> int:
        kind = self.schema.OperatorCodeT()
        kind.builtinCode = code if isinstance(code, int) else CUSTOM
        kind.deprecatedBuiltinCode = kind.builtinCode
        kind.customCode = code if isinstance(code, str) else None
        self.model.operatorCodes.append(kind)
        made = self.schema.OperatorT()
        made.opcodeIndex = len(self.model.operatorCodes) - 1
        made.inputs, made.outputs = inputs, [self.tensor(shape)]
        if options is not None:
            name = type(options).__name__.removesuffix("T")
            made.builtinOptionsType = getattr(self.schema.BuiltinOptions, name)
            made.builtinOptions = options
        if custom is not None:
            made.customOptions = np.frombuffer(_packed(custom), np.uint8)
        self.graph.operators.append(made)
        return int(made.outputs[0])

    def convolution(self, source: int, kernel: Floats, shape: tuple[int, ...], stride: int) -> int:
        options = self.schema.Conv2DOptionsT()
        options.padding, options.strideW, options.strideH = 1, stride, stride
        weights = self.tensor(kernel.shape, kernel)
        bias = self.tensor((len(kernel),), np.zeros(len(kernel), np.float32))
        return self.step(CONVOLVE, [source, weights, bias], shape, options)

    def pool(self, source: int, window: int, shape: tuple[int, ...]) -> int:
        options = self.schema.Pool2DOptionsT()
        options.padding, options.strideW, options.strideH = 1, window, window
        options.filterWidth = options.filterHeight = window
        return self.step(MAX_POOL, [source], shape, options)

    def times(self, source: int, factors: Floats, shape: tuple[int, ...]) -> int:
        constant = self.tensor(factors.shape, factors)
        return self.step(MULTIPLY, [source, constant], shape, self.schema.MulOptionsT())

    def bytes(self) -> bytes:
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def write_attention_file(path: Path, seed: int = 0, **changes: Any) -> None:
    """Write the file: lips are looked at in the features around them, as in the real one.

    `changes` are other options of the step that finds the lips' place.
    """
    rng = np.random.default_rng(seed)

    def kernel(*shape: int) -> Floats:
        return rng.normal(0, 1, shape).astype(np.float32)

    net, lips = _Builder(), len(LIP_LINES)
    source = net.tensor((1, 192, 192, 3))
    features = net.convolution(source, kernel(CHANNELS, 1, 1, 3), (1, 48, 48, CHANNELS), 4)
    pooled = net.pool(features, 8, (1, POOLED, POOLED, CHANNELS))
    mesh = net.convolution(
        pooled, 20 * kernel(3 * SKIN, POOLED, POOLED, CHANNELS), (1, 1, 1, 3 * SKIN), 1
    )
    flag = net.convolution(pooled, kernel(1, POOLED, POOLED, CHANNELS), (1, 1, 1, 1), 1)
    points = net.step(RESHAPE, [mesh], (1, SKIN, 3))
    quarter = net.times(points, np.full((1,), 0.25, np.float32), (1, SKIN, 3))
    options = {
        "left_rotation_idx": 61,
        "right_rotation_idx": 291,
        "target_rotation_radians": 0,
        "scale_x": 1.5,
        "scale_y": 1.5,
        "output_width": 16,
        "output_height": 16,
        "subset_idxs": list(LIP_LINES),
        **changes,
    }
    place = net.step(PLACE, [quarter], (1, 4, 4), custom=options)
    small = net.step(SAMPLE, [features, place], (1, 16, 16, CHANNELS), custom={"output_width": 16})
    told = net.convolution(
        net.pool(small, 16, (1, 1, 1, CHANNELS)),
        kernel(2 * lips, 1, 1, CHANNELS),
        (1, 1, 1, 2 * lips),
        1,
    )
    factors = np.ones((1, 4, 4), np.float32)
    factors[:, :2, 2:] = 4
    back = net.times(place, factors, (1, 4, 4))
    moved = net.step(MOVE, [net.step(RESHAPE, [told], (1, lips, 2)), back], (1, lips, 2))
    whole = net.step(SLICE, [mesh], (1, 1, 1, 3 * SKIN))
    final = net.step(RESHAPE, [moved], (1, 1, 1, 2 * lips))
    net.graph.inputs, net.graph.outputs = [source], [whole, final, *4 * [final], flag]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(net.bytes())


def _packed(options: dict[str, Any]) -> bytes:
    builder = flexbuffers.Builder()
    with builder.Map():
        for name, value in options.items():
            builder.Key(name)
            if isinstance(value, list):
                builder.TypedVectorFromElements(value)
            elif isinstance(value, float):
                builder.Float(value)
            else:
                builder.Int(value)
    return bytes(builder.Finish())
