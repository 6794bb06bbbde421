"""How are measured quantities averaged over neighbouring frames (temporal smoothing) in one pass?

Correction fields, colour statistics and noise levels jitter from frame to frame. A centred mean has
no lag, but it needs the next frames. So `smoothed` delays each item of a stream until the window
around it is complete, and memory stays constant. Each quantity has a key, such as its track. Some
frames may have no value for a key: then the mean is taken over the frames that have one.
`ColourWindow` pools the colour statistics of one track in the same way. A track ends at a scene
cut, so frames from both sides of a cut are never mixed.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.conversion.compositing.colour_transfer import ColourMethod, Pair

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Values = Mapping[Key, NDArray[Any]]
Weights = NDArray[np.float64]  # (2 n + 1,), the middle one for the frame itself

FAR = 2.5  # standard deviations at which a Gaussian's window ends


def gaussian(spread: float) -> Weights:
    """Return Gaussian weights; `spread` is the standard deviation in frames."""
    reach = int(np.ceil(FAR * spread))
    if reach == 0:
        return np.ones(1)
    return np.asarray(np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2))


def smoothed(
    stream: Iterable[tuple[Item, Values[Key]]], weights: Weights
) -> Iterator[tuple[Item, dict[Key, NDArray[Any]]]]:
    """Yield each item with the weighted means of its values over the frames around it."""
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
    first = len(weights) // 2 - middle  # first weight in use: the stream may have just begun
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


REACH = 8  # frames on either side; two standard deviations of the Gaussian


class ColourWindow:
    """A window over the colour statistics of one track's frames.

    It forgets frames that are too old for the next call of `at`.
    """

    def __init__(self, colour: ColourMethod, reach: int = REACH) -> None:
        self.pool, self.reach = colour.pool, reach
        self.kept: deque[tuple[int, Pair]] = deque()

    def add(self, frame: int, pair: Pair | None) -> None:
        """Add what was measured in a frame; the frame numbers must rise."""
        if self.kept and frame <= self.kept[-1][0]:
            raise ValueError(f"frame {frame} after {self.kept[-1][0]}: a track's numbers rise")
        if pair is not None:
            self.kept.append((frame, pair))

    def at(self, frame: int) -> Pair | None:
        """Return the statistics pooled around a frame; None if no frame near it has any.

        The window is complete only when the later frames are added. The frame numbers must rise
        from call to call.
        """
        while self.kept and self.kept[0][0] < frame - self.reach:
            self.kept.popleft()
        near = [one for one in self.kept if one[0] <= frame + self.reach]
        if not near:
            return None
        numbers, pairs = zip(*near, strict=True)
        away = (np.array(numbers) - frame) / max(self.reach, 1)
        return self.pool(pairs, np.exp(-2 * away**2))
