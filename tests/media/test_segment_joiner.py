"""Does a file joined from segments equal a file with the same frames written in one go?"""

import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap_ae.common.errors import Fault
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import Frame, frames
from faceswap_ae.media.resumable_writer import resumable
from faceswap_ae.media.segment_store import WorkFolder
from faceswap_ae.media.segments import OutputSpec
from faceswap_ae.media.span import WHOLE, Span
from faceswap_ae.media.waveform import Waveform
from faceswap_ae.media.writer import writing
from tests.support.clips import SOUND_RATE, Recording, bars, number_in, record
from tests.support.written_clips import new, read

LENGTH = 12  # frames per segment in these tests
OUTPUTS = {
    "h264 mp4": (".mp4", Encoding(repeatable=True)),
    "h264 mov": (".mov", Encoding(repeatable=True)),
    "h264 mkv": (".mkv", Encoding(repeatable=True)),
    "slow h264": (".mp4", Encoding(preset="slow", repeatable=True)),
    "no B-frames": (".mp4", Encoding(preset="ultrafast", repeatable=True)),
    "prores": (".mov", Encoding("prores", repeatable=True)),
    "ffv1": (".mkv", Encoding("ffv1", repeatable=True)),
}
Facts = list[tuple[int, int | None, int | None, int | None, bytes]]


def in_one_go(output: OutputSpec, limit: int | None = None) -> Path:
    clip, span = output.like, output.span
    with writing(output.path, clip, output.encoding, tracks=output.tracks, span=span) as sink:
        for frame in list(frames(clip, span))[:limit]:
            sink.write(frame.image, frame.time, frame.duration)
    return output.path


def in_segments(output: OutputSpec, limit: int | None = None) -> Path:
    with resumable(output, {}) as parts:
        for frame in list(frames(output.like, parts.rest))[:limit]:
            parts.write(frame.image, frame.time, frame.duration)
    return output.path


def both(output: OutputSpec, limit: int | None = None) -> tuple[Path, Path]:
    """Two files: one written in one go, one joined from segments."""
    whole = output.path.with_name(f"whole{output.path.suffix}")
    return in_one_go(replace(output, path=whole), limit), in_segments(output, limit)


def packets_in(path: Path, kind: str) -> Facts:
    with av.open(path) as container:
        return [
            (packet.stream_index, packet.pts, packet.dts, packet.duration, bytes(packet))
            for packet in container.demux()
            if packet.size and packet.stream.type == kind
        ]


def told(path: Path) -> list[object]:
    """The metadata of a file and of its streams."""
    with av.open(path) as container:
        rate = container.streams.video[0].average_rate
        streams = [
            (one.type, one.time_base, one.start_time, one.duration, one.profile)
            for one in container.streams
        ]
        video = container.streams.video[0].codec_context
        shape = (video.width, video.height, video.sample_aspect_ratio, video.pix_fmt)
        colour = (video.colorspace, video.color_range, video.color_primaries, video.color_trc)
        duration = container.duration
        return [streams, rate, shape, colour, duration, container.chapters(), container.metadata]


def times(found: list[Frame]) -> list[Fraction]:
    return [frame.time for frame in found]


@pytest.mark.parametrize("name", OUTPUTS)
def test_one_segment_is_the_file_that_is_written_in_one_go(tmp_path: Path, name: str) -> None:
    suffix, encoding = OUTPUTS[name]
    made = Recording(count=30, ticks=(1, 3, 2), sounds=("aac", "aac"), chapters=2)
    clip = open_clip(record(tmp_path / "in.mp4", made))
    whole, joined = both(OutputSpec(tmp_path / f"out{suffix}", clip, encoding, clip))
    assert whole.read_bytes() == joined.read_bytes()


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("ticks", [(1,), (1, 3, 2), (7, 1)])
def test_many_segments_have_the_same_times_and_sound(
    tmp_path: Path, name: str, ticks: tuple[int, ...]
) -> None:
    suffix, encoding = OUTPUTS[name]
    made = Recording(ticks=ticks, sounds=("aac", "aac"), chapters=2, aspect=Fraction(4, 3))
    clip = open_clip(record(tmp_path / "in.mp4", made))
    whole, joined = both(
        OutputSpec(tmp_path / f"out{suffix}", clip, encoding, clip, segment=LENGTH)
    )
    before, after = read(whole), read(joined)
    assert times(after) == times(before) and len(after) == made.count
    assert [number_in(frame.image) for frame in after] == list(range(made.count))
    assert packets_in(joined, "audio") == packets_in(whole, "audio")
    assert told(joined) == told(whole)
    assert_in_order(joined)


def assert_in_order(path: Path) -> None:
    """Assert that decoding times rise strictly, and no frame is shown before it is decoded."""
    found = [
        (pts, dts)
        for _, pts, dts, _, _ in packets_in(path, "video")
        if pts is not None and dts is not None
    ]
    assert found or path.suffix == ".mkv"  # MKV has no decoding times
    assert all(one[1] < two[1] for one, two in pairwise(found))
    assert all(pts >= dts for pts, dts in found)


@pytest.mark.parametrize("name", ["h264 mp4", "prores", "ffv1"])
def test_frames_are_those_of_each_segment_alone(tmp_path: Path, name: str) -> None:
    suffix, encoding = OUTPUTS[name]
    clip = open_clip(record(tmp_path / "in.mp4", Recording(ticks=(2, 1))))
    output = OutputSpec(tmp_path / f"out{suffix}", clip, encoding, segment=LENGTH)
    alone = [
        frame.image
        for first in range(0, clip.count, LENGTH)
        for frame in read(
            in_one_go(
                replace(
                    output,
                    path=tmp_path / f"{first}{suffix}",
                    span=Span(first=first, last=first + LENGTH - 1),
                )
            )
        )
    ]
    assert np.array_equal(alone, [frame.image for frame in read(in_segments(output))])


@pytest.mark.parametrize("name", ["h264 mp4", "h264 mkv", "ffv1"])
def test_every_frame_is_found_by_a_seek(tmp_path: Path, name: str) -> None:
    suffix, encoding = OUTPUTS[name]
    source = open_clip(record(tmp_path / "in.mp4", Recording(ticks=(1, 2))))
    joined = in_segments(OutputSpec(tmp_path / f"out{suffix}", source, encoding, segment=LENGTH))
    clip = open_clip(joined)
    for number in (1, 11, 12, 13, 25, 39):
        found = next(iter(frames(clip, Span(first=number))))
        assert number_in(found.image) == number
    with av.open(joined) as container:
        shown = sorted((p.pts, p.is_keyframe) for p in container.demux(video=0) if p.size)
    keys = [number for number, (_, key) in enumerate(shown) if key]
    assert {0, 12, 24, 36} <= set(keys)


@pytest.mark.parametrize("name", ["h264 mp4", "h264 mkv", "prores"])
@pytest.mark.parametrize(
    "span", [Span(first=10, last=30), Span(Fraction("0.4"), Fraction("0.9")), Span(last=14)]
)
def test_a_cut_takes_the_sound_of_its_time(tmp_path: Path, name: str, span: Span) -> None:
    suffix, encoding = OUTPUTS[name]
    made = Recording(ticks=(1, 3, 2), sounds=("aac", "aac"), chapters=3)
    clip = open_clip(record(tmp_path / "in.mp4", made))
    output = OutputSpec(tmp_path / f"out{suffix}", clip, encoding, clip, span, segment=LENGTH)
    whole, joined = both(output)
    assert times(read(joined)) == times(read(whole))
    assert packets_in(joined, "audio") == packets_in(whole, "audio") != []
    assert told(joined) == told(whole)
    assert_in_order(joined)


def test_sound_that_is_longer_than_the_pictures(tmp_path: Path) -> None:
    clip = open_clip(record(tmp_path / "in.mp4", Recording(sounds=("aac",))))
    output = OutputSpec(tmp_path / "out.mp4", clip, tracks=clip, segment=LENGTH)
    whole, joined = both(output, limit=15)
    assert len(read(joined)) == 15
    assert packets_in(joined, "audio") == packets_in(whole, "audio")
    assert packets_in(joined, "audio")[-1][-1] == packets_in(clip.path, "audio")[-1][-1]
    assert told(joined) == told(whole)


def test_sound_that_begins_before_the_pictures(tmp_path: Path) -> None:
    """The sound's start is the output's time zero, which is between two ticks of the video."""
    source = record(tmp_path / "in.ts", Recording(sounds=("aac",)))
    clip = open_clip(source)
    output = OutputSpec(tmp_path / "out.mp4", clip, OUTPUTS["h264 mp4"][1], clip, segment=LENGTH)
    whole, joined = both(output)
    assert times(read(joined)) == times(read(whole))
    assert packets_in(joined, "audio") == packets_in(whole, "audio") != []
    assert told(joined) == told(whole)


def test_sound_that_was_made_here(tmp_path: Path) -> None:
    wave = Waveform(np.random.default_rng(0).uniform(-0.1, 0.1, SOUND_RATE).astype(np.float32))
    clip = open_clip(record(tmp_path / "in.mp4", Recording(count=30)))
    output = OutputSpec(tmp_path / "out.mp4", clip, tracks=wave, segment=LENGTH)
    whole, joined = both(output)
    assert packets_in(joined, "audio") == packets_in(whole, "audio") != []


@pytest.mark.parametrize("size", [(65, 49), (5, 7)])
@pytest.mark.parametrize("name", ["h264 mp4", "prores", "ffv1"])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int], name: str) -> None:
    suffix, encoding = OUTPUTS[name]
    like = new(size)
    pictures = [
        np.random.default_rng(n).integers(0, 256, (*size[::-1], 3), np.uint8) for n in range(15)
    ]
    output = OutputSpec(tmp_path / f"out{suffix}", like, encoding, segment=LENGTH)
    with resumable(output, {}) as parts:
        for number, picture in enumerate(pictures):
            parts.write(picture, number / like.rate, 1 / like.rate)
    after = read(output.path)
    assert [frame.time for frame in after] == [number / like.rate for number in range(15)]
    if name == "ffv1":
        assert np.array_equal([frame.image for frame in after], pictures)


@settings(max_examples=30)
@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=40),
    segment=st.integers(2, 15),
    tick=st.sampled_from([Fraction(1, 30), Fraction(1001, 30000), Fraction(7, 90000)]),
)
def test_any_lengths(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], segment: int, tick: Fraction
) -> None:
    """Frames of any duration, any number of segments, and a last segment of any length."""
    path = tmp_path_factory.mktemp("any") / "out.mp4"
    like = replace(new((32, 16)), time_base=tick)
    ends = np.cumsum([0, *lengths]).tolist()
    with resumable(OutputSpec(path, like, segment=segment), {}) as parts:
        for number, (begin, end) in enumerate(pairwise(ends)):
            parts.write(bars(number, (32, 16)), begin * tick, (end - begin) * tick)
    after = read(path)
    assert [frame.time for frame in after] == [begin * tick for begin in ends[:-1]]
    assert [number_in(frame.image) for frame in after] == list(range(len(lengths)))
    assert_in_order(path)
    assert length_told(path) == ends[-1] * tick


def length_told(path: Path) -> Fraction:
    """The length in a video track's own header. FFmpeg instead adds up the decoding times."""
    content = path.read_bytes()
    place = content.index(b"mdhd")
    scale, length = struct.unpack(">II", content[place + 16 : place + 24])
    return Fraction(length, scale)


def spoilt(output: OutputSpec, spoil: Callable[[WorkFolder], None]) -> None:
    """Write segments, and call `spoil` on their folder before they are joined."""
    with resumable(output, {}) as parts:
        for frame in frames(output.like, WHOLE):
            parts.write(frame.image, frame.time, frame.duration)
        spoil(parts.folder)


def test_parts_of_another_encoder_are_refused(tmp_path: Path) -> None:
    def spoil(folder: WorkFolder) -> None:
        second = folder.segment(1)
        assert second is not None
        folder.add(1, replace(second, extradata=b"another"))

    clip = open_clip(record(tmp_path / "in.mp4"))
    output = OutputSpec(tmp_path / "out.mp4", clip, segment=LENGTH)
    with pytest.raises(Fault, match="was begun by another encoder; remove it"):
        spoilt(output, spoil)
    assert not output.path.exists()


def test_a_part_that_is_gone_is_told(tmp_path: Path) -> None:
    """A missing part is an error, not a shorter video. The next conversion makes it again."""
    clip = open_clip(record(tmp_path / "in.mp4"))
    output = OutputSpec(tmp_path / "out.mp4", clip, segment=LENGTH)
    with pytest.raises(Fault, match=r"out\.mp4: a part in .* is gone or damaged; the same command"):
        spoilt(output, lambda folder: folder.packets(1).unlink())
    assert not output.path.exists()
    with resumable(output, {}) as parts:
        assert parts.done == LENGTH
        for frame in frames(clip, parts.rest):
            parts.write(frame.image, frame.time, frame.duration)
    assert [number_in(frame.image) for frame in read(output.path)] == list(range(40))
