"""Where in a picture is a face, as a box?"""

from dataclasses import dataclass

import numpy as np

from faceswap_ae.common.geometry import Matrix, Points

# Where dlib's box is by the landmarks, as the medians over a clip of the cast: its side as a
# multiple of their height, its centre below their mean as a share of its side.
HEIGHTS, BELOW = 1.05, -0.05


LEAST = 2.0  # pixels, of a side


Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True, eq=False)
class Square:
    """Where a face is: a box that may lean."""

    centre: Points  # (2,)
    side: float
    angle: float = 0.0  # radians, clockwise in the picture

    @property
    def box(self) -> Box:
        """Upright, about the same centre."""
        (x, y), half = self.centre, self.side / 2
        return float(x - half), float(y - half), float(x + half), float(y + half)

    def cut(self, size: int, share: float) -> Matrix:
        """Frame to a picture of `size` with the square upright in its middle, `share` as wide."""
        scale = share * size / self.side
        cosine, sine = scale * np.cos(self.angle), scale * np.sin(self.angle)
        linear = np.array([[cosine, sine], [-sine, cosine]])
        return np.column_stack([linear, (size - 1) / 2 - linear @ self.centre])


def square_around(points: Points) -> Square:
    """The box, upright by the eyes, in which dlib would have found these 68 landmarks."""
    eyes = points[42:48].mean(axis=0) - points[36:42].mean(axis=0)
    angle = float(np.arctan2(eyes[1], eyes[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    height = float(np.ptp(points @ np.array([-sine, cosine])))
    side = max(LEAST, HEIGHTS * height)
    down = np.array([-sine, cosine])
    return Square(points.mean(axis=0) + BELOW * side * down, side, angle)
