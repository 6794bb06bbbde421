from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faceswap_ae.common.errors import MediaError
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import Frame, frames
from faceswap_ae.media.span import Span
from tests.support.clips import Recording, bars, number_in, record

Kind = tuple[Path, Recording]
VARYING = Recording(ticks=(1, 3, 2))
KINDS = {
    "constant": ("c.mp4", Recording()),
    "ntsc": ("n.mp4", Recording(tick=Fraction(1001, 30000))),
    "varying": ("v.mp4", VARYING),
    "varying prores": (
        "v.mov",
        Recording(ticks=(1, 3, 2), codec="prores_ks", pixels="yuv422p10le"),
    ),
    "odd": ("odd.mp4", Recording(size=(65, 49), pixels="yuv444p")),
    "10 bit": ("ten.mp4", Recording(pixels="yuv420p10le")),
    "full range": ("full.mp4", Recording(colour=(1, 2, 1, 1))),
    "matroska": ("m.mkv", Recording(tick=Fraction(1, 25))),
    "transport stream": ("t.ts", Recording()),
    "vp9": ("vp9.webm", Recording(codec="libvpx-vp9", tick=Fraction(1, 25))),
    "av1": ("av1.mp4", Recording(codec="libsvtav1")),
    "gif": ("g.gif", Recording(codec="gif", pixels="rgb8", tick=Fraction(1, 100), ticks=(4, 9))),
    "lossless": ("l.mkv", Recording(codec="ffv1", pixels="bgr0", tick=Fraction(1, 25))),
}

# FFmpeg's code of the matrix, and the weights of red and blue in luma: BT.709, BT.601 (has two
# codes), BT.2020.
MATRICES = [(1, 0.2126, 0.0722), (5, 0.299, 0.114), (6, 0.299, 0.114), (9, 0.2627, 0.0593)]


@pytest.fixture(scope="session", params=KINDS)
def kind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Recording]:
    name, made = KINDS[request.param]
    return record(tmp_path_factory.mktemp("kinds") / name, made), made


def times(found: list[Frame]) -> list[Fraction]:
    return [frame.time for frame in found]


def test_every_frame_with_its_number_and_exact_time(kind: Kind) -> None:
    path, made = kind
    found = list(frames(open_clip(path)))
    assert [number_in(frame.image) for frame in found] == list(range(made.count))
    assert [frame.index for frame in found] == list(range(made.count))
    assert times(found) == made.times[:-1]
    # An encoder may lose the duration of the last frame, so it is not checked.
    lasting = [after - before for before, after in zip(made.times, made.times[1:], strict=False)]
    assert [frame.duration for frame in found[:-1]] == lasting[:-1]
    assert all(frame.image.shape == (made.size[1], made.size[0], 3) for frame in found)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(first=st.integers(0, 39), more=st.integers(0, 5))
def test_a_part_is_the_same_as_in_the_whole(kind: Kind, first: int, more: int) -> None:
    path, made = kind
    clip = open_clip(path)
    part = list(frames(clip, Span(first=first, last=first + more)))
    expected = list(range(first, min(first + more + 1, made.count)))
    assert [number_in(frame.image) for frame in part] == expected
    assert [frame.index for frame in part] == expected
    assert times(part) == [made.times[index] for index in expected]
    by_time = frames(
        clip, Span(start=made.times[first], end=made.times[first] + Fraction(1, 10**6))
    )
    assert [number_in(frame.image) for frame in by_time] == [first]


def test_a_part_behind_the_end_is_empty(kind: Kind) -> None:
    assert not list(frames(open_clip(kind[0]), Span(first=500)))


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_turned_video_comes_out_upright(tmp_path: Path, degrees: int) -> None:
    path = record(tmp_path / "turned.mp4", Recording(count=10, degrees=degrees))
    (frame,) = frames(open_clip(path), Span(first=7, last=7))
    lying = np.rot90(frame.image, -degrees // 90)
    assert number_in(lying) == 7
    assert lying[:24].mean() > lying[40:].mean()


@pytest.mark.parametrize("spread", [1, 2])
@pytest.mark.parametrize(("matrix", "red", "blue"), MATRICES)
def test_colours_are_those_that_were_meant(
    tmp_path: Path, matrix: int, spread: int, red: float, blue: float
) -> None:
    """The expected colour is computed from the standards' formula for one Y, Cb, Cr."""
    luma, cb, cr = 120, 100, 150
    path = tmp_path / "colour.mkv"
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=25, width=32, height=32)
        stream.pix_fmt = "yuv444p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, spread
        planes = np.empty((3, 32, 32), np.uint8)
        planes[:] = np.array([luma, cb, cr])[:, None, None]
        container.mux(stream.encode(VideoFrame.from_ndarray(planes, format="yuv444p")))
        container.mux(stream.encode(None))
    y, scale = ((luma - 16) / 219, 224) if spread == 1 else (luma / 255, 255)
    r = y + 2 * (1 - red) * (cr - 128) / scale
    b = y + 2 * (1 - blue) * (cb - 128) / scale
    g = (y - red * r - blue * b) / (1 - red - blue)
    (frame,) = frames(open_clip(path))
    assert np.abs(frame.image[16, 16] - np.array([r, g, b]) * 255).max() <= 1.5


class TestDamage:
    """A truncated file gives its good frames, then an error, or a warning if asked."""

    @pytest.fixture(params=[".mp4", ".mkv", ".avi"])
    def cut_off(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        codec = "mpeg4" if request.param == ".avi" else "libx264"
        made = Recording(count=200, codec=codec, tick=Fraction(1, 25))
        whole = record(tmp_path / f"whole{request.param}", made)
        path = tmp_path / f"cut{request.param}"
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
        return path

    def test_good_frames_then_the_error(self, cut_off: Path) -> None:
        found: list[Frame] = []
        words = rf"{cut_off.name}: is cut off; \d+ frames could be read"
        with pytest.raises(MediaError, match=words):
            collect(found, cut_off)
        assert 20 < len(found) < 200
        # The last frame may be one that is shown after the first lost frame.
        assert [number_in(frame.image) for frame in found[:-1]] == list(range(len(found) - 1))
        assert all(frame.time == Fraction(number_in(frame.image), 25) for frame in found)

    def test_a_warning_with_keep_going(
        self, cut_off: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        found = list(frames(open_clip(cut_off), keep_going=True))
        assert len(found) > 20
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "is cut off" in caplog.text

    def test_damage_in_the_middle(self, tmp_path: Path) -> None:
        path = record(tmp_path / "hurt.mp4", Recording(count=200, key_every=10))
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 300] = np.random.default_rng(0).bytes(300)
        path.write_bytes(content)
        with pytest.raises(MediaError, match="is damaged in"):
            list(frames(open_clip(path)))
        assert len(list(frames(open_clip(path), keep_going=True))) > 150

    def test_recordings_joined_without_care(self, tmp_path: Path) -> None:
        one = record(tmp_path / "one.ts", Recording(count=60)).read_bytes()
        path = tmp_path / "joined.ts"
        path.write_bytes(one + one)
        with pytest.raises(MediaError, match="its clock begins anew"):
            list(frames(open_clip(path)))
        found = list(frames(open_clip(path), keep_going=True))
        assert times(found) == [Fraction(number, 30) for number in range(60)]

    def test_a_broken_picture_in_a_row(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(4):
            images.write(tmp_path / f"{number}.png", bars(number, (32, 24)))
        for number in (0, 2):
            (tmp_path / f"{number}.png").write_bytes(b"broken")
        clip = open_clip(tmp_path)
        with pytest.raises(MediaError, match=r"0\.png"):
            list(frames(clip))
        found = list(frames(clip, keep_going=True))
        assert [frame.index for frame in found] == [1, 3]
        assert [number_in(frame.image) for frame in found] == [1, 3]
        assert "2.png" in caplog.text


def collect(found: list[Frame], path: Path) -> None:
    """Add frames to `found` one by one, so that those before an error are kept."""
    for frame in frames(open_clip(path)):
        found.append(frame)  # noqa: PERF402


def test_stopping_early_lets_the_file_go(plain_clip: Path) -> None:
    found = frames(open_clip(plain_clip))
    assert next(found).index == 0
    found.close()  # type: ignore[attr-defined] # a generator
    assert next(frames(open_clip(plain_clip))).index == 0


def test_pictures_have_the_rate_they_are_given(tmp_path: Path) -> None:
    for number in range(5):
        images.write(tmp_path / f"{number}.png", bars(number, (32, 24)))
    found = list(frames(open_clip(tmp_path, Fraction(10)), Span(start=Fraction("0.2"), last=3)))
    assert [(frame.index, frame.time, frame.duration) for frame in found] == [
        (2, Fraction(1, 5), Fraction(1, 10)),
        (3, Fraction(3, 10), Fraction(1, 10)),
    ]
    assert [number_in(frame.image) for frame in found] == [2, 3]


def test_the_recording_itself_is_varied() -> None:
    assert VARYING.times[:4] == [0, Fraction(1, 30), Fraction(4, 30), Fraction(6, 30)]
