import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from faceswap_ae.media.clip import BT709, Colour
from faceswap_ae.media.pixel_format import FromRgb, ToRgb, matrix_of
from tests.support.clips import bars

PHOTO = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8).repeat(8, 0).repeat(8, 1)


def round_trip(pixels: str, colour: Colour, *, quick: bool = False) -> NDArray[np.int64]:
    """The error of each pixel after conversion to a pixel format and back to RGB."""
    frame = FromRgb(pixels, colour)(PHOTO)
    off: NDArray[np.int64] = ToRgb(colour, quick=quick)(frame).astype(np.int64) - PHOTO
    return off


@pytest.mark.parametrize("colour", [BT709, Colour(1, 2, 1, 1), Colour(9, 1, 9, 16), Colour()])
def test_there_and_back_is_near_and_not_darker(colour: Colour) -> None:
    off = round_trip("yuv444p", colour)
    assert np.abs(off).max() <= 4
    assert abs(off.mean()) < 0.5


def test_the_quick_way_is_darker() -> None:
    """If this fails (a newer swscale), pixel_format.py can be simpler."""
    assert round_trip("yuv420p", BT709, quick=True).mean() < -0.7


def test_lossless_kinds() -> None:
    assert not round_trip("bgr0", BT709).any()


def test_frames_carry_their_tags() -> None:
    frame = FromRgb("yuv422p10le", Colour(9, 1, 9, 16))(PHOTO)
    told = frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc
    assert told == (9, 1, 9, 16)


def test_turns() -> None:
    frame = VideoFrame.from_ndarray(bars(5, (64, 48)))
    for quarters in range(4):
        turned = ToRgb(BT709, quarters)(frame)
        assert np.array_equal(np.rot90(turned, -quarters), bars(5, (64, 48)))


def test_what_is_not_told_goes_by_the_lines() -> None:
    assert [matrix_of(Colour(), lines) for lines in (480, 719, 720, 2160)] == [5, 5, 1, 1]
    assert matrix_of(Colour(matrix=9), 480) == 9
    assert matrix_of(Colour(matrix=6), 1080) == 5


def test_no_thread_writes_into_anothers_rows() -> None:
    """swscale's threads sometimes did, at widths that are not a multiple of 16."""
    image = np.random.default_rng(0).integers(0, 256, (480, 66, 3), np.uint8)
    write = FromRgb("yuv422p10le", BT709)

    def planes() -> list[bytes]:
        return [
            np.frombuffer(memoryview(plane), np.uint8)
            .reshape(plane.height, plane.line_size)[:, : 2 * plane.width]
            .tobytes()
            for plane in write(image).planes
        ]

    first = planes()
    assert all(planes() == first for _ in range(60))
