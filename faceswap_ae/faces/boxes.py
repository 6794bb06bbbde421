"""Which box surrounds a face in a picture, and how is that box derived from the landmarks?"""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Matrix, Points

# Position of dlib's box relative to the landmarks, as medians over a clip of the synthetic cast:
# its side as a multiple of the landmarks' height, and how far its centre is below the mean of the
# landmarks, as a share of its side (negative: above).
HEIGHTS, BELOW = 1.05, -0.05


LEAST = 2.0  # pixels of a box's side


Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True, eq=False)
class Square:
    """The place of a face: a square that may be rotated."""

    centre: Points  # (2,)
    side: float
    angle: float = 0.0  # radians, clockwise in the picture

    @property
    def box(self) -> Box:
        """Return the upright box with the same centre and side."""
        (x, y), half = self.centre, self.side / 2
        return float(x - half), float(y - half), float(x + half), float(y + half)

    def cut(self, size: int, share: float) -> Matrix:
        """Return the matrix from the frame to a crop of `size` pixels a side.

        The square is upright in the middle of the crop and takes `share` of its width.
        """
        scale = share * size / self.side
        cosine, sine = scale * np.cos(self.angle), scale * np.sin(self.angle)
        linear = np.array([[cosine, sine], [-sine, cosine]])
        return np.column_stack([linear, (size - 1) / 2 - linear @ self.centre])


def square_around(points: Points) -> Square:
    """Return the box, aligned with the eyes, in which dlib would find these 68 landmarks."""
    eyes = points[42:48].mean(axis=0) - points[36:42].mean(axis=0)
    angle = float(np.arctan2(eyes[1], eyes[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    height = float(np.ptp(points @ np.array([-sine, cosine])))
    side = max(LEAST, HEIGHTS * height)
    down = np.array([-sine, cosine])
    return Square(points.mean(axis=0) + BELOW * side * down, side, angle)
