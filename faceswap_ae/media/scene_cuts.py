"""Where does another scene begin?

A frame far from the one before, while frames of late were near each other: a pan or a flash is
not a cut.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image

SMALL = (32, 18)  # pixels that are compared
STEP = 4  # every so many pixels of the frame are looked at
LEAST = 18.0  # levels of mean difference, below which nothing is a cut
TIMES = 4.0  # the usual difference
MEMORY = 0.8  # of the usual difference, that stays from frame to frame


@dataclass
class CutDetector:
    """Remembers the last frame and how much frames differ at present."""

    before: NDArray[np.float32] | None = None
    usual: float = field(default=0.0)

    def __call__(self, image: Image) -> bool:
        """Does a scene begin with this frame? The first one always does."""
        # Copied because OpenCV wants whole rows.
        coarse = np.ascontiguousarray(image[::STEP, ::STEP])
        small = cv2.resize(coarse, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self.before = self.before, small
        if before is None:
            return True
        # Without the mean: a flash or a fade changes the light, not the place.
        shift = small - before
        shift -= shift.mean(axis=(0, 1))
        change = float(np.abs(shift).mean())
        begins = change > LEAST and change > TIMES * self.usual
        self.usual = 0.0 if begins else MEMORY * self.usual + (1 - MEMORY) * change
        return begins
