"""Is an eye's white to be seen, and how does it become the frame's?

White is white in everybody: its brightness and hue tell the light, whatever the skin. An eye that
is shut or hidden shows none, so statistics hold how surely it is one. Pooled, the sure ones tell.
"""

import cv2
import numpy as np

from faceswap_ae.colour import Array, Colour, Mask, Pair, Picture, Statistics, ratio

FEWEST = 12  # pixels of an eye, below which it is too small to tell
BLUNT = 0.005  # of the crop's side: how much softer eyes are looked at
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Blue by red, the skin's being 1: no white of an eye, and surely one; softly painted, and filmed.
PAINTED, FILMED = (0.98, 1.06), (1.05, 1.2)
EPS = 1e-6
UNKNOWN: Pair = np.zeros((2, 2, 3))


def white(picture: Picture, mask: Mask) -> Statistics | None:
    """(2, 3): the mean of an eye's brightest fifth, and ones: as if it were surely white."""
    seen = mask.reshape(picture.shape[:2]) > 0.5
    if np.count_nonzero(seen) < FEWEST:
        return None
    # A network's whites are softer than the frame's, and a soft peak is lower.
    values = cv2.GaussianBlur(picture, (0, 0), BLUNT * len(picture))[seen]
    order = np.argsort(values @ LUMA)
    mean = values[order[-len(values) // 5 :]].mean(axis=0, dtype=np.float64)
    return np.stack([mean, np.ones(3)])


def in_its_light(face: Picture, of: Statistics, to: Statistics) -> Picture:
    """White as bright as the frame's, and in its hue."""
    means = [one[:1] / np.maximum(one[1:], EPS) for one in (of, to)]
    return face * ratio(*means).astype(np.float32)


WHITES = Colour(white, in_its_light)


def weighed(whites: Pair | None, skins: Pair | None) -> Pair:
    """What was measured in eyes, counting as far as it is whiter than the skin."""
    if whites is None or skins is None:
        return UNKNOWN
    return min(map(_sure, whites[:, 0], skins[:, 0], (PAINTED, FILMED))) * whites


def known(whites: Pair) -> float:
    """How surely it is white: 0 to 1."""
    return float(whites[0, 1, 0])


def _sure(eye: Array, skin: Array, ends: tuple[float, float]) -> float:
    """Is it the white of an eye, or a shut one's lid? In any light skin is redder than white."""
    red, _, blue = np.maximum(eye, EPS) / np.maximum(skin, EPS)
    return float(np.interp(blue / red, ends, (0, 1)))
