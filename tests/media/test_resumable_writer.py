"""Does a stopped and resumed output equal an output that was written without a stop?"""

import logging
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.atomic import part_name
from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.media import images, provenance
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import frames
from faceswap_ae.media.resumable_writer import ResumableWriter, resumable
from faceswap_ae.media.segments import OutputSpec
from faceswap_ae.media.span import Span
from tests.support.clips import Recording, number_in, packets_of, record
from tests.support.segments import JOB, LENGTH, OUTPUTS, TOLD, content, make, output
from tests.support.written_clips import NOISE, new, read


def at(number: int) -> Callable[[int], None]:
    """A function that simulates Ctrl-C before a frame."""

    def stop(index: int) -> None:
        if index == number:
            raise KeyboardInterrupt

    return stop


@pytest.mark.parametrize("name", OUTPUTS)
def test_broken_equals_unbroken(tmp_path: Path, varying_clip: Path, name: str) -> None:
    whole, broken = (output(tmp_path / part, varying_clip, name) for part in ("a", "b"))
    notes = make(whole)
    for number in (15, 24, 25, 39):
        with pytest.raises(KeyboardInterrupt):
            make(broken, at(number))
        assert [item.name for item in broken.path.parent.iterdir()] == [
            f".{broken.path.name}.parts"
        ]
    assert make(broken) == notes == [{"frame": number} for number in range(40)]
    assert content(broken.path) == content(whole.path)
    assert provenance.read(broken.path) == TOLD
    for folder in (tmp_path / "a", tmp_path / "b"):
        assert [item.name for item in folder.iterdir()] == [whole.path.name]


def test_what_is_done_is_not_asked_for_again(tmp_path: Path, varying_clip: Path) -> None:
    out = output(tmp_path, varying_clip)
    with pytest.raises(KeyboardInterrupt):
        make(out, at(30))
    asked: list[int] = []
    make(out, asked.append)
    assert asked == list(range(24, 40))


@pytest.mark.parametrize(
    "span", [Span(first=5, last=33), Span(Fraction("0.3"), Fraction("2.2")), Span(last=30)]
)
def test_a_cut_goes_on_too(tmp_path: Path, varying_clip: Path, span: Span) -> None:
    whole, broken = (
        replace(output(tmp_path / part, varying_clip), span=span) for part in ("a", "b")
    )
    notes = make(whole)
    with pytest.raises(KeyboardInterrupt):
        make(broken, at(29))
    assert make(broken) == notes
    assert content(broken.path) == content(whole.path)
    assert packets_of(broken.path) != []


def test_pictures_go_on_too(tmp_path: Path, plain_clip: Path) -> None:
    make(output(tmp_path, plain_clip, "pictures"))
    whole, broken = (output(tmp_path / part, tmp_path / "out") for part in ("a", "b"))
    make(whole)
    with pytest.raises(KeyboardInterrupt):
        make(broken, at(29))
    make(broken)
    assert content(broken.path) == content(whole.path)
    assert [number_in(frame.image) for frame in read(broken.path)] == list(range(40))


def test_all_is_done_but_the_joining(tmp_path: Path, plain_clip: Path) -> None:
    out = output(tmp_path, plain_clip)

    def stopped_late() -> None:
        with resumable(out, JOB) as parts:
            for frame in frames(out.like):
                parts.write(frame.image, frame.time, frame.duration)
            parts.finish()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_late()
    asked: list[int] = []
    make(out, asked.append)
    assert asked == []
    assert len(read(out.path)) == 40


def done(parts: ResumableWriter) -> tuple[int, Fraction | None]:
    return parts.done, parts.end


def test_where_to_go_on(tmp_path: Path, plain_clip: Path) -> None:
    out = replace(output(tmp_path, plain_clip), span=Span(start=Fraction(1, 30), last=39))
    with resumable(out, JOB) as parts:
        assert done(parts) == (0, None)
        assert parts.rest == out.span
        for frame in frames(out.like, parts.rest):
            parts.write(frame.image, frame.time, frame.duration)
            if frame.index == 12:
                assert done(parts) == (12, Fraction(13, 30))
                assert parts.rest == Span(start=Fraction(13, 30), last=39)


def test_another_job_begins_anew(
    tmp_path: Path, plain_clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "faceswap_ae")
    out = output(tmp_path, plain_clip)
    with pytest.raises(KeyboardInterrupt):
        make(out, at(30))
    with resumable(out, {**JOB, "face": "carl"}) as parts:
        assert parts.done == 0
        parts.write(np.zeros((48, 64, 3), np.uint8), Fraction(0), Fraction(1, 30))
    assert len(read(out.path)) == 1
    assert caplog.text.count("parts of another conversion, which are thrown away") == 1
    assert [item.name for item in tmp_path.iterdir()] == ["out.mp4"]


def test_what_a_kill_leaves_of_pictures_does_not_come_along(
    tmp_path: Path, plain_clip: Path
) -> None:
    out = output(tmp_path, plain_clip, "pictures")
    with pytest.raises(KeyboardInterrupt):
        make(out, at(30))
    pictures = tmp_path / ".out.parts" / "pictures"
    assert len(list(pictures.iterdir())) == 30
    (pictures / part_name(pictures / "000031.png")).write_bytes(b"half")
    (pictures / "000099.png").write_bytes(b"somebody else's")
    make(out)
    assert (tmp_path / ".out.parts" / "000099.png").read_bytes() == b"somebody else's"
    assert [path.name for path in sorted(out.path.iterdir())] == [
        f"{number:06}.png" for number in range(1, 41)
    ]
    assert number_in(images.read(out.path / "000031.png")) == 30


@pytest.mark.parametrize("name", ["h264", "pictures"])
def test_a_damaged_segment_is_made_again(
    tmp_path: Path, plain_clip: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole, broken = (output(tmp_path / part, plain_clip, name) for part in ("a", "b"))
    make(whole)
    with pytest.raises(KeyboardInterrupt):
        make(broken, at(30))
    work = next((tmp_path / "b").glob(".out*.parts"))
    place = work / ("pictures/000013.png" if name == "pictures" else "000001.packets")
    damaged = bytearray(place.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    place.write_bytes(damaged)
    asked: list[int] = []
    make(broken, asked.append)
    assert asked[0] == LENGTH
    assert "segment 2 is damaged" in caplog.text
    assert content(broken.path) == content(whole.path)


def test_a_stop_before_the_first_segment_leaves_nothing(tmp_path: Path, plain_clip: Path) -> None:
    for name in OUTPUTS:
        with pytest.raises(KeyboardInterrupt):
            make(output(tmp_path, plain_clip, name), at(9))
        assert not any(tmp_path.iterdir())


def test_an_old_output_survives_until_the_new_one_is_complete(
    tmp_path: Path, plain_clip: Path
) -> None:
    out = output(tmp_path, plain_clip)
    out.path.write_text("the old one")
    with pytest.raises(KeyboardInterrupt):
        make(out, at(30))
    assert out.path.read_text() == "the old one"
    make(out)
    assert len(read(out.path)) == 40


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, plain_clip: Path) -> None:
    out = output(tmp_path, plain_clip, "pictures")
    out.path.mkdir()
    make(out)
    before = content(out.path)
    with pytest.raises(UserError, match="is there and not empty"):
        make(out)
    assert content(out.path) == before
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"path": Path("out.avi")}, "h264 goes into .mp4 or .mov or .mkv"),
        ({"path": Path("out.mp4"), "encoding": Encoding("ffv1")}, "ffv1 goes into .mkv"),
        ({"path": Path("out.gif"), "encoding": Encoding("ffv1")}, "ffv1 is for videos"),
        ({"path": Path("out"), "encoding": Encoding("prores")}, "prores is for videos"),
    ],
)
def test_wrong_choices_leave_nothing(
    tmp_path: Path, plain_clip: Path, changes: dict[str, object], words: str
) -> None:
    out = replace(output(tmp_path, plain_clip), **changes)  # type: ignore[arg-type]
    with pytest.raises(UserError) as caught:
        make(replace(out, path=tmp_path / out.path))
    assert words in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_the_clip_that_is_read_is_not_written_over(plain_clip: Path) -> None:
    before = plain_clip.read_bytes()
    with pytest.raises(UserError, match="choose another name"):
        make(replace(output(Path(), plain_clip), path=plain_clip))
    assert plain_clip.read_bytes() == before


def test_nothing_to_write_leaves_nothing(tmp_path: Path, plain_clip: Path) -> None:
    for name in OUTPUTS:
        with pytest.raises(MediaError, match="no frame to write"):
            make(replace(output(tmp_path, plain_clip, name), span=Span(first=999)))
        assert not any(tmp_path.iterdir())


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    def odd() -> None:
        with resumable(OutputSpec(tmp_path / "out.mp4", new()), JOB) as parts:
            parts.write(NOISE, Fraction(0), Fraction(1, 25))
            parts.write(NOISE[:, :32], Fraction(1, 25), Fraction(1, 25))

    with pytest.raises(MediaError, match=r"out\.mp4: a frame of 32x48 does not fit a video"):
        odd()
    assert not any(tmp_path.iterdir())


def test_changes_of_shape_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "faceswap_ae")
    like = new((65, 49))
    with resumable(OutputSpec(tmp_path / "out.mp4", like, segment=2), JOB) as parts:
        for number in range(7):
            parts.write(np.zeros((49, 65, 3), np.uint8), number / like.rate, 1 / like.rate)
    assert caplog.text.count("65x49 becomes 66x50") == 1


def test_grey(tmp_path: Path) -> None:
    ramp = np.arange(64 * 48, dtype=np.int64).reshape(48, 64).astype(np.uint8)
    like = new(pixels="gray")
    out = OutputSpec(tmp_path / "mask.mkv", like, Encoding("ffv1"), segment=2)
    with resumable(out, JOB) as parts:
        for number in range(5):
            parts.write(np.roll(ramp, number), number / like.rate, 1 / like.rate)
    assert open_clip(out.path).pixels == "gray"
    shown = [frame.image[..., 0] for frame in read(out.path)]
    assert np.array_equal(shown, [np.roll(ramp, number) for number in range(5)])


@pytest.mark.parametrize("name", ["10:30.mp4", "a b ä 顔.mp4", "OUT.MKV", "x" * 200 + ".mp4"])
def test_names_that_people_give(
    tmp_path: Path, plain_clip: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = replace(output(tmp_path, plain_clip), path=Path(name))
    make(out)
    assert len(read(out.path)) == 40


def test_a_clip_that_cannot_be_numbered_by_a_seek(tmp_path: Path) -> None:
    source = record(tmp_path / "in.ts", Recording(sounds=("aac",)))
    whole, broken = (output(tmp_path / part, source) for part in ("a", "b"))
    make(whole)
    with pytest.raises(KeyboardInterrupt):
        make(broken, at(26))
    make(broken)
    assert content(broken.path) == content(whole.path)
