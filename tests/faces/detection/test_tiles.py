from collections.abc import Sequence

import numpy as np
import pytest

from faceswap_ae.common.geometry import Image
from faceswap_ae.faces.boxes import Square
from faceswap_ae.faces.detection.blazeface import blazeface
from faceswap_ae.faces.detection.detectors import MEDIUM, DetectedBox, blaze, cnn, together
from faceswap_ae.faces.detection.tiles import OVERLAP, TILE, in_tiles
from faceswap_ae.faces.detection.video_detector import mesh_follower
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, SyntheticFrame, render


def bright(images: Sequence[Image]) -> list[list[DetectedBox]]:
    """A detector that finds what is white, if it lies whole in the picture."""
    found = []
    for image in images:
        rows, columns = np.nonzero(image[..., 0] == 255)
        whole = len(rows) == 20 * 20
        centre = np.array([columns.mean(), rows.mean()]) if whole else np.zeros(2)
        found.append([DetectedBox(Square(centre, 20.0), 1.0, "bright")] if whole else [])
    return found


@pytest.mark.parametrize("size", [(720, 1280), (200, 300), (257, 100), (1080, 1920)])
def test_whatever_is_small_lies_whole_in_a_tile(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        image = np.zeros((*size, 3), np.uint8)
        top, left = rng.integers(0, [size[0] - 20, size[1] - 20])
        image[top : top + 20, left : left + 20] = 255
        (found,) = in_tiles(bright)([image])
        assert found
        for box in found:
            assert np.allclose(box.square.centre, (left + 9.5, top + 9.5))


def test_large_faces_are_left_to_the_whole_picture() -> None:
    def large(images: Sequence[Image]) -> list[list[DetectedBox]]:
        assert {image.shape for image in images} == {(TILE, TILE, 3)}
        return [[DetectedBox(Square(np.zeros(2), OVERLAP + 1.0), 1.0, "large")] for _ in images]

    assert in_tiles(large)([np.zeros((400, 600, 3), np.uint8)] * 2) == [[], []]


@pytest.fixture(scope="module")
def far() -> SyntheticFrame:
    """A face of 26 pixels in a picture of 720 lines."""
    return render(alone(person("ada")), Act(face=32, centre=(0.7, 0.45)), Setting((1280, 720)))


def test_a_face_of_26_pixels_is_found_and_followed(far: SyntheticFrame) -> None:
    image, truth = far.image, far.landmarks.picture
    assert 24 <= np.ptp(truth, axis=0).max() <= 28
    assert together(blaze(), cnn(MEDIUM, 2.0))([image]) == [[]]
    (found,) = in_tiles(blazeface("short"))([image])
    assert found and np.linalg.norm(found[0].square.centre - truth.mean(axis=0)) < 10
    followed = mesh_follower(turns=False, small=True)([image] * 3, True)
    assert [len(sights) for sights in followed] == [1, 1, 1]
    apart = np.linalg.norm(followed[2][0].landmarks - truth, axis=1)
    assert apart.mean() < 0.1 * np.ptp(truth)
