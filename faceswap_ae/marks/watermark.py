"""How does a picture carry 64 bits that nobody sees (spread-spectrum watermark)?

A square tile of 32 x 32 chips, each lighter or darker by about one level, is repeated over the
picture. A quarter of the chips are the same in every watermark: by these a reader finds the tile's
place. The others carry the code bits (error_correction.py), each two or three times. Signs and
places are pseudo-random, so that no eye sees a pattern. The watermark is the same in all frames of
a clip, so it does not flicker. It is stronger where the picture has detail, which hides it.

After Cox, Kilian, Leighton and Shamoon, "Secure spread spectrum watermarking for multimedia", 1997.
"""

from functools import lru_cache

import cv2
import numpy as np

from faceswap_ae.common.geometry import Floats, Image, Integers
from faceswap_ae.marks.error_correction import CODED, encode
from faceswap_ae.marks.payload import Payload, to_bits

REVISION = 1  # goes up when the same picture and bits give other pixels
CHIPS = 32  # a side of the tile
CHIP = 4  # pixels a side; in pictures of more than a thousand lines, which are shown smaller, more
LINES = 720  # of a picture whose chips have the size above
TILE = CHIPS * CHIP
KNOWN = 256  # chips that are the same in every watermark
SEED = 20261201  # of the signs and places: another number is another watermark
SOFT = CHIP / 4  # pixels: blur of the chips' edges, which no encoder keeps
LEVELS = 0.65, 1.15  # of 255: least and most change, root mean square
DETAIL = 1.5  # levels of local contrast for each more level of change
COARSE = 4  # pixels: local contrast is measured in a picture so much smaller


def imprint(image: Image, payload: Payload) -> Image:
    """Return the picture with a watermark."""
    height, width = image.shape[:2]
    strength = cv2.resize(_strength(image), (width, height), interpolation=cv2.INTER_LINEAR)
    change = cv2.multiply(_pattern(payload, height, width), strength)
    levels = np.asarray(cv2.merge([change] * 3))
    return np.asarray(cv2.add(image, levels, dtype=cv2.CV_8U), np.uint8)


def tile_of(chips: Floats) -> Floats:
    """Draw (CHIPS, CHIPS) chips as a tile, (TILE, TILE), with soft edges, that can be repeated."""
    block = np.ones((CHIP, CHIP), np.float32)
    large = np.asarray(np.kron(np.tile(chips, (3, 3)), block), np.float32)
    soft = cv2.GaussianBlur(large, (0, 0), SOFT)
    return np.asarray(soft[TILE : 2 * TILE, TILE : 2 * TILE], np.float32)


def known_chips() -> Floats:
    """Return (CHIPS, CHIPS) chips with those that every watermark has, and 0 elsewhere."""
    signs, places = chip_layout()
    known = np.zeros(CHIPS * CHIPS, np.float32)
    known[places[:KNOWN]] = signs[places[:KNOWN]]
    return known.reshape(CHIPS, CHIPS)


@lru_cache(maxsize=1)
def chip_layout() -> tuple[Floats, Integers]:
    """Return each chip's sign and a shuffled order of the chips.

    The first KNOWN carry no bits; of the others, the first carries the first code bit, and so on.
    """
    # Raw numbers: only of these NumPy promises that they stay the same for ever.
    raw = np.random.PCG64(SEED).random_raw(2 * CHIPS * CHIPS)
    order = np.argsort(raw[: CHIPS * CHIPS], kind="stable")
    signs = np.where(raw[CHIPS * CHIPS :] >> 63, 1, -1).astype(np.float32)
    return signs, order


def code_bit_of_chip() -> Integers:
    """Return which code bit each chip after the known ones carries."""
    return np.arange(CHIPS * CHIPS - KNOWN) % CODED


@lru_cache(maxsize=4)
def _pattern(payload: Payload, height: int, width: int) -> Floats:
    """Return the watermark of a picture's size, of root mean square 1."""
    signs, order = chip_layout()
    code = 2.0 * encode(to_bits(payload)) - 1
    chips = signs.copy()
    chips[order[KNOWN:]] *= code[code_bit_of_chip()]
    tile = tile_of(chips.reshape(CHIPS, CHIPS))
    tile /= np.sqrt((tile**2).mean())
    times = max(1, round(min(height, width) / LINES))
    if times > 1:
        tile = np.kron(tile, np.ones((times, times), np.float32))
    repeated = np.tile(tile, (height // len(tile) + 1, width // len(tile) + 1))
    pattern = np.ascontiguousarray(repeated[:height, :width])
    pattern.flags.writeable = False
    return pattern


def _strength(image: Image) -> Floats:
    """Return how many levels may change, in a picture that is COARSE times smaller."""
    height, width = image.shape[:2]
    size = max(1, width // COARSE), max(1, height // COARSE)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = cv2.blur(np.abs(grey - cv2.blur(grey, (5, 5))), (9, 9))
    least, most = LEVELS
    return np.asarray(np.clip(least + contrast / DETAIL, least, most), np.float32)
