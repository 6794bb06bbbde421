"""Which items of a long sequence are chosen at equal distances (even sampling)?"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def evenly_spaced(items: Sequence[T], most: int) -> list[T]:
    """Return at most `most` items, chosen at equal distances."""
    places = np.linspace(0, len(items) - 1, min(len(items), most))
    return [items[round(place)] for place in places]
