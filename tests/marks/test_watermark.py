"""Is a watermark invisible, steady, and of the same strength on pictures of all kinds?"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.geometry import Image
from faceswap_ae.marks.error_correction import CODED
from faceswap_ae.marks.payload import Payload
from faceswap_ae.marks.watermark import chip_layout, code_bit_of_chip, imprint, known_chips
from tests.support.conversions import shown
from tests.support.watermarks import PAYLOAD, psnr

INVISIBLE = 46.0  # dB


def grey(size: tuple[int, int] = (240, 320), level: int = 120) -> Image:
    return np.full((*size, 3), level, np.uint8)


def test_nobody_sees_it(duet: Path) -> None:
    frames = shown(duet / "clip.mp4")[::5]
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    for picture in (*frames, noise, grey()):
        marked = imprint(picture, PAYLOAD)
        assert psnr(picture, marked) > INVISIBLE
        change = marked.astype(int) - picture
        assert 0 < np.abs(change).max() <= 3
        assert abs(change.mean()) < 0.1  # the picture gets no lighter


def test_it_does_not_flicker() -> None:
    """What moves in one place changes nothing in another."""
    first, second = grey(), grey()
    second[:60, :60] = 200
    one, other = (imprint(picture, PAYLOAD).astype(int) - picture for picture in (first, second))
    assert np.array_equal(one[120:, 160:], other[120:, 160:])


def test_it_is_stronger_where_there_is_detail() -> None:
    picture = grey()
    picture[:, 160:] = np.random.default_rng(0).integers(60, 200, (240, 160, 1), np.uint8)
    change = np.abs(imprint(picture, PAYLOAD).astype(int) - picture)
    assert change[:, 200:].mean() > change[:, :120].mean() * 1.05


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 255))
def test_pictures_of_any_size_and_level(height: int, width: int, level: int) -> None:
    picture = grey((height, width), level)
    marked = imprint(picture, PAYLOAD)
    assert marked.shape == picture.shape and marked.dtype == np.uint8
    assert np.abs(marked.astype(int) - picture).max() <= 3


@pytest.mark.parametrize(("lines", "side"), [(720, 128), (1080, 256), (2160, 384)])
def test_tiles_of_large_pictures_are_larger(lines: int, side: int) -> None:
    """They are shown smaller, or made smaller before they are shown."""
    change = imprint(grey((lines, lines + 80)), PAYLOAD).astype(int) - 120
    assert np.array_equal(change[:side, :side], change[side : 2 * side, side : 2 * side])
    assert not np.array_equal(change[: side // 2], change[side // 2 : side])


def test_other_bits_are_another_watermark_of_the_same_known_chips() -> None:
    one, other = (imprint(grey(), Payload("swap", run * 5)) for run in ("00", "ff"))
    differs = np.abs(one.astype(int) - other).max(axis=2)[:128, :128] > 0
    places = differs.reshape(32, 4, 32, 4)[:, 1:3, :, 1:3].all((1, 3))
    assert places.mean() > 0.2
    assert not (places & (known_chips() != 0)).any()


def test_every_code_bit_has_its_chips() -> None:
    signs, order = chip_layout()
    assert set(signs) == {-1, 1} and sorted(order) == list(range(1024))
    counts = np.bincount(code_bit_of_chip(), minlength=CODED)
    assert set(counts) == {2, 3}
    # They are the same for ever: what was marked long ago must be read.
    assert list(order[:4]) == ORDER and signs[:8].tolist() == SIGNS


ORDER = [704, 284, 273, 573]
SIGNS = [-1, -1, -1, 1, -1, -1, -1, 1]
