"""How do arrays get to disk and back bit by bit?

A safetensors file of names and arrays, as every framework reads it. It is written here rather than
by the library, whose newer versions write under a hidden name of their own that a kill leaves
behind for ever, and report a full disk as an error that cannot be told from others. What is hashed
is what was in memory, in the pass that writes it.

Half precision is kept as float32, which holds each of its numbers: a run is read alike whatever it
was trained in.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import Fault

Arrays = Mapping[str, NDArray[Any]]

WIDENED = ("float16", "bfloat16")
KEPT = {
    "bool": "BOOL",
    "int8": "I8",
    "uint8": "U8",
    "int16": "I16",
    "uint16": "U16",
    "int32": "I32",
    "uint32": "U32",
    "int64": "I64",
    "uint64": "U64",
    "float32": "F32",
    "float64": "F64",
}  # NumPy's names and the format's
DIGEST = 16  # bytes; damage has to be found, not a forger
UNIT = 8  # bytes; the header ends where the widest number may begin


@dataclass(frozen=True)
class WrittenTensors:
    """A file's name, its length in bytes and what its content hashes to."""

    name: str
    size: int
    digest: str


def write(path: Path, arrays: Arrays) -> WrittenTensors:
    """Replace a file by these arrays."""
    # The widest first: then each begins where its own kind of number may.
    arrays = dict(sorted(arrays.items(), key=lambda one: (-_kind(*one).itemsize, one[0])))
    found = hashlib.blake2b(digest_size=DIGEST)
    with replacing(path) as part, part.open("wb") as file:
        for piece in _pieces(arrays):
            found.update(piece)
            file.write(piece)
        length = file.tell()
    return WrittenTensors(path.name, length, found.hexdigest())


def read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file, by name; `check` says whether they are what was written."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror or error})") from error
    except SafetensorError as error:
        raise Fault(f"{path}: is damaged ({error})") from error


def check(path: Path, written: WrittenTensors) -> None:
    """Raise Fault where a file is not what was written."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST))
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror or error})") from error
    if found.hexdigest() != written.digest:
        raise Fault(f"{path}: is damaged, its content is not what was written")


def size(arrays: Arrays) -> int:
    """How many bytes these take in a file, but for its header."""
    return sum(array.size * _kind(name, array).itemsize for name, array in arrays.items())


def _kind(name: str, array: NDArray[Any]) -> np.dtype[Any]:
    """The type of number that an array is kept in."""
    if array.dtype.name in WIDENED:
        return np.dtype("<f4")
    if array.dtype.name not in KEPT:
        raise TypeError(f"'{name}': {array.dtype} has no place in a file of arrays")
    return array.dtype.newbyteorder("<")


def _pieces(arrays: Arrays) -> Iterator[bytes | memoryview]:
    """The file from its beginning; an array that has to be converted is held alone."""
    yield _header(arrays)
    for name, array in arrays.items():
        kept = np.asarray(array).astype(_kind(name, array), order="C", copy=False)
        yield kept.reshape(-1).view(np.uint8).data


def _header(arrays: Arrays) -> bytes:
    """Where each array lies, what it is made of, and its shape."""
    told, begin = {}, 0
    for name, array in arrays.items():
        kind = _kind(name, array)
        end = begin + array.size * kind.itemsize
        told[name] = {"dtype": KEPT[kind.name], "shape": array.shape, "data_offsets": (begin, end)}
        begin = end
    text = json.dumps(told, separators=(",", ":")).encode()
    text += b" " * (-len(text) % UNIT)
    return len(text).to_bytes(UNIT, "little") + text
