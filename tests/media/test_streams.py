import logging
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.span import Span
from tests.support.clips import SOUND_RATE, Recording, packets_of, record
from tests.support.tones import pitch, tone
from tests.support.written_clips import rewrite

TWO = Recording(sounds=("aac", "aac"))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_all_tracks_are_copied_byte_for_byte(tmp_path: Path, suffix: str) -> None:
    source = record(tmp_path / "in.mp4", TWO)
    out = rewrite(source, tmp_path / f"out{suffix}")
    assert packets_of(out) == packets_of(source)
    assert len(packets_of(out)) == 2


def test_no_sound_stays_no_sound(tmp_path: Path) -> None:
    out = rewrite(record(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert packets_of(out) == []


def test_uncompressed_sound(tmp_path: Path) -> None:
    source = record(tmp_path / "in.mov", Recording(sounds=("pcm_s16le",)))
    out = rewrite(source, tmp_path / "out.mov")
    assert b"".join(packets_of(out)[0]) == b"".join(packets_of(source)[0])


def test_sound_that_the_container_does_not_take_becomes_aac(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "faceswap_ae")
    source = record(tmp_path / "in.mkv", Recording(sounds=("libopus", "libopus")))
    out = rewrite(source, tmp_path / "out.mov")
    assert open_clip(out).sound == ("aac", "aac")
    assert caplog.text.count("is encoded anew as AAC") == 2
    for number in range(2):
        before, after = tone(source, number), tone(out, number)
        assert abs(before[0] - after[0]) < Fraction(1, 20)
        assert abs(pitch(after[1]) - 220 * (number + 1)) < 3
        assert abs(len(before[1]) - len(after[1])) < 0.06 * SOUND_RATE


def test_a_transport_stream_keeps_sound_and_pictures_together(tmp_path: Path) -> None:
    """A transport stream's time does not begin at 0, and its sound begins before its pictures."""
    source = record(tmp_path / "in.ts", Recording(sounds=("aac",)))
    out = rewrite(source, tmp_path / "out.mp4")
    gaps = [tone(path, 0)[0] - open_clip(path).start for path in (source, out)]
    assert abs(gaps[0] - gaps[1]) < Fraction(1, 1000)
    assert min(tone(out, 0)[0], open_clip(out).start) < Fraction(1, 100)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_that_begins_before_the_pictures(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"in{suffix}"
    plain = record(tmp_path / "plain.mkv", Recording(sounds=("aac",), tick=Fraction(1, 25)))
    with av.open(plain) as clip, av.open(source, "w") as out:
        copies = [out.add_stream_from_template(stream, opaque=True) for stream in clip.streams]
        for packet in clip.demux():
            if packet.size and packet.pts is not None and packet.dts is not None:
                late = 500 if packet.stream.type == "video" else 21  # milliseconds
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
                packet.stream = copies[packet.stream_index]
                out.mux(packet)
    made = rewrite(source, tmp_path / f"out{suffix}")
    assert packets_of(made) == packets_of(source)
    gaps = [open_clip(path).start - tone(path, 0)[0] for path in (source, made)]
    assert gaps[0] > Fraction(4, 10)
    assert abs(gaps[0] - gaps[1]) < Fraction(1, 1000)
    before, after = (len(tone(path, 0)[1]) for path in (source, made))
    assert before == after


def test_a_track_that_ffmpeg_does_not_know_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = record(tmp_path / "in.mov", TWO)
    content = source.read_bytes()
    place = content.index(b"mp4a")  # in the first track's description
    changed = content[:place] + b"apac" + content[place + 4 :].replace(b"esds", b"xsds", 1)
    source.write_bytes(changed)
    assert open_clip(source).sound == ("aac",)
    out = rewrite(source, tmp_path / "out.mov")
    assert len(packets_of(out)) == 1
    assert "one audio track is left out" in caplog.text


def test_a_clip_that_cannot_seek_is_cut_all_the_same(tmp_path: Path) -> None:
    source = tmp_path / "raw.h264"
    plain = record(tmp_path / "plain.mp4")
    with av.open(plain) as clip, av.open(source, "w", format="h264") as out:
        copy = out.add_stream_from_template(clip.streams.video[0], opaque=True)
        for packet in clip.demux(video=0):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    out_path = rewrite(source, tmp_path / "out.mp4", span=Span(first=30))
    assert open_clip(out_path).count == 10


def test_a_cut_takes_the_sound_of_its_time(tmp_path: Path) -> None:
    """The sound stays synchronous with the pictures."""
    source = record(tmp_path / "in.mkv", replace(TWO, count=120, tick=Fraction(1, 25)))
    out = rewrite(source, tmp_path / "out.mkv", span=Span(first=50, last=99))
    assert open_clip(out).count == 50
    assert len(packets_of(out)) == 2
    whole = packets_of(source)[0]
    part = packets_of(out)[0]
    begin = whole.index(part[0])
    assert whole[begin : begin + len(part)] == part
    # An AAC packet has 1024 samples. The cut begins with the first whole packet after frame 50.
    assert abs(begin * 1024 / SOUND_RATE - 2.0) < 0.06
    assert abs(len(part) * 1024 / SOUND_RATE - 2.0) < 0.06
    start, _ = tone(out, 0)
    assert 0 <= start < Fraction(3, 100)


def test_chapters_come_along_and_are_cut(tmp_path: Path) -> None:
    source = record(tmp_path / "in.mp4", Recording(count=90, chapters=3))
    assert told(rewrite(source, tmp_path / "all.mkv")) == [
        ("part 0", 0.0, 1.0),
        ("part 1", 1.0, 2.0),
        ("part 2", 2.0, 3.0),
    ]
    part = rewrite(source, tmp_path / "part.mp4", span=Span(start=Fraction("1.5"), last=74))
    assert told(part) == [("part 1", 0.0, 0.5), ("part 2", 0.5, 1.0)]


def told(path: Path) -> list[tuple[str, float, float]]:
    with av.open(path) as container:
        return [
            (
                chapter["metadata"]["title"],
                round(float(chapter["start"] * (chapter["time_base"] or 1)), 2),
                round(float(chapter["end"] * (chapter["time_base"] or 1)), 2),
            )
            for chapter in container.chapters()
        ]


@pytest.fixture
def subtitled(tmp_path: Path) -> Path:
    """A Matroska clip with two lines of subtitles, in German."""
    (tmp_path / "lines.srt").write_text(
        "1\n00:00:00,200 --> 00:00:00,600\nGuten Tag\n\n2\n00:00:01,000 --> 00:00:01,200\nJa\n"
    )
    plain = record(tmp_path / "plain.mkv", Recording(sounds=("aac",), tick=Fraction(1, 25)))
    path = tmp_path / "subtitled.mkv"
    lines, clip = av.open(tmp_path / "lines.srt"), av.open(plain)
    with lines, clip, av.open(path, "w") as out:
        copies = [
            out.add_stream_from_template(stream, opaque=True)
            for stream in [*clip.streams, *lines.streams]
        ]
        copies[2].metadata["language"] = "ger"
        for first, source in ((0, clip), (2, lines)):
            for packet in source.demux():
                if packet.size:
                    packet.stream = copies[first + packet.stream_index]
                    out.mux(packet)
    return path


def test_subtitles_are_copied(subtitled: Path, tmp_path: Path) -> None:
    out = rewrite(subtitled, tmp_path / "out.mkv")
    assert open_clip(out).subtitles == open_clip(subtitled).subtitles != ()
    assert packets_of(out, "subtitle") == packets_of(subtitled, "subtitle")
    with av.open(out) as container:
        assert container.streams.subtitles[0].language == "ger"


def lines_of(path: Path) -> list[tuple[float, float]]:
    """The start and the duration of each line of subtitles, in seconds."""
    with av.open(path) as container:
        return [
            (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base))
            for packet in container.demux(subtitles=0)
            if packet.size and packet.pts is not None and packet.duration is not None
        ]


def test_lines_of_subtitles_are_cut_to_the_span(subtitled: Path, tmp_path: Path) -> None:
    assert lines_of(subtitled) == [(0.2, 0.4), (1.0, 0.2)]
    span = Span(start=Fraction("0.4"), end=Fraction("1.08"))
    out = rewrite(subtitled, tmp_path / "out.mkv", span=span)
    (first, second), start = lines_of(out), float(open_clip(out).start)
    assert np.allclose(first, (start, 0.2), atol=0.002)
    assert np.allclose(second, (0.6 + start, 0.08), atol=0.002)


def test_subtitles_that_the_container_does_not_take_are_told(
    subtitled: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = rewrite(subtitled, tmp_path / "out.mp4")
    assert open_clip(out).subtitles == ()
    assert "are left out" in caplog.text
    assert packets_of(out) == packets_of(subtitled)
