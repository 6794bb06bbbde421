"""How are measured quantities averaged over neighbouring frames (temporal smoothing) in one pass?

Correction fields, colour statistics and noise levels jitter from frame to frame. A centred mean has
no lag, but it needs the next frames. So `smoothed` delays each item of a stream until the window
around it is complete, and memory stays constant. Each quantity has a key, such as its track. Some
frames may have no value for a key: then the mean is taken over the frames that have one. The items
of a stream are consecutive frames. A track ends at a scene cut, so frames from both sides of a cut
are never mixed.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from faceswap_ae.common.geometry import Doubles

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Values = Mapping[Key, Any]  # arrays; None where a key was measured in vain
Pool = Callable[
    [Key, Sequence[Any], Sequence[float]], Any
]  # one value of several, by their weights
Weights = Doubles  # (2 n + 1,), the middle one for the frame itself

FAR = 2.5  # standard deviations at which a Gaussian's window ends


def gaussian(spread: float, far: float = FAR) -> Weights:
    """Return Gaussian weights; `spread` is the standard deviation in frames."""
    reach = int(np.ceil(far * spread))
    if reach == 0:
        return np.ones(1)
    return np.asarray(np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2))


def mean(_key: Hashable, values: Sequence[Any], weights: Sequence[float]) -> Any:
    """Return the weighted mean of arrays."""
    total = sum(weights)
    parts = zip(values, weights, strict=True)
    return np.asarray(sum(weight / total * value for value, weight in parts))


def smoothed(
    stream: Iterable[tuple[Item, Values[Key]]], weights: Weights, pool: Pool[Key] = mean
) -> Iterator[tuple[Item, dict[Key, Any]]]:
    """Yield each item with its values pooled over the frames around it."""
    if len(weights) % 2 == 0:
        raise ValueError(f"{len(weights)} weights have no middle")
    reach = len(weights) // 2
    waiting: deque[Item] = deque()
    around: deque[Values[Key]] = deque(maxlen=len(weights))

    def first() -> tuple[Item, dict[Key, Any]]:
        middle = len(around) - min(len(waiting), reach + 1)
        begin = reach - middle  # first weight in use: the stream may have just begun
        near = [
            (float(weights[begin + place]), there)
            for place, there in enumerate(around)
            if 0 <= begin + place < len(weights)
        ]
        return waiting.popleft(), {key: _pooled(key, near, pool) for key in around[middle]}

    for item, values in stream:
        waiting.append(item)
        around.append(values)
        if len(waiting) > reach:
            yield first()
    while waiting:
        yield first()


def _pooled(key: Key, near: Sequence[tuple[float, Values[Key]]], pool: Pool[Key]) -> Any:
    having = [(weight, there[key]) for weight, there in near if there.get(key) is not None]
    if not having:
        return None
    weights, values = zip(*having, strict=True)
    return pool(key, values, weights)
