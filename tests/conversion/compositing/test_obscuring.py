import numpy as np
import pytest

from faceswap_ae.common.geometry import Image
from faceswap_ae.conversion.compositing.obscuring import COVERS, obscure
from faceswap_ae.faces.boxes import Box

BOX = (60.0, 50.0, 120.0, 110.0)


def noisy(seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    return rng.integers(60, 190, (180, 200, 3)).astype(np.uint8)


@pytest.mark.parametrize("method", sorted(COVERS))
def test_detail_goes_and_the_rest_stays(method: str) -> None:
    image, before = noisy(), noisy()
    obscure(image, BOX, method)
    inside = image[50:110, 60:120].astype(float)
    # Within a fifth of the covered part there is hardly any difference left.
    fine = np.abs(np.diff(inside, axis=1))
    assert np.median(fine) <= 2 and fine.mean() < 0.1 * np.abs(np.diff(before.astype(float))).mean()
    assert np.array_equal(image[:, :30], before[:, :30])
    assert np.array_equal(image[:, 150:], before[:, 150:])
    assert np.array_equal(image[140:], before[140:])


@pytest.mark.parametrize("method", sorted(COVERS))
def test_of_two_faces_with_the_same_few_colours_nothing_tells_which(method: str) -> None:
    one, other = noisy(1), noisy(1)
    rows, columns = np.mgrid[50:110, 60:120]
    face = np.where(((rows // 3 + columns // 3) % 2)[..., None] > 0, 90, 160)
    one[50:110, 60:120], other[50:110, 60:120] = face, 250 - face
    obscure(one, BOX, method)
    obscure(other, BOX, method)
    assert np.abs(one.astype(int) - other)[50:110, 60:120].max() <= 12  # of 70


@pytest.mark.parametrize(
    "box",
    [
        (-40.0, -40.0, 20.0, 20.0),
        (180.0, 160.0, 260.0, 240.0),
        (-500.0, 0.0, -400.0, 90.0),
        (-50.0, -50.0, 400.0, 400.0),
        (30.0, 30.0, 30.0, 30.0),
    ],
)
def test_boxes_at_the_border_and_beyond(box: Box) -> None:
    for method in COVERS:
        image = noisy()
        obscure(image, box, method)
        assert image.shape == (180, 200, 3)
