"""What is the mean of a quantity over the frames around each, in one pass and flat memory?

Fields, statistics and noise levels tremble from frame to frame. A centred mean has no lag, but it
has to know the next frames, so each item of a stream waits for as many as the window reaches.
Quantities are kept apart by a key, such as the track they belong to; a key may be missing now and
then, and its mean is then over the frames that have it. A track ends at a cut, so none is mixed.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Values = Mapping[Key, NDArray[Any]]
Weights = NDArray[np.float64]  # (2 n + 1,), the middle one for the frame itself

FAR = 2.5  # standard deviations, where a Gaussian's window ends


def gaussian(spread: float) -> Weights:
    """Weights of a standard deviation in frames."""
    reach = int(np.ceil(FAR * spread))
    if reach == 0:
        return np.ones(1)
    return np.asarray(np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2))


def smoothed(
    stream: Iterable[tuple[Item, Values[Key]]], weights: Weights
) -> Iterator[tuple[Item, dict[Key, NDArray[Any]]]]:
    """Each item with the means of its values."""
    if len(weights) % 2 == 0:
        raise ValueError(f"{len(weights)} weights have no middle")
    reach = len(weights) // 2
    waiting: deque[Item] = deque()
    around: deque[Values[Key]] = deque(maxlen=len(weights))
    for item, values in stream:
        waiting.append(item)
        around.append(values)
        if len(waiting) > reach:
            yield waiting.popleft(), _means(around, len(around) - 1 - reach, weights)
    while waiting:
        yield waiting.popleft(), _means(around, len(around) - 1 - len(waiting), weights)


def _means(around: deque[Values[Key]], middle: int, weights: Weights) -> dict[Key, NDArray[Any]]:
    first = len(weights) // 2 - middle  # of the weights: the stream may have just begun
    near = [
        (float(weights[first + place]), there)
        for place, there in enumerate(around)
        if 0 <= first + place < len(weights)
    ]
    return {key: _mean(key, near) for key in around[middle]}


def _mean(key: Key, near: list[tuple[float, Values[Key]]]) -> NDArray[Any]:
    having = [(weight, values[key]) for weight, values in near if key in values]
    total = sum(weight for weight, _ in having)
    return np.asarray(sum(weight / total * value for weight, value in having))
