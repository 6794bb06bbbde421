"""What is in a .tflite file: which operators does its network have, and which weights?

The file is read as data: nothing in it is run. It is a FlatBuffer, a tree of tables in which each
field has a number (tensorflow/lite/schema/schema.fbs). Only what our networks use is known here,
and everything else is refused with its name.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from flatbuffers import flexbuffers, number_types
from flatbuffers.table import Table
from numpy.typing import NDArray

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.limits import read_whole

MARK = b"TFL3"  # at byte 4 of each such file
TYPES: Mapping[int, Any] = {0: np.float32, 1: np.float16, 2: np.int32}
ADD, CONCATENATE, CONVOLVE, CONVOLVE_EACH, DEQUANTIZE, MAX_POOL = 0, 2, 3, 4, 6, 17
MULTIPLY, RELU, RESHAPE, RESIZE, CUSTOM, PAD, SLICE, PRELU = 18, 19, 22, 23, 32, 34, 45, 54
# Operators of MediaPipe's own, which have a name in place of a code: see tflite_attention.py.
PLACE, SAMPLE, MOVE = "Landmarks2TransformMatrix", "TransformTensorBilinear", "TransformLandmarks"
PLACED = (
    *("left_rotation_idx", "right_rotation_idx", "target_rotation_radians", "subset_idxs"),
    *("scale_x", "scale_y", "output_width", "output_height"),
)
Code = int | str
# The fields of each operator's options that matter here, by their numbers in the schema.
OPTIONS: Mapping[Code, Mapping[str, int]] = {
    ADD: {"activation": 0},
    CONCATENATE: {"axis": 0, "activation": 1},
    CONVOLVE: {"valid": 0, "columns": 1, "rows": 2, "activation": 3},
    CONVOLVE_EACH: {"valid": 0, "columns": 1, "rows": 2, "multiplier": 3, "activation": 4},
    MAX_POOL: {"valid": 0, "columns": 1, "rows": 2, "width": 3, "height": 4, "activation": 5},
    MULTIPLY: {"activation": 0},
    **{code: {} for code in (DEQUANTIZE, RELU, RESHAPE, RESIZE, PAD, SLICE, PRELU)},
    PLACE: dict.fromkeys(PLACED, 0),
    **{code: {} for code in (SAMPLE, MOVE)},
}
BYTES = {"valid", "activation"}  # the other options are numbers of four bytes
MOST_ENTRIES = 10_000  # of a list of tables: the longest of our files has 972
MOST_SIDES = 16  # of a shape, and entries of a step's inputs and outputs
MOST_NUMBERS = 10_000_000  # of a tensor: the largest of our files has 300,000
MOST_BYTES = 10_000  # of a custom operator's options: the longest have 400
MEND = "put an undamaged one there, as by installing its package again"
DAMAGE = (
    *(OSError, struct.error, IndexError, KeyError, OverflowError, TypeError, ValueError),
    *(AttributeError, MemoryError, RecursionError, ZeroDivisionError),
)


@dataclass(frozen=True, eq=False)
class Operator:
    """One step of a network. Inputs and outputs are numbers of tensors; -1 is an absent one."""

    code: Code
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class TfliteGraph:
    """A network: its operators in order, the shape of each tensor, and the constant ones."""

    operators: tuple[Operator, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: Mapping[int, NDArray[Any]]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(path: Path) -> TfliteGraph:
    """Read a network. Raises MediaError, which names the file, if it cannot be one of ours."""
    try:
        whole = read_whole(path)
        if whole[4:8] != MARK:
            raise ValueError("no TensorFlow Lite model")
        return _graph(_Record(Table(whole, struct.unpack_from("<I", whole)[0])))
    except DAMAGE as error:
        why = f"{path}: cannot be read as a network ({error})"
        raise MediaError(f"{why}; {MEND}") from error


class _Record:
    """A table of the file, whose fields are read by their numbers in the schema."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def number(self, number: int, flags: Any = number_types.Int32Flags, default: int = 0) -> int:
        at = self._at(number)
        return int(self._table.Get(flags, self._table.Pos + at)) if at else default

    def record(self, number: int) -> "_Record | None":
        """Return the table of a field, or of a union's value."""
        at = self._at(number)
        if not at:
            return None
        return _Record(Table(self._table.Bytes, self._table.Indirect(self._table.Pos + at)))

    def records(self, number: int) -> Iterator["_Record"]:
        start, count = self._vector(number, width=4)
        if count > MOST_ENTRIES:
            raise ValueError(f"a list of {count} entries, of at most {MOST_ENTRIES}")
        for place in range(start, start + 4 * count, 4):
            yield _Record(Table(self._table.Bytes, self._table.Indirect(place)))

    def array(self, number: int, kind: Any = np.int32) -> NDArray[Any]:
        kind = np.dtype(kind).newbyteorder("<")
        start, count = self._vector(number, kind.itemsize)
        return np.frombuffer(self._table.Bytes, kind, count, start)

    def whole(self, number: int) -> tuple[int, ...]:
        found = self.array(number)
        if len(found) > MOST_SIDES:
            raise ValueError(f"a list of {len(found)} numbers, of at most {MOST_SIDES}")
        return tuple(int(one) for one in found)

    def _at(self, number: int) -> int:
        return int(self._table.Offset(4 + 2 * number))

    def _vector(self, number: int, width: int) -> tuple[int, int]:
        """Return where a list begins, and how many entries it has. Both lie in the file."""
        at = self._at(number)
        if not at:
            return 0, 0
        start, count = int(self._table.Vector(at)), int(self._table.VectorLen(at))
        if start + width * count > len(self._table.Bytes):
            raise ValueError(f"a list of {count} entries that ends outside the file")
        return start, count


def _graph(model: _Record) -> TfliteGraph:
    codes = [_code(one) for one in model.records(1)]
    (graph,) = model.records(2)
    buffers = [one.array(0, np.uint8) for one in model.records(4)]
    tensors = list(graph.records(0))
    shapes = tuple(_shape(one) for one in tensors)
    constants = {
        number: values
        for number, one in enumerate(tensors)
        if (values := _values(one, buffers, shapes[number])) is not None
    }
    operators = tuple(_operator(one, codes) for one in graph.records(3))
    for operator in operators:
        _check_places((*operator.inputs, *operator.outputs), len(tensors))
    inputs, outputs = graph.whole(1), graph.whole(2)
    _check_places((*inputs, *outputs), len(tensors))
    return TfliteGraph(operators, shapes, constants, inputs, outputs)


def _shape(tensor: _Record) -> tuple[int, ...]:
    shape = tensor.whole(0)
    if any(side < 1 for side in shape) or prod(shape) > MOST_NUMBERS:
        raise ValueError(f"a tensor of shape {shape}")
    return shape


def _code(record: _Record) -> Code:
    """Return an operator's code: old files have it in a byte, newer ones in a number."""
    code = max(record.number(0, number_types.Int8Flags), record.number(3))
    return code if code != CUSTOM else record.array(1, np.uint8)[:40].tobytes().decode()


def _operator(record: _Record, codes: list[Code]) -> Operator:
    code = codes[record.number(0, number_types.Uint32Flags)]
    if code not in OPTIONS:
        raise ValueError(f"an operator of code {code!a}, which no network of ours has")
    if isinstance(code, str):
        packed = record.array(5, np.uint8)[: MOST_BYTES + 1].tobytes()
        own = _custom_options(packed, OPTIONS[code])
        return Operator(code, record.whole(1), record.whole(2), own)
    options, fields = record.record(4), OPTIONS[code]
    found = {name: _option(options, name, number) for name, number in fields.items()}
    return Operator(code, record.whole(1), record.whole(2), found)


def _custom_options(packed: bytes, names: Iterable[str]) -> Mapping[str, Any]:
    """Return some options of a custom operator. They are a FlexBuffer: a map of names."""
    if len(packed) > MOST_BYTES:
        raise ValueError(f"an operator with options of more than {MOST_BYTES} bytes")
    return {name: _plain(flexbuffers.GetRoot(packed).AsMap[name]) for name in names}


def _plain(value: Any) -> float | tuple[int, ...]:
    """Return a number, or a list of numbers. Nothing deeper is read: it might have no end."""
    if not value.IsTypedVector:
        return float(value.AsFloat)
    numbers = value.AsTypedVector
    if len(numbers) > MOST_BYTES:
        raise ValueError(f"an option of {len(numbers)} numbers")
    return tuple(int(numbers[place].AsInt) for place in range(len(numbers)))


def _option(options: _Record | None, name: str, number: int) -> int:
    if options is None:
        return 0
    flags = number_types.Int8Flags if name in BYTES else number_types.Int32Flags
    return options.number(number, flags)


def _values(
    tensor: _Record, buffers: list[NDArray[Any]], shape: tuple[int, ...]
) -> NDArray[Any] | None:
    """Return the numbers of a constant tensor; None if the network computes it."""
    raw = buffers[tensor.number(2, number_types.Uint32Flags)]
    if not len(raw):
        return None
    kind = tensor.number(1, number_types.Int8Flags)
    if kind not in TYPES:
        raise ValueError(f"numbers of type {kind}, which no network of ours has")
    numbers: NDArray[Any] = raw.view(np.dtype(TYPES[kind]).newbyteorder("<"))
    return numbers.reshape(shape)


def _check_places(numbers: tuple[int, ...], count: int) -> None:
    if not all(-1 <= number < count for number in numbers):
        raise ValueError(f"an operator with tensors {numbers} of {count}")
