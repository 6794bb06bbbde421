import numpy as np

from faceswap_ae.common.geometry import Floats, Image
from faceswap_ae.reenactment.lent_mouth import Lender, lend_mouth
from faceswap_ae.reenactment.matching import skin_colour
from faceswap_ae.reenactment.mesh_warp import draw
from tests.support.heads import SIDE, head, painted, placed

MESH = placed(head(1, m0=8.0)[None])[0]
DRAWN = draw(MESH, SIDE)
MOUTH = tuple(MESH[[13, 14], :2].mean(axis=0).round().astype(int)[::-1])


def lent(face: Image | Floats, lacking: float, gain: float = 1.0) -> Image | Floats:
    picture = np.full((SIDE, SIDE, 3), (180, 90, 60), np.uint8)
    made = face.copy()
    skin = skin_colour(picture, MESH) * gain
    lend_mouth(made, DRAWN, Lender(picture, MESH, skin), lacking)
    return made


def test_only_the_inside_of_the_mouth_is_lent() -> None:
    face = painted(MESH)
    made = lent(face, 1.0)
    assert np.abs(made[MOUTH].astype(int) - (180, 90, 60)).max() <= 4
    changed = (made != face).any(axis=2)
    assert 0.002 < changed.mean() < 0.1
    rows = np.nonzero(changed.any(axis=1))[0]
    assert rows.min() > MESH[1, 1]  # below the tip of the nose


def test_it_is_lent_by_as_much_as_lacks() -> None:
    face = painted(MESH)
    assert (lent(face, 0.0) == face).all()
    half = lent(face, 0.5)[MOUTH]
    assert np.abs(half - (face[MOUTH].astype(float) + np.array([180, 90, 60])) / 2).max() <= 3


def test_it_comes_in_the_colours_of_the_persons_skin() -> None:
    face = painted(MESH)
    made = lent(face.astype(np.float32), 1.0, gain=0.5)
    assert made.dtype == np.float32
    assert np.allclose(made[MOUTH], (90, 45, 30), atol=4)
