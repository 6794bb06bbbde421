"""How are named arrays (tensors) written to a safetensors file and read back bit by bit?

Every framework can read such a file. It is written here and not by the safetensors library, for two
reasons. Newer versions of the library write to a hidden file of their own, which stays for ever
after a kill. And they report a full disk as an error that looks like other errors. The hash is
computed from memory, while the data is written.

Half precision is stored as float32, which can hold all of its numbers. So a run is read in the same
way, whatever precision it was trained in.
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
from faceswap_ae.common.limits import file_size

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
}  # NumPy's name -> the format's name
DIGEST = 16  # bytes: enough to find damage; it need not stop a forger
UNIT = 8  # bytes: the header's length is a multiple, so the widest number type is aligned


@dataclass(frozen=True)
class WrittenTensors:
    """A file's name, its length in bytes and the hash of its content."""

    name: str
    size: int
    digest: str


def write(path: Path, arrays: Arrays) -> WrittenTensors:
    """Write these arrays to a file, which replaces the old one."""
    # The widest number types first: then each array is aligned to its own type.
    arrays = dict(sorted(arrays.items(), key=lambda one: (-_kind(*one).itemsize, one[0])))
    found = hashlib.blake2b(digest_size=DIGEST)
    with replacing(path) as part, part.open("wb") as file:
        for piece in _pieces(arrays):
            found.update(piece)
            file.write(piece)
        length = file.tell()
    return WrittenTensors(path.name, length, found.hexdigest())


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of a file, by name; `check` tells whether they are what was written."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror or error})") from error
    except SafetensorError as error:
        raise Fault(f"{path}: is damaged ({error})") from error


def check(path: Path, written: WrittenTensors) -> None:
    """Raise Fault if a file's content is not what was written."""
    try:
        if file_size(path) != written.size:
            raise Fault(f"{path}: is damaged, it is shorter or longer than it was written")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST))
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror or error})") from error
    if found.hexdigest() != written.digest:
        raise Fault(f"{path}: is damaged, its content is not what was written")


def size(arrays: Arrays) -> int:
    """Return how many bytes these arrays take in a file, without its header."""
    return sum(array.size * _kind(name, array).itemsize for name, array in arrays.items())


def _kind(name: str, array: NDArray[Any]) -> np.dtype[Any]:
    """Return the number type in which an array is stored."""
    if array.dtype.name in WIDENED:
        return np.dtype("<f4")
    if array.dtype.name not in KEPT:
        raise TypeError(f"'{name}': {array.dtype} has no place in a file of arrays")
    return array.dtype.newbyteorder("<")


def _pieces(arrays: Arrays) -> Iterator[bytes | memoryview]:
    """Yield the file's bytes in order; only one converted array is in memory at a time."""
    yield _header(arrays)
    for name, array in arrays.items():
        kept = np.asarray(array).astype(_kind(name, array), order="C", copy=False)
        yield kept.reshape(-1).view(np.uint8).data


def _header(arrays: Arrays) -> bytes:
    """Return the header: each array's place, number type and shape."""
    told, begin = {}, 0
    for name, array in arrays.items():
        kind = _kind(name, array)
        end = begin + array.size * kind.itemsize
        told[name] = {"dtype": KEPT[kind.name], "shape": array.shape, "data_offsets": (begin, end)}
        begin = end
    text = json.dumps(told, separators=(",", ":")).encode()
    text += b" " * (-len(text) % UNIT)
    return len(text).to_bytes(UNIT, "little") + text
