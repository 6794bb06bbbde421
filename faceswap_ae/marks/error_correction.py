"""How do bits survive where many of their signs are lost (convolutional code)?

Each bit becomes four code bits, which depend on it and the eight bits before it (constraint length
9, generators of Larsen 1973). Viterbi's algorithm finds the bits whose code is most like what was
read, from values that say how sure each code bit is, not only which.
"""

from functools import cache

import numpy as np

from faceswap_ae.common.geometry import Doubles, Integers
from faceswap_ae.marks.payload import BITS, Bits

GENERATORS = (0o765, 0o671, 0o513, 0o473)
MEMORY = 8  # bits before
STATES = 1 << MEMORY
CODED = (BITS + MEMORY) * len(GENERATORS)


def encode(bits: Bits) -> Bits:
    """Return the code bits, CODED of them, of BITS bits."""
    padded = np.concatenate([np.zeros(MEMORY), bits, np.zeros(MEMORY)]).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, MEMORY + 1)
    registers = windows @ (1 << np.arange(MEMORY, -1, -1))
    return _outputs(registers).ravel().astype(np.uint8)


def decode(values: Doubles) -> Bits:
    """Return the BITS bits whose code is most like (CODED,) values: above 0 where a bit is 1."""
    before, signs = _steps()
    cost = np.full(STATES, -np.inf)
    cost[0] = 0
    choices = []
    for row in values.reshape(-1, len(GENERATORS)):
        both = cost[before] + signs @ row
        choice = both.argmax(axis=1)
        choices.append(choice)
        cost = both[np.arange(STATES), choice]
    state, found = 0, []
    for choice in reversed(choices):
        found.append(state & 1)
        state = before[state, choice[state]]
    return np.array(found[::-1][:BITS], np.uint8)


def _outputs(registers: Integers) -> Integers:
    """Return the code bits, (..., 4), of registers that hold a bit and those before it."""
    held = registers[..., None] & np.array(GENERATORS)
    return np.asarray(np.bitwise_count(held) & 1, np.int64)


@cache
def _steps() -> tuple[Integers, Doubles]:
    """Return for each state the two it may come from, and the signs of the code bits then."""
    states = np.arange(STATES)
    before = np.stack([states >> 1, states >> 1 | STATES >> 1], axis=1)
    signs = np.asarray(2.0 * _outputs(before << 1 | states[:, None] & 1) - 1, np.float64)
    return before, signs
