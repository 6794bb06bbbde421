import json
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image, Points
from faceswap_ae.faces.detection import detectors
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames


@pytest.fixture(scope="module")
def pair(duet: Path) -> tuple[Image, Points]:
    """A frame, and the places of the heads of the two people in it."""
    row = json.loads((duet / "truth.json").read_text())["frames"][5]
    image = [frame.image for frame in frames(open_clip(duet / "clip.mp4"))][5]
    height, width = image.shape[:2]
    places = [row["act"]["centre"], row["others"][0]["centre"]]
    return image, np.array(places) * (width, height)


@pytest.mark.parametrize("name", ["cnn", "hog"])
def test_both_people_are_seen(pair: tuple[Image, Points], name: str) -> None:
    image, heads = pair
    spots = detectors.DETECTORS[name]()([image])[0]
    assert len(spots) == 2
    for spot in spots:
        away = np.linalg.norm(heads - spot.square.centre, axis=1).min()
        assert away < 0.5 * spot.square.side
        assert 60 < spot.square.side < 200


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_lying_faces_are_tried(pair: tuple[Image, Points], turn: int) -> None:
    upright = detectors.hog()([pair[0]])[0]
    lying = np.ascontiguousarray(np.rot90(pair[0], -turn))
    found = detectors.with_turns(detectors.hog(), (1, 3, 2))([lying])[0]
    height, width = pair[0].shape[:2]
    # After turning back, the detector sees exactly the same pixels, so the places are the same.
    for one, other in zip(upright, found, strict=True):
        x, y = one.square.centre
        places = {1: (height - 1 - y, x), 2: (width - 1 - x, height - 1 - y), 3: (y, width - 1 - x)}
        assert np.allclose(places[turn], other.square.centre)
        assert other.square.angle == pytest.approx(turn * np.pi / 2)
        assert other.score == one.score


def test_a_small_picture_tells_places_in_the_frame(pair: tuple[Image, Points]) -> None:
    large = pair[0].repeat(2, axis=0).repeat(2, axis=1)
    plain, scaled = (detectors.cnn(480 * 320)([picture])[0] for picture in (pair[0], large))
    for one, other in zip(plain, scaled, strict=True):
        moved = 2 * one.square.centre + 0.5 - other.square.centre
        assert np.abs(moved).max() < 0.03 * other.square.side
        assert other.square.side == pytest.approx(2 * one.square.side, rel=0.03)


def test_mtcnn_says_how_to_get_it() -> None:
    with pytest.raises(UserError, match="pip install"):
        detectors.DETECTORS["mtcnn"]()
