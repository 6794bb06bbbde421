"""Is a watermark read from what strangers did to a clip, and never from what has none?"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.payload import Payload, output_digest
from faceswap_ae.marks.watermark import imprint
from faceswap_ae.marks.watermark_reader import WatermarkSums, read_watermark
from tests.support.conversions import shown
from tests.support.watermarks import DAMAGES, PAYLOAD, cut, encoded, scaled


@pytest.fixture(scope="module")
def frames(duet: Path) -> list[Image]:
    """Frames of people, 960 x 640."""
    return scaled(shown(duet / "clip.mp4")[::2], 2)


@pytest.fixture(scope="module")
def marked(frames: list[Image]) -> list[Image]:
    return [imprint(one, PAYLOAD) for one in frames]


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_read_after(damage: str, marked: list[Image]) -> None:
    found = read_watermark(DAMAGES[damage](marked))
    assert found is not None and found.payload == PAYLOAD
    wanted = {"half": 0.5, "doub": 2.0, "stre": 0.9}.get(damage[:4], 1.0)
    assert found.scale[0] == pytest.approx(wanted, rel=0.02)
    assert found.scale[1] == pytest.approx(1.1 if damage[:4] == "stre" else wanted, rel=0.02)
    assert found.mirrored == damage.startswith("mirrored")
    assert found.certainty > 5


@pytest.mark.parametrize("damage", DAMAGES)
def test_nothing_is_read_where_nothing_is(damage: str, frames: list[Image]) -> None:
    assert read_watermark(DAMAGES[damage](frames)) is None


def test_one_picture_is_enough(marked: list[Image]) -> None:
    for picture in marked:
        found = read_watermark([picture])
        assert found is not None and found.payload == PAYLOAD


def test_pictures_of_large_tiles(frames: list[Image]) -> None:
    large = scaled(frames[:2], 1.7)
    for shown_at in (1.0, 0.6, 0.4):
        found = read_watermark(scaled([imprint(one, PAYLOAD) for one in large], shown_at))
        assert found is not None and found.payload == PAYLOAD


def test_the_last_watermark_of_several_counts_or_none(marked: list[Image]) -> None:
    """Two are in the same chips: the reader must not make a third of them."""
    other = Payload("anonymise", output_digest("another"))
    found = read_watermark([imprint(one, other) for one in marked])
    assert found is None or found.payload in (PAYLOAD, other)


@pytest.mark.parametrize("seed", range(4))
def test_patterns_and_noise_say_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    down, across = np.indices((320, 400))
    period = chance.uniform(8, 80)
    waves = 128 + 60 * np.sign(np.sin(across * 2 * np.pi / period))
    tile = chance.integers(0, 256, (128, 128))
    for picture in (
        waves,
        128 + 50 * np.sin(down * across / 3000),
        np.tile(tile, (3, 4))[:320, :400],
        cv2.GaussianBlur(chance.normal(128, 60, (320, 400)), (0, 0), seed + 0.5),
        np.full((320, 400), 90.0),
    ):
        grey = np.clip(picture, 0, 255).astype(np.uint8)
        assert read_watermark([np.repeat(grey[..., None], 3, axis=2)]) is None


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (63, 500), (64, 64), (3000, 70)])
def test_pictures_of_odd_sizes(size: tuple[int, int]) -> None:
    assert read_watermark([np.zeros((*size, 3), np.uint8)]) is None
    assert read_watermark([]) is None


def test_a_small_part_of_a_picture_is_enough_for_a_light_hand(marked: list[Image]) -> None:
    found = read_watermark(encoded(cut(marked, 0.5), 18))
    assert found is not None and found.payload == PAYLOAD


@pytest.mark.parametrize(
    ("size", "shown_at"),
    [((800, 4096), 1), ((700, 12000), 1), ((4400, 7800), 1), ((2160, 3840), 1), ((800, 2048), 0.7)],
)
def test_large_and_wide_pictures(size: tuple[int, int], shown_at: float) -> None:
    height, width = size
    coarse = np.random.default_rng(0).integers(60, 200, (height // 40, width // 40, 3), np.uint8)
    large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    marked = imprint(np.asarray(large, np.uint8), PAYLOAD)
    found = read_watermark(scaled([marked], shown_at))
    assert found is not None and found.payload == PAYLOAD


def test_sums_of_parts_are_the_sum_of_all(frames: list[Image]) -> None:
    marked = encoded([imprint(one, PAYLOAD) for one in frames], 23)
    parts = WatermarkSums(marked[:3]), WatermarkSums(marked[3:])
    whole = WatermarkSums()
    for part in parts:
        whole.join(part)
    found, wanted = whole.read(), read_watermark(marked)
    assert found is not None and wanted is not None and found.payload == wanted.payload
    assert found.certainty == pytest.approx(wanted.certainty, rel=1e-5)
