"""What do the 64 bits of a watermark say?

4 bits  version of this layout
4 bits  what was done: the place in KINDS
40 bits output id: the first ten digits of the digest of what the output was made of
16 bits checksum (CRC-16/CCITT-FALSE) of the bits before it
"""

import binascii
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]  # (n,) of 0 and 1

LAYOUT = 1
KINDS = ("swap", "reenact", "anonymise")
OUTPUT_DIGITS = 10  # hexadecimal
BITS = 64


@dataclass(frozen=True)
class Payload:
    """What was done, and the id by which a report names the output."""

    kind: str  # one of KINDS
    output: str  # ten hexadecimal digits


def output_digest(job: str) -> str:
    """Return the id of an output: a digest of the text that says what it is made of."""
    return blake2b(job.encode(), digest_size=OUTPUT_DIGITS // 2).hexdigest()


def to_bits(payload: Payload) -> Bits:
    """Return a payload as bits."""
    head = bytes([LAYOUT << 4 | KINDS.index(payload.kind)]) + bytes.fromhex(payload.output)
    whole = head + binascii.crc_hqx(head, 0xFFFF).to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(whole, np.uint8))


def from_bits(bits: Bits) -> Payload | None:
    """Return the payload that bits say; None if their checksum, layout or kind is none of ours."""
    whole = np.packbits(bits).tobytes()
    head, check = whole[:-2], int.from_bytes(whole[-2:], "big")
    layout, kind = head[0] >> 4, head[0] & 15
    if check != binascii.crc_hqx(head, 0xFFFF) or layout != LAYOUT or kind >= len(KINDS):
        return None
    return Payload(KINDS[kind], head[1:].hex())
