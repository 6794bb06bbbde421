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

from faceswap_ae.conversion.compositing.colour_transfer import ColourMethod, Pair

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


REACH = 8  # frames on either side; a Gaussian's two standard deviations


class ColourWindow:
    """The statistics of one track's frames; a track never reaches over a cut.

    Keeps what may still be asked for.
    """

    def __init__(self, colour: ColourMethod, reach: int = REACH) -> None:
        self.pool, self.reach = colour.pool, reach
        self.kept: deque[tuple[int, Pair]] = deque()

    def add(self, frame: int, pair: Pair | None) -> None:
        """What was measured in a frame; numbers rise."""
        if self.kept and frame <= self.kept[-1][0]:
            raise ValueError(f"frame {frame} after {self.kept[-1][0]}: a track's numbers rise")
        if pair is not None:
            self.kept.append((frame, pair))

    def at(self, frame: int) -> Pair | None:
        """Pooled around a frame: all of it once later ones are in. Numbers rise here too."""
        while self.kept and self.kept[0][0] < frame - self.reach:
            self.kept.popleft()
        near = [one for one in self.kept if one[0] <= frame + self.reach]
        if not near:
            return None
        numbers, pairs = zip(*near, strict=True)
        away = (np.array(numbers) - frame) / max(self.reach, 1)
        return self.pool(pairs, np.exp(-2 * away**2))
