"""How are colours pooled over the frames around each, the nearest most?"""

from collections import deque

import numpy as np

from faceswap_ae.colour import Colour, Pair

REACH = 8  # frames on either side; a Gaussian's two standard deviations


class Window:
    """The statistics of one track's frames; a track never reaches over a cut.

    Keeps what may still be asked for.
    """

    def __init__(self, colour: Colour, reach: int = REACH) -> None:
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
