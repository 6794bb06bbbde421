"""How does numpy pickle arrays, and how are they rebuilt from a pickle that is not trusted?

A pickled array is a call of one of three functions of numpy, with a dtype, a shape and the bytes.
The functions here replace those. They accept plain numbers only, and only a shape that fits the
bytes exactly: an array never takes more memory than its file does. For anything else they raise
ValueError or TypeError.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
ORDERS = {"<", ">", "=", "|"}
DIMENSIONS = 4
# The types in the state of a dtype without parts: version, byte order, then fields that say
# nothing else, because plain numbers leave them at these values.
STATE = (int, str, NoneType, NoneType, NoneType, int, int, int)
NOTHING_ELSE = (None, None, None, -1, -1, 0)


@dataclass(frozen=True)
class Name:
    """A name that a pickle may use, and the function that is called for it here."""

    name: str
    call: Callable[..., Any]


@dataclass
class ArrayKind:
    """A dtype that is not complete yet: its code and its byte order."""

    code: str
    order: str = "="

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order.replace("|", "=") + self.code)


def build(target: Any, state: Any) -> None:
    """Complete a dtype or an array, which one of the functions below began, with its state."""
    if type(target) is ArrayKind:
        _set_order(target, state)
    elif type(target) is np.ndarray and not target.size:
        _set_numbers(target, state)
    else:
        raise ValueError("what is no array")


def _set_order(kind: ArrayKind, state: Any) -> None:
    if type(state) is not tuple or tuple(map(type, state)) != STATE or state[2:] != NOTHING_ELSE:
        raise ValueError("numbers with parts or names")
    if state[1] not in ORDERS:
        raise ValueError("bytes in an order of their own")
    kind.order = state[1]


def _set_numbers(array: NDArray[Any], state: Any) -> None:
    _, shape, kind, by_columns, raw = state
    dtype = _checked(shape, kind, raw)
    numbers: Any = (1, shape, dtype, by_columns is True, bytes(raw))
    array.__setstate__(numbers)


def _checked(shape: Any, kind: Any, raw: Any) -> np.dtype[Any]:
    """Return the dtype if the dtype, the shape and the bytes fit each other."""
    if type(kind) is not ArrayKind or type(raw) not in (bytes, bytearray):
        raise ValueError("other than numbers")
    if type(shape) is not tuple or len(shape) > DIMENSIONS:
        raise ValueError("no shape")
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError("no shape")
    if math.prod(shape) * kind.dtype.itemsize != len(raw):
        raise ValueError(f"{len(raw)} bytes for {' x '.join(map(str, shape))} numbers")
    return kind.dtype


def _dtype(code: Any, align: Any = False, copy: Any = True) -> ArrayKind:
    if type(code) is not str or type(align) is not bool or type(copy) is not bool:
        raise ValueError("numbers of no kind")
    if code not in KINDS or align:
        raise ValueError(f"numbers of kind '{code}'")
    return ArrayKind(code)


def _reconstruct(what: Any, shape: Any, code: Any) -> NDArray[Any]:
    """Return an empty array; its state follows later in the pickle."""
    if type(what) is not Name or what.name != "numpy.ndarray":
        raise ValueError("of what is no array")
    if type(shape) is not tuple or tuple(map(type, shape)) != (int,) or shape[0] != 0:
        raise ValueError("a shape before its numbers")
    if type(code) not in (bytes, str) or len(code) != 1:
        raise ValueError("numbers of no kind")
    return np.empty(0, np.int8)


def _scalar(kind: Any, raw: Any) -> int | float | bool:
    value: int | float | bool = np.frombuffer(bytes(raw), _checked((), kind, raw))[0].item()
    return value


def _frombuffer(raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """Rebuild an array as pickle protocol 5 stores it."""
    dtype = _checked(shape, kind, raw)
    by_columns = type(order) is str and order == "F"
    return np.ndarray(shape, dtype, bytes(raw), order="F" if by_columns else "C")


def _encode(text: Any, codec: Any) -> bytes:
    """Rebuild bytes as pickle protocol 2 stores them: as text, because it has no bytes."""
    if type(text) is not str or type(codec) is not str or codec not in ("latin1", "latin-1"):
        raise ValueError(f"codec '{codec}'" if type(codec) is str else "no text")
    return text.encode("latin-1")


def _ordered() -> dict[str, Any]:
    return {}


def _never(*_: Any) -> Any:
    raise ValueError("which is only ever named")


_CALLS: dict[str, Callable[..., Any]] = {
    "_codecs.encode": _encode,
    "collections.OrderedDict": _ordered,
    "numpy.dtype": _dtype,
    "numpy.ndarray": _never,
}
for core in ("numpy.core", "numpy._core"):  # before and since numpy 2
    _CALLS[f"{core}.multiarray._reconstruct"] = _reconstruct
    _CALLS[f"{core}.multiarray.scalar"] = _scalar
    _CALLS[f"{core}.numeric._frombuffer"] = _frombuffer

NAMES = {name: Name(name, call) for name, call in _CALLS.items()}
