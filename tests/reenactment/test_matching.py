import numpy as np

from faceswap_ae.reenactment.matching import (
    STRONGEST,
    colour_gain,
    mouth_lacks,
    mouth_opening,
    skin_colour,
)
from tests.support.heads import SIDE, head, placed


def test_the_colour_of_the_skin_is_that_of_the_face() -> None:
    mesh = placed(head(2)[None])[0]
    image = np.full((SIDE, SIDE, 3), (180, 130, 110), np.uint8)
    image[:8] = 0
    assert np.allclose(skin_colour(image, mesh), (180, 130, 110))
    assert np.allclose(colour_gain(np.array([90.0, 65, 55]), skin_colour(image, mesh)), 2)
    assert colour_gain(np.ones(3), np.full(3, 255.0)).max() == np.float32(STRONGEST)


def test_a_closed_mouth_lacks_an_open_ones_inside() -> None:
    closed, opened = (placed(head(2, m0=strength)[None])[0] for strength in (0.0, 6.0))
    assert mouth_opening(opened) > mouth_opening(closed)
    assert mouth_lacks(mouth_opening(opened), mouth_opening(closed)) == 1
    assert mouth_lacks(mouth_opening(closed), mouth_opening(opened)) == 0
