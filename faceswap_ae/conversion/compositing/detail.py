"""How are sharpness, motion blur and grain of a swapped face matched to its frame?

Sharpening and motion blur are applied in the crop, before blending: `face` (s, s, 3) and `mask`
(s, s) are float32 in [0, 1] there. Grain belongs to the camera's pixels, so it is measured and
added in the frame, after blending. If there is nothing to match, nothing is changed.
"""

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.geometry import Doubles, Floats, Image, Matrix, Points
from faceswap_ae.conversion.compositing.blending import Part, box, warp_layer

Vector = Doubles  # (2,): x, y in crop pixels
# (4,): noise variances of flat skin, in squared levels of 255. The luma at a distance of one pixel
# and of two pixels; then red minus luma, and blue minus luma, at a distance of one pixel.
Noise = Doubles

EDGES = 0.006  # of the crop's side: standard deviation of the blur in unsharp masking
SHUTTER = 0.5  # of a frame's length: the usual exposure time of film and video
LEAST_PATH = 1.5  # crop pixels: a shorter blur is not visible
SMALL = 128  # pixels a side of the picture in which blur is measured
INSIDE = 0.9  # a pixel with a larger mask value is inside
WINDOW = 256  # frame pixels a side, at most, in which noise is measured
SOFTENED = 2.0  # frame pixels of blur: without it, noise would decide which skin is flat
ENOUGH, AT_MOST = 100, 8192  # pixels at which noise is measured: least and most
LEAST_GRAIN = 0.25  # levels: rounding to bytes makes as much noise, and so do pores
MOST_COLOUR = 2.0  # times the luma's grain: more than this is not colour grain
COARSEST = 1.2  # pixels: largest standard deviation of the blur that makes grain coarse
MEDIAN = NormalDist().inv_cdf(0.75)  # of |x|, for a normal x of deviation 1
LUMA = (0.299, 0.587, 0.114)


def sharpen(face: Floats, amount: float) -> Floats:
    """Sharpen by unsharp masking: 0 changes nothing, 1 doubles the finest details."""
    if amount == 0:
        return face
    soft = cv2.GaussianBlur(face, (0, 0), EDGES * len(face), borderType=cv2.BORDER_REPLICATE)
    sharp = cv2.addWeighted(face, 1 + amount, soft, -amount, 0)
    return np.clip(np.asarray(sharp, np.float32), 0, 1)


def shift(before: Points, after: Points, matrix: Matrix, frames: int = 2) -> Vector:
    """Return how far a face moves from one frame to the next, in crop pixels.

    `before` and `after` are its smoothed landmarks in frame pixels, `frames` frames apart.
    """
    return np.asarray(matrix[:, :2] @ (after - before).mean(axis=0) / frames)


def exposed(seen: Floats, face: Floats, mask: Floats, moved: Vector) -> Vector:
    """Return the path of motion blur in a frame: the usual path for this motion, or a shorter one.

    A camera may have a fast shutter. So the blur in the frame's crop is measured along the motion,
    compared with across it. The path is the one that blurs the face as much.
    """
    usual = SHUTTER * moved
    if float(np.hypot(*usual)) < LEAST_PATH:
        return np.zeros(2)
    inside = _small(mask) > INSIDE
    plain, shares = _small(_luma(face)), np.linspace(0, 1, 5)
    paths = [share * usual * len(plain) / len(face) for share in shares]
    # More blur leaves less detail along the motion; the minimum removes rounding errors.
    left = np.minimum.accumulate([_along(_blurred(plain, path), inside, moved) for path in paths])
    wanted = _along(_small(_luma(seen)), inside, moved)
    return np.asarray(usual * np.interp(-wanted, -left, shares))


def motion_blur(face: Floats, mask: Floats, path: Vector) -> Floats:
    """Blur along a path, in crop pixels. Pixels outside the mask are not mixed in."""
    if float(np.hypot(*path)) < LEAST_PATH:
        return face
    weight = np.maximum(mask, np.float32(1e-3))[..., None]
    both = _blurred(np.dstack([face * weight, weight]), path)
    return np.asarray(both[..., :3] / both[..., 3:], np.float32)


def noise(image: Image, mask: Floats, matrix: Matrix) -> Noise:
    """Measure the noise of a frame's flat skin under the mask; zeros if too little is visible.

    The measure is robust: medians of second differences (Immerkaer 1996). Two distances show how
    coarse the grain is. A mean over frames (temporal.py) is more stable.
    """
    part = _middle(box(mask, matrix, image.shape[1::-1]))
    if part is None:
        return np.zeros(4)
    pixels = image[part].astype(np.float32)
    luma = _luma(pixels)
    flat = _flat(luma, warp_layer(mask, matrix).at(part) > INSIDE)
    if len(flat) < ENOUGH:
        return np.zeros(4)
    red, blue = (np.ascontiguousarray(pixels[..., channel]) - luma for channel in (0, 2))
    planes = ((luma, 1), (luma, 2), (red, 1), (blue, 1))
    return np.array([_variance(plane, distance, flat) for plane, distance in planes])


def grain(image: Image, wanted: Noise, mask: Floats, matrix: Matrix, seeds: Sequence[int]) -> Image:
    """Return a frame with the noise added that its blended face lacks.

    `wanted` is the noise of the frame. The result is the same for the same seeds: the run's seed,
    the frame's number, the track's number.
    """
    missing = wanted - noise(image, mask, matrix)
    levels = np.sqrt(np.maximum(missing[[0, 2, 3]] - LEAST_GRAIN**2, 0))
    levels = np.minimum(levels, levels[0] * np.array([1, MOST_COLOUR, MOST_COLOUR]))
    part = box(mask, matrix, image.shape[1::-1])
    if part is None or not levels.any():
        return image
    coarse = _coarseness(missing)
    cover = warp_layer(mask, matrix).at(part)
    # At the mask's edge a part of the frame's own noise remains.
    share = np.sqrt(cover * (2 - cover))[..., None]
    added = _grains(cover.shape, coarse, seeds) @ _mixing(levels / _response(coarse, 1))
    whole = image.copy()
    noisy = whole[part] + share * added
    whole[part] = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return whole


def _luma(picture: Floats) -> Floats:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def _small(plane: Floats) -> Floats:
    side = min(SMALL, len(plane))
    return np.asarray(cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _along(luma: Floats, inside: NDArray[np.bool_], way: Vector) -> float:
    """Return the logarithm of the gradient energy along a direction, divided by that across it."""
    right, down = cv2.Scharr(luma, -1, 1, 0)[inside], cv2.Scharr(luma, -1, 0, 1)[inside]
    x, y = way / np.hypot(*way)
    along, across = ((x * right + y * down) ** 2).sum(), ((x * down - y * right) ** 2).sum()
    return float(np.log((along + 1e-9) / (across + 1e-9)))


def _blurred(picture: Floats, path: Vector) -> Floats:
    reach = int(np.ceil(np.abs(path).max() / 2)) + 1
    line: Floats = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for step in np.linspace(-0.5, 0.5, max(2, int(4 * np.hypot(*path)))):
        x, y = reach + step * path
        column, row = int(x), int(y)
        right, down = x - column, y - row
        share = np.outer((1 - down, down), (1 - right, right))
        line[row : row + 2, column : column + 2] += share
    line /= line.sum()
    blurred = cv2.filter2D(picture, -1, line, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32)


def _middle(part: Part | None) -> Part | None:
    """Return the middle of a part, at most WINDOW pixels a side: large faces would take long."""
    if part is None:
        return None
    rows, columns = (
        slice(max(side.start, middle - WINDOW // 2), min(side.stop, middle + WINDOW // 2))
        for side in part
        for middle in [(side.start + side.stop) // 2]
    )
    return rows, columns


def _flat(luma: Floats, inside: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the flat indices of the half of the inside pixels that has the smallest gradient."""
    soft = cv2.GaussianBlur(luma, (0, 0), SOFTENED)
    slope = np.abs(cv2.Sobel(soft, -1, 1, 0)) + np.abs(cv2.Sobel(soft, -1, 0, 1))
    places = np.flatnonzero(inside)
    places = places[:: len(places) // (2 * AT_MOST) + 1]
    if len(places) == 0:
        return places
    steep = slope.ravel()[places]
    return np.asarray(places[steep <= np.median(steep)])


def _variance(plane: Floats, distance: int, places: NDArray[np.intp]) -> float:
    """Estimate the variance of white noise from second differences over `distance` pixels."""
    kernel = np.zeros(2 * distance + 1)
    kernel[[0, distance, -1]] = 1, -2, 1
    fine = cv2.sepFilter2D(plane, -1, kernel, kernel).ravel()[places]
    return float(np.median(np.abs(fine)) / MEDIAN / 6) ** 2


def _coarseness(missing: Noise) -> float:
    """Return the standard deviation of the blur that makes white noise as coarse as this noise."""
    widths = np.linspace(0, COARSEST, 31)
    ratios = [_response(width, 1) / _response(width, 2) for width in widths]
    fine = np.sqrt(max(missing[0], 0) / max(missing[1], 1e-9))
    return float(np.interp(-fine, -np.array(ratios), widths))


@lru_cache(maxsize=256)
def _response(width: float, distance: int) -> float:
    """Return the deviation that `_variance` measures on blurred noise of deviation 1.

    `width` is the standard deviation of the blur. The second differences span `distance` pixels.
    """
    kernel = _kernel(width)
    alike = np.correlate(kernel, kernel, "full")[len(kernel) - 1 :] / (kernel**2).sum()
    near, far = alike[distance], alike[2 * distance]
    return float(6 - 8 * near + 2 * far) / 6


def _kernel(width: float) -> Doubles:
    if width < 0.2:
        return np.eye(1, 15, 7).ravel()
    return np.asarray(cv2.getGaussianKernel(15, width).ravel())


def _grains(shape: tuple[int, ...], coarse: float, seeds: Sequence[int]) -> Floats:
    """Return noise (h, w, 3) with a standard deviation of 1."""
    count = shape[0] * shape[1] * 3
    drawn = np.frombuffer(np.random.default_rng(list(seeds)).bytes(count), np.uint8)
    fine = cv2.LUT(drawn.reshape(*shape, 3), _quantiles())
    kernel = _kernel(coarse)
    blurred = cv2.sepFilter2D(fine, -1, kernel, kernel)
    return np.asarray(blurred / (kernel**2).sum(), np.float32)


@lru_cache(maxsize=1)
def _quantiles() -> Floats:
    """Return a value of the normal distribution for each byte."""
    normal = NormalDist()
    values = np.array([normal.inv_cdf((byte + 0.5) / 256) for byte in range(256)])
    return np.asarray(values / values.std(), np.float32)


def _mixing(levels: Doubles) -> Floats:
    """Return (3, 3): from three grains to red, green and blue; the last two keep the luma."""
    luma, red, blue = levels
    rows = [(luma, luma, luma), (red, -red * LUMA[0] / LUMA[1], 0)]
    rows.append((0, -blue * LUMA[2] / LUMA[1], blue))
    return np.array(rows, np.float32)
