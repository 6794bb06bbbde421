"""How are points and pixels mapped between a frame and a crop (similarity transform)?

A matrix is (2, 3) float64 and maps frame to crop: `crop_point = A @ frame_point + t`. Points are
(n, 2) as (x, y) in OpenCV's convention: (0, 0) is the centre of the top left pixel, so half pixels
matter. The fit is Umeyama's (1991): the best similarity (rotation, uniform scale, shift; no
mirroring) in the least-squares sense.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]
Image = NDArray[np.uint8]
# Arrays of any shape, named by the type of their elements.
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Mask = Floats  # (h, w) or (h, w, 1) in [0, 1]


def fit_similarity(points: Points, template: Points) -> Matrix:
    """Return the similarity that maps `points` best to `template`, both (n, 2) with n >= 2."""
    centre, goal = points.mean(axis=0), template.mean(axis=0)
    centred, wanted = points - centre, template - goal
    spread = float((centred**2).sum())
    if spread == 0:
        raise ValueError("all points coincide: no similarity fits them")
    u, stretch, vt = np.linalg.svd(wanted.T @ centred)
    # Without this sign, the best fit of noisy points may be a mirror image.
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    turn = (u * sign) @ vt
    linear = turn * float((stretch * sign).sum()) / spread
    return np.column_stack([linear, goal - linear @ centre])


def compose(after: Matrix, before: Matrix) -> Matrix:
    """Return the matrix that applies `before` first and `after` second."""
    linear = after[:, :2] @ before[:, :2]
    return np.column_stack([linear, after[:, :2] @ before[:, 2] + after[:, 2]])


def invert(matrix: Matrix) -> Matrix:
    """Return the inverse: it maps crop to frame if `matrix` maps frame to crop."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def transform(points: Points, matrix: Matrix) -> Points:
    """Return the points, mapped by a matrix."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def scale_of(matrix: Matrix) -> float:
    """Return how many crop pixels a frame pixel becomes, along one side."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def warp(image: Image, matrix: Matrix, size: tuple[int, int]) -> Image:
    """Cut the crop of `size` (width, height) out of a frame; beyond the border it is mirrored."""
    part, placed = _nearby(image, matrix, size)
    if scale_of(placed) < 0.5:
        part, placed = _halved(part, placed)
    # Reflected borders: zeros would bleed a dark rim into everything computed from the crop.
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101
    return np.asarray(cv2.warpAffine(part, placed, size, flags=flags, borderMode=border), np.uint8)


def unwarp(crop: Image, matrix: Matrix, size: tuple[int, int]) -> tuple[Image, NDArray[np.float32]]:
    """Map a crop back to a frame of `size` (width, height): its pixels there, and its coverage.

    The coverage is how much of each frame pixel the crop covers: (height, width) in [0, 1], soft
    along the crop's edge.
    """
    back = invert(matrix)
    pixels = warp(crop, back, size)
    whole = np.ones(crop.shape[:2], np.float32)
    cover = cv2.warpAffine(
        whole, back, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return pixels, np.asarray(cover, np.float32)


def _nearby(image: Image, matrix: Matrix, size: tuple[int, int]) -> tuple[Image, Matrix]:
    """Return the part of the frame that a crop shows, and the matrix for that part.

    A face is small, so the rest of the frame is not needed. The part includes the pixels that the
    border mirrors.
    """
    width, height = size
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    reach = transform(corners, invert(matrix))
    end = np.array(image.shape[1::-1])
    low, high = reach.min(axis=0), reach.max(axis=0)
    beyond = max(0.0, float(-low.min()), float((high - end).max()))
    # Pixels beyond the border are mirrored from inside, and shrinking averages blocks of pixels.
    margin = beyond + 2 + 2 / scale_of(matrix)
    first = np.clip(np.floor(low - margin), 0, end - 1).astype(int)
    last = np.clip(np.ceil(high + margin), first + 1, end).astype(int)
    part = image[first[1] : last[1], first[0] : last[0]]
    shift = np.array([[1.0, 0.0, first[0]], [0.0, 1.0, first[1]]])
    return part, compose(matrix, shift)


def _halved(image: Image, matrix: Matrix) -> tuple[Image, Matrix]:
    """Area-average the image until one crop pixel covers at most two of its pixels a side.

    Bilinear sampling reads only four pixels: with it, further shrinking would cause aliasing.
    Returns the smaller image and the matrix for it.
    """
    factor = 2 ** int(np.floor(-np.log2(scale_of(matrix))))
    height, width = (max(1, round(side / factor)) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    x, y = image.shape[1] / width, image.shape[0] / height
    # Pixel edges scale, not pixel centres: hence the shifts by (x - 1) / 2 and (y - 1) / 2.
    enlarge = np.array([[x, 0.0, (x - 1) / 2], [0.0, y, (y - 1) / 2]])
    return np.asarray(small, np.uint8), compose(matrix, enlarge)
