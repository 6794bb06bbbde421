import logging
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.media import images
from faceswap_ae.media.clip import BT709, Colour, open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import frames
from faceswap_ae.media.span import Span
from faceswap_ae.media.writer import writing
from tests.support.clips import Recording, bars, number_in, record
from tests.support.written_clips import NOISE, new, read, rewrite, write_all

OUTPUTS = {
    "h264 mp4": (".mp4", Encoding()),
    "h264 mov": (".mov", Encoding()),
    "prores": (".mov", Encoding("prores")),
}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("ticks", [(1,), (1, 3, 2), (7, 1)])
@pytest.mark.parametrize("tick", [Fraction(1, 30), Fraction(1001, 30000), Fraction(7, 90000)])
def test_times_and_lengths_are_kept_exactly(
    tmp_path: Path, output: str, ticks: tuple[int, ...], tick: Fraction
) -> None:
    suffix, encoding = OUTPUTS[output]
    made = Recording(tick=tick, ticks=tuple(n * round(Fraction(1, 30) / tick) for n in ticks))
    source = record(tmp_path / "in.mp4", made)
    clip, out = open_clip(source), tmp_path / f"out{suffix}"
    with writing(out, clip, encoding) as sink:
        for frame, end in zip(frames(clip), made.times[1:], strict=True):
            sink.write(frame.image, frame.time, end - frame.time)
    after = read(out)
    assert [number_in(frame.image) for frame in after] == list(range(made.count))
    assert [frame.time for frame in after] == made.times[:-1]
    ends = [frame.time + frame.duration for frame in after]
    assert ends[:-1] == made.times[1:-1]
    # The end of the last frame is the end of the file. MP4 stores it in 1/1000 s.
    with av.open(out) as container:
        assert abs(Fraction(container.duration or 0, av.time_base) - made.times[-1]) < 0.002


def test_matroska_counts_in_milliseconds(varying_clip: Path, tmp_path: Path) -> None:
    after = read(rewrite(varying_clip, tmp_path / "out.mkv"))
    for one, other in zip(read(varying_clip), after, strict=True):
        assert abs(one.time - other.time) <= Fraction(1, 2000)


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (33, 24), (5, 7)])
def test_ffv1_is_lossless_whatever_the_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "out.mkv"
    pictures = [
        np.random.default_rng(n).integers(0, 256, (*size[::-1], 3), np.uint8) for n in range(4)
    ]
    write_all(path, new(size), pictures, Encoding("ffv1"))
    for picture, frame in zip(pictures, read(path), strict=True):
        assert np.array_equal(picture, frame.image)


def test_grey_is_lossless_over_its_whole_range(tmp_path: Path) -> None:
    ramp = np.arange(64 * 48, dtype=np.int64).reshape(48, 64).astype(np.uint8)
    write_all(tmp_path / "mask.mkv", new(pixels="gray"), [ramp], Encoding("ffv1"))
    clip = open_clip(tmp_path / "mask.mkv")
    (frame,) = frames(clip)
    assert clip.pixels == "gray"
    assert np.array_equal(frame.image, np.stack([ramp] * 3, axis=-1))


def test_odd_sides_are_made_even_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "faceswap_ae")
    write_all(tmp_path / "out.mp4", new((65, 49)), [bars(5, (65, 49))])
    (frame,) = read(tmp_path / "out.mp4")
    assert frame.image.shape == (50, 66, 3)
    assert np.abs(frame.image[:49, :65].astype(int) - bars(5, (65, 49))).mean() < 3
    assert "65x49 becomes 66x50" in caplog.text


@pytest.mark.parametrize("colour", [Colour(1, 1, 1, 1), Colour(9, 2, 9, 16), Colour(6, 1, 6, 6)])
@pytest.mark.parametrize("output", ["h264 mp4", "prores", "ffv1"])
def test_colour_tags_and_colours_are_kept(tmp_path: Path, output: str, colour: Colour) -> None:
    suffix, encoding = {**OUTPUTS, "ffv1": (".mkv", Encoding("ffv1"))}[output]
    like = replace(new(), colour=colour, aspect=Fraction(4, 3))
    flat = np.full((48, 64, 3), (200, 120, 60), np.uint8)
    path = tmp_path / f"out{suffix}"
    write_all(path, like, [flat] * 3, replace(encoding, crf=4))
    clip = open_clip(path)
    assert (clip.colour.primaries, clip.colour.transfer) == (colour.primaries, colour.transfer)
    assert clip.aspect == (1 if output == "ffv1" else Fraction(4, 3))
    if output == "h264 mp4":
        assert clip.colour == colour
    assert np.abs(read(path)[1].image.astype(int) - flat).max() <= 3


@pytest.mark.parametrize("encoding", [Encoding(crf=1), Encoding("prores")])
@pytest.mark.parametrize("height", [48, 720])
def test_grey_does_not_drift(tmp_path: Path, encoding: Encoding, height: int) -> None:
    """swscale's default conversion darkens by a level or more each time a clip is written."""
    like = replace(new((64, height)), colour=Colour())
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], height, 0).repeat(
        3, 2
    )
    path = tmp_path / ("out.mov" if encoding.codec == "prores" else "out.mp4")
    write_all(path, like, [ramp] * 2, encoding)
    assert abs(read(path)[0].image.astype(float).mean() - ramp.mean()) < 0.3


def test_a_cut_begins_at_zero(varying_clip: Path, tmp_path: Path) -> None:
    span = Span(first=10, last=20)
    after = read(rewrite(varying_clip, tmp_path / "out.mp4", span=span))
    before = list(frames(open_clip(varying_clip), span))
    assert after[0].time == 0
    assert [frame.time for frame in after] == [frame.time - before[0].time for frame in before]
    assert [number_in(frame.image) for frame in after] == list(range(10, 21))


def test_turned_clip_is_written_upright(tmp_path: Path) -> None:
    source = record(tmp_path / "turned.mp4", Recording(count=5, degrees=90))
    clip = open_clip(rewrite(source, tmp_path / "out.mp4"))
    assert (clip.width, clip.height, clip.turn) == (48, 64, 0)


def test_folder_of_pictures(varying_clip: Path, tmp_path: Path) -> None:
    rewrite(varying_clip, tmp_path / "frames", span=Span(first=3, last=5))
    found = sorted((tmp_path / "frames").iterdir())
    assert [path.name for path in found] == ["000001.png", "000002.png", "000003.png"]
    assert [number_in(images.read(path)) for path in found] == [3, 4, 5]


def test_a_folder_that_is_not_empty_is_left_alone(plain_clip: Path, tmp_path: Path) -> None:
    pictures = rewrite(plain_clip, tmp_path / "frames", span=Span(first=0, last=4))
    before = sorted((path.name, path.read_bytes()) for path in pictures.iterdir())
    for source, span in ((pictures / "*.png", Span(first=2)), (plain_clip, Span(last=2))):
        with pytest.raises(UserError, match="is there and not empty"):
            rewrite(source, pictures, span=span)
    assert sorted((path.name, path.read_bytes()) for path in pictures.iterdir()) == before


def test_a_folder_of_nothing_is_an_error_too(plain_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame to write"):
        rewrite(plain_clip, tmp_path / "frames", span=Span(first=999))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["10:30.mp4", "a b ä 顔.mp4", "OUT.MKV", "x" * 200 + ".mp4"])
def test_names_that_people_give(plain_clip: Path, tmp_path: Path, name: str) -> None:
    out = rewrite(plain_clip, tmp_path / name)
    again = rewrite(out, tmp_path / f"2 {name}")
    assert len(read(again)) == 40


def test_a_relative_name_with_a_colon(
    plain_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(read(rewrite(plain_clip, Path("10:30.mp4")))) == 40
    with pytest.raises(MediaError, match="no such file"):
        open_clip(Path("nope:x.mp4"))


@pytest.mark.parametrize("name", ["out.gif", "frames"])
def test_a_codec_for_what_has_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="prores is for videos"):
        write_all(tmp_path / name, new(), [NOISE], Encoding("prores"))


def test_gif_in_and_out(plain_clip: Path, tmp_path: Path) -> None:
    gif = rewrite(plain_clip, tmp_path / "out.gif")
    found = read(gif)
    assert abs(found[-1].time + found[-1].duration - Fraction(40, 30)) < Fraction(1, 20)
    numbers = [number_in(frame.image) for frame in found]
    assert numbers == sorted(numbers) and len(set(numbers)) >= 36
    for number, frame in zip(numbers, found, strict=True):
        assert abs(frame.time - Fraction(number, 30)) < Fraction(1, 20)
    again = read(rewrite(gif, tmp_path / "again.mp4"))
    assert [frame.time for frame in again] == [frame.time for frame in found]


@pytest.mark.parametrize(
    ("name", "encoding", "words"),
    [
        ("out.avi", Encoding(), "h264 goes into .mp4 or .mov or .mkv"),
        ("out.mp4", Encoding("prores"), "prores goes into .mov or .mkv"),
        ("out.mp4", Encoding("h265"), "unknown codec 'h265'; did you mean 'h264'"),
        ("out.mp4", Encoding(preset="fsat"), "unknown preset 'fsat'; did you mean 'fast'"),
    ],
)
def test_wrong_choices_name_the_right_ones(
    tmp_path: Path, name: str, encoding: Encoding, words: str
) -> None:
    with pytest.raises(UserError) as caught:
        write_all(tmp_path / name, new(), [NOISE], encoding)
    assert words in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_the_clip_that_is_read_is_not_written_over(plain_clip: Path) -> None:
    before = plain_clip.read_bytes()
    with pytest.raises(UserError, match="choose another name"):
        rewrite(plain_clip, plain_clip)
    assert plain_clip.read_bytes() == before


def test_nothing_to_write_leaves_nothing(plain_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame to write"):
        rewrite(plain_clip, tmp_path / "out.mp4", span=Span(first=999))
    assert not any(tmp_path.iterdir())


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        MediaError, match=r"out\.mp4: a frame of 32x48 does not fit a video of 64x48"
    ):
        write_all(tmp_path / "out.mp4", new(), [NOISE, NOISE[:, :32]])
    assert not any(tmp_path.iterdir())


def test_an_old_output_survives_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("the old one")

    def interrupted() -> None:
        with writing(path, new()) as sink:
            sink.write(NOISE, Fraction(0), Fraction(1, 25))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "the old one"
    assert [item.name for item in tmp_path.iterdir()] == ["out.mp4"]


def test_the_index_comes_first(tmp_path: Path) -> None:
    """With the index first, a browser can start before it has the whole file."""
    write_all(tmp_path / "out.mp4", new(), [NOISE] * 30)
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_bt709_is_told_for_pictures(tmp_path: Path) -> None:
    write_all(tmp_path / "out.mp4", new(), [NOISE])
    with av.open(tmp_path / "out.mp4") as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_range) == (BT709.matrix, BT709.range)
