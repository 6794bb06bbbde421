import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as pillow
from PIL.PngImagePlugin import PngInfo

from faceswap_ae.common.geometry import Image
from faceswap_ae.media import png

PICTURES = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: arrays.arrays(np.uint8, st.sampled_from([size, (*size, 3)]))
)


@given(PICTURES)
def test_others_read_the_same_pixels(image: Image) -> None:
    with pillow.open(io.BytesIO(png.encode(image))) as read:
        assert np.array_equal(np.asarray(read), image)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_words_come_back(text: str) -> None:
    packed = png.encode(np.zeros((2, 2, 3), np.uint8), {"other": "x", "story": text})
    assert png.read_text(io.BytesIO(packed), "story") == text
    with pillow.open(io.BytesIO(packed)) as read:
        read.load()
        assert read.info["story"] == text


@pytest.mark.parametrize("zipped", [False, True])
def test_words_of_other_writers(zipped: bool) -> None:
    info = PngInfo()
    info.add_itxt("story", "Ben, 4\u00bd", lang="en", tkey="tale", zip=zipped)
    file = io.BytesIO()
    pillow.new("RGB", (3, 3)).save(file, "PNG", pnginfo=info)
    assert png.read_text(io.BytesIO(file.getvalue()), "story") == "Ben, 4\u00bd"
    assert png.read_text(io.BytesIO(file.getvalue()), "tale") is None


def test_no_words_in_other_files() -> None:
    assert png.read_text(io.BytesIO(b""), "story") is None
    assert png.read_text(io.BytesIO(b"\xff\xd8 a jpeg"), "story") is None
    packed = png.encode(np.zeros((2, 2), np.uint8), {"story": "x"})
    assert png.read_text(io.BytesIO(packed[:40]), "story") is None


def test_a_bomb_is_not_unpacked() -> None:
    bomb = b"story\0\1\0\0\0" + zlib.compress(b"a" * (png.LONGEST + 1))
    chunk = struct.pack(">I", len(bomb)) + b"iTXt" + bomb + bytes(4)
    assert png.read_text(io.BytesIO(png.SIGNATURE + chunk), "story") is None
