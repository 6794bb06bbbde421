"""How are curves and pictures written for TensorBoard without TensorFlow (event files)?

An event file is a sequence of records (length, its checksum, content, its checksum). Each content
is a protocol buffer `Event`: tensorflow/core/lib/io/record_writer.h, core/util/event.proto and
core/framework/summary.proto. The checksum is CRC-32C (RFC 3720, B.4). It is masked, so that data
which contains checksums can be checksummed itself.
"""

import math
import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from faceswap_ae.common.atomic import explain_os_error, open_to_append
from faceswap_ae.common.geometry import Image
from faceswap_ae.media import png

POLYNOMIAL = 0x82F63B78  # Castagnoli's polynomial, reflected
MASK = 0xA282EAD8  # from record_writer.h
BITS = 0xFFFFFFFF
FORMAT = b"brain.Event:2"
STARTED = 1  # SessionLog's START
LARGEST = 3.4028234e38  # float32


class EventWriter:
    """Writes the events of a training that begins, or goes on, at a step; each time a new file."""

    def __init__(self, folder: Path, step: int = 0) -> None:
        now = time.time()
        self.path = folder / f"events.out.tfevents.{now:017.6f}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = open_to_append(self.path)
        except OSError as error:
            raise explain_os_error(error, self.path) from error
        self._add(0, now, _bytes(3, FORMAT))
        # From this step on, TensorBoard drops the events of earlier files.
        self._add(step + 1 if step else 0, now, _bytes(7, _whole(1, STARTED)))

    def scalars(self, step: int, values: Mapping[str, float], when: float) -> None:
        """Write numbers of a step, by name; `losses/total` is in the group `losses`."""
        told = (
            _bytes(1, _bytes(1, name.encode()) + _float(2, one)) for name, one in values.items()
        )
        self._add(step, when, _bytes(5, b"".join(told)))

    def image(self, step: int, name: str, image: Image, when: float) -> None:
        """Write a picture of a step."""
        height, width = image.shape[:2]
        colours = 1 if image.ndim == 2 else image.shape[2]
        told = _whole(1, height) + _whole(2, width) + _whole(3, colours)
        told += _bytes(4, png.encode(image))
        self._add(step, when, _bytes(5, _bytes(1, _bytes(1, name.encode()) + _bytes(4, told))))

    def close(self) -> None:
        """Close the file; nothing can be added after that."""
        try:
            self._file.close()
        except OSError as error:  # what a full disk did not take is still in its buffer
            raise explain_os_error(error, self.path) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, step: int, when: float, what: bytes) -> None:
        try:
            self._file.write(record(_double(1, when) + _whole(2, step) + what))
            self._file.flush()
        except OSError as error:
            raise explain_os_error(error, self.path) from error


def record(content: bytes) -> bytes:
    """Return one record of an event file with this content."""
    length = struct.pack("<Q", len(content))
    return b"".join((length, _masked(length), content, _masked(content)))


def crc32c(content: bytes) -> int:
    """Return the CRC-32C. About 10 MB/s is enough: previews are small and rare."""
    check = BITS
    for byte in content:
        check = TABLE[(check ^ byte) & 0xFF] ^ (check >> 8)
    return check ^ BITS


def _masked(content: bytes) -> bytes:
    check = crc32c(content)
    return struct.pack("<I", ((check >> 15 | check << 17) + MASK) & BITS)


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = [_remainder(byte) for byte in range(256)]


# A field of a protocol buffer begins with its number and its kind: integer 0, double 1, bytes 2,
# float 5.


def _whole(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    fits = math.isnan(value) or abs(value) <= LARGEST
    held = value if fits else math.copysign(math.inf, value)
    return _varint(field << 3 | 5) + struct.pack("<f", held)


def _varint(value: int) -> bytes:
    """Encode with seven bits in each byte, the lowest first; the eighth says that more follow."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
