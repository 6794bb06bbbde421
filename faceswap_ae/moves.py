"""How is a face laid anew in its crop: turned, scaled, shifted, mirrored?

Units: the crop is the square from (0, 0) to (1, 1), edges and not centres of pixels, so one matrix
serves pictures of every size.
"""

import numpy as np

from faceswap_ae.geometry import Matrix, Points

STILL: Matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
# Which of the 68 landmarks each one is in a mirror: the left eye's outer corner is the right one's.
MIRRORED = np.array(
    [
        *range(16, -1, -1),  # jaw
        *range(26, 16, -1),  # brows
        *(27, 28, 29, 30, 35, 34, 33, 32, 31),  # nose
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
        *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),  # outer lips
        *(64, 63, 62, 61, 60, 67, 66, 65),  # inner lips
    ]
)


def random_move(rng: np.random.Generator, rotation: float, scale: float, shift: float) -> Matrix:
    """A similarity about the crop's middle, at most so many degrees and shares of the side."""
    angle = np.radians(rng.uniform(-rotation, rotation))
    zoom = 1 + rng.uniform(-scale, scale)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    middle = 0.5 + rng.uniform(-shift, shift, 2)
    return np.column_stack([linear, middle - linear @ (0.5, 0.5)])


def mirror(move: Matrix) -> Matrix:
    """The same, of the crop seen in a mirror."""
    return np.column_stack([-move[:, 0], move[:, 1], move[:, 2] + move[:, 0]])


def is_mirrored(move: Matrix) -> bool:
    return bool(np.linalg.det(move[:, :2]) < 0)


def moved(landmarks: Points, move: Matrix) -> Points:
    """68 landmarks after a move; in a mirror they change names."""
    points = landmarks @ move[:, :2].T + move[:, 2]
    return points[MIRRORED] if is_mirrored(move) else points


def to_pixels(size: int, margin: int = 0) -> Matrix:
    """Units to pixels of a picture that shows so many pixels more on each side of the crop."""
    # The centre of the first pixel is half a pixel from the edge.
    return np.array([[size, 0.0, margin - 0.5], [0.0, size, margin - 0.5]])


def from_pixels(size: int, margin: int = 0) -> Matrix:
    """And back."""
    shift = (0.5 - margin) / size
    return np.array([[1 / size, 0.0, shift], [0.0, 1 / size, shift]])
