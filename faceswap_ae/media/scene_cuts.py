"""Where does a new scene begin (detection of scene cuts)?

A cut is a frame that differs much from the one before, while recent frames differed little from
each other. So a pan or a flash is not a cut.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Image

SMALL = (32, 18)  # width and height at which frames are compared
STEP = 4  # one pixel in so many is read, in each row and column
LEAST = 18.0  # levels of mean difference; nothing below is a cut
TIMES = 4.0  # a cut's difference, in multiples of the usual difference
MEMORY = 0.8  # share of the usual difference that is kept from frame to frame


@dataclass
class CutDetector:
    """Detects cuts; remembers the last frame and how much frames differ at present."""

    before: NDArray[np.float32] | None = None
    usual: float = field(default=0.0)

    def __call__(self, image: Image) -> bool:
        """Return whether a scene begins with this frame; it always does with the first one."""
        # Copied because OpenCV needs contiguous rows.
        coarse = np.ascontiguousarray(image[::STEP, ::STEP])
        small = cv2.resize(coarse, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self.before = self.before, small
        if before is None:
            return True
        # The mean is removed: a flash or a fade changes the light, not the place.
        shift = small - before
        shift -= shift.mean(axis=(0, 1))
        change = float(np.abs(shift).mean())
        begins = change > LEAST and change > TIMES * self.usual
        self.usual = 0.0 if begins else MEMORY * self.usual + (1 - MEMORY) * change
        return begins
