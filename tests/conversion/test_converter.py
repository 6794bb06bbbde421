"""Does a conversion swap the right faces in the right frames, with the right report?

The run has 30 steps of training, because the quality of the face does not matter here.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.assignment import DROPPED, OTHER, OUTSIDE, SwapRequest
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import Converter
from faceswap_ae.media import images, provenance, reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.span import Span
from faceswap_ae.media.writer import writing
from faceswap_ae.training.runs.run import Run
from tests.support.conversions import LOSSLESS, PLAIN, converted, options, shown


@pytest.fixture(autouse=True)
def _cache(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests share the cache of the faces detected in clips."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(studio / "cache"))


@pytest.fixture(scope="module")
def whole(studio: Path, play: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The play, converted without interruption."""
    out = tmp_path_factory.mktemp("out") / "whole.mkv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(studio / "cache"))
        converted(studio, play / "clip.mp4", out, segment=20)
    return out


def test_every_frame_is_there_and_told(whole: Path, play: Path) -> None:
    before, after = (list(reader.frames(open_clip(path))) for path in (play / "clip.mp4", whole))
    assert [frame.index for frame in after] == [frame.index for frame in before]
    for one, other in zip(before, after, strict=True):
        assert abs(one.time - other.time) <= Fraction(1, 1000)  # Matroska's resolution
    told = json.loads(whole.with_name("whole.mkv.json").read_text())
    assert told["frames"] == len(before)
    assert [note["frame"] for note in told["every"]] == list(range(len(before)))
    swapped = [note for note in told["every"] if note["faces"] and "swapped" in note["faces"][0]]
    assert len(swapped) == told["swapped"] > 50
    assert swapped[0]["faces"][0]["swapped"] == "ben"


def test_only_the_face_changes(whole: Path, play: Path) -> None:
    for before, after in zip(shown(play / "clip.mp4"), shown(whole), strict=True):
        changed = np.abs(before.astype(int) - after).max(axis=2) > 0
        assert 0.005 < changed.mean() < 0.25
        assert not changed[:, :5].any()
        assert not changed[:, -5:].any()


def test_it_says_what_it_is(whole: Path) -> None:
    found = provenance.read(whole)
    assert found is not None
    assert found["ai_altered"] == "ben's face put onto ada"


def sounds(path: Path) -> list[bytes]:
    import av

    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_its_sound_is_the_clips(whole: Path, play: Path) -> None:
    assert sounds(whole) == sounds(play / "clip.mp4") != []


def test_stopped_and_taken_up_it_is_the_same(
    whole: Path, studio: Path, play: Path, tmp_path: Path
) -> None:
    out = tmp_path / "parts.mkv"
    made: list[int] = []

    @contextmanager
    def impatient(what: str, _total: int) -> Iterator[Callable[[int], None]]:
        def advance(count: int) -> None:
            made.append(count)
            if what.startswith("swap") and count == 47:
                raise KeyboardInterrupt

        yield advance

    own = options(studio, segment=20)
    with pytest.raises(KeyboardInterrupt):
        convert_clip(Converter(own, impatient), open_clip(play / "clip.mp4"), out)
    assert not out.exists()
    made.clear()
    report = converted(studio, play / "clip.mp4", out, segment=20)
    assert all(map(np.array_equal, shown(whole), shown(out)))
    assert len(shown(out)) == report["frames"] == 64
    assert report == {
        **json.loads(whole.with_name("whole.mkv.json").read_text()),
        **{key: report[key] for key in ("comment", "ai_time", "outputs")},
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts.mkv", "parts.mkv.json"]


def test_the_same_comes_out_each_time(studio: Path, play: Path, tmp_path: Path) -> None:
    style = CompositeOptions(blend="poisson-stable")
    span = Span(first=10, last=20)
    outs = [tmp_path / name for name in ("one.mkv", "other.mkv")]
    for out in outs:
        converted(studio, play / "clip.mp4", out, style=style, span=span, cut=True)
    one, other = map(shown, outs)
    assert len(one) == 11
    assert all(map(np.array_equal, one, other))


def test_a_part_is_swapped_and_the_rest_passes(studio: Path, play: Path, tmp_path: Path) -> None:
    out = tmp_path / "part.mkv"
    told = converted(studio, play / "clip.mp4", out, span=Span(first=20, last=29))
    same = [
        np.array_equal(before, after)
        for before, after in zip(shown(play / "clip.mp4"), shown(out), strict=True)
    ]
    assert [number for number, is_same in enumerate(same) if not is_same] == list(range(20, 30))
    assert told["swapped"] == 10
    assert told["left"].keys() <= {OUTSIDE}


def test_only_the_person_of_the_run_is_swapped(studio: Path, duet: Path, tmp_path: Path) -> None:
    told = converted(studio, duet / "clip.mp4", tmp_path / "duet.mkv")
    assert told["swapped"] == 12
    assert told["left"] == {OTHER: 12}
    more = converted(
        studio, duet / "clip.mp4", tmp_path / "all.mkv", wanted=SwapRequest(everyone=True)
    )
    assert more["left"] == {}


def test_the_other_way_round(studio: Path, solo: Path, tmp_path: Path) -> None:
    told = converted(studio, solo / "clip.mp4", tmp_path / "back.mkv", reverse=True)
    assert told["ai_altered"] == "ada's face put onto ben"
    assert told["swapped"] >= 10


def test_nobody_leaves_nothing(studio: Path, solo: Path, plain_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nobody like ada"):
        converted(studio, solo / "clip.mp4", tmp_path / "no.mkv")
    with pytest.raises(UserError, match="shows no face"):
        converted(studio, plain_clip, tmp_path / "no.mkv")
    assert not list(tmp_path.iterdir())


def test_dropped_faces_are_not_converted(studio: Path, play: Path, tmp_path: Path) -> None:
    """Even in the middle of a track, where the gap could be bridged."""
    shutil.copytree(studio / "data", tmp_path / "data")
    (gone,) = (tmp_path / "data" / "ada").glob("*-000008.png")
    gone.unlink()
    span = Span(first=5, last=11)
    changes = {"data": tmp_path / "data", "span": span, "cut": True}
    told = converted(studio, play / "clip.mp4", tmp_path / "x.mkv", **changes)
    assert told["left"] == {DROPPED: 1}
    assert told["swapped"] == 6
    assert told["every"][3]["faces"][0]["left"] == DROPPED


def test_every_view_in_a_file_of_its_own(studio: Path, play: Path, tmp_path: Path) -> None:
    span = Span(first=8, last=11)
    told = converted(
        studio,
        play / "clip.mp4",
        tmp_path / "x.mp4",
        span=span,
        cut=True,
        view="all",
        encoding=Encoding(),
    )
    assert told["outputs"] == ["x.mp4", "x-side.mp4", "x-mask.mp4", "x-triptych.mp4"]
    sizes = [open_clip(tmp_path / name).width for name in told["outputs"]]
    assert sizes == [256, 512, 256, 768]
    assert shown(tmp_path / "x-mask.mp4")[0].max() > 200


def test_a_photo(studio: Path, play: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    images.write(photo, shown(play / "clip.mp4")[7])
    out = tmp_path / "swapped.png"
    done = convert_clip(Converter(options(studio), no_progress), open_clip(photo), out)
    assert done.swapped == done.frames == 1
    changed = (images.read(out) != images.read(photo)).any(axis=2)
    assert 0.005 < changed.mean() < 0.25
    assert provenance.read(out) is not None
    assert json.loads((tmp_path / "swapped.png.json").read_text())["swapped"] == 1
    before = photo.read_bytes()
    with pytest.raises(UserError, match="is a clip that is read"):
        convert_clip(Converter(options(studio), no_progress), open_clip(photo), photo)
    assert photo.read_bytes() == before
    with pytest.raises(UserError, match=r"goes into \.png"):
        convert_clip(Converter(options(studio), no_progress), open_clip(photo), tmp_path / "x.jpg")


def test_a_mask_of_ones_own(studio: Path, play: Path, tmp_path: Path) -> None:
    painted = np.zeros((64, 64), np.uint8)
    images.write(tmp_path / "none.png", painted)
    told = converted(
        studio,
        play / "clip.mp4",
        tmp_path / "x.mkv",
        painted=tmp_path / "none.png",
        style=replace(PLAIN, mask="image"),
        span=Span(first=0, last=4),
        cut=True,
    )
    assert told["swapped"] == 5
    before = shown(play / "clip.mp4")[:5]
    assert all(map(np.array_equal, before, shown(tmp_path / "x.mkv")))


def test_what_cannot_be_written_is_told_before_looking(
    studio: Path, plain_clip: Path, tmp_path: Path
) -> None:
    for changes, said in (
        ({"smooth": "rst"}, "did you mean 'rts'"),
        ({"encoding": Encoding("h265")}, "h264"),
        ({"frames": True, "encoding": Encoding("prores")}, "not for pictures"),
    ):
        with pytest.raises(UserError, match=said):
            options(studio, **changes)
    converter, clip = Converter(options(studio), refusing), open_clip(plain_clip)
    for name, said in (("x.avi", "ffv1 goes into .mkv"), ("x.gif", "for videos")):
        with pytest.raises(UserError, match=said):
            convert_clip(converter, clip, tmp_path / name)
    for theirs in ("x.mkv", "x.mkv.json"):
        (tmp_path / theirs).write_text("mine")
        with pytest.raises(UserError, match=f"{theirs}: is there already"):
            convert_clip(converter, clip, tmp_path / "x.mkv")
        assert (tmp_path / theirs).read_text() == "mine"
        (tmp_path / theirs).unlink()
    late = Converter(options(studio, span=Span(first=900)), refusing)
    with pytest.raises(UserError, match="has 40 frames"):
        convert_clip(late, clip, tmp_path / "x.mkv")


def refusing(what: str, _total: int) -> Any:
    """A progress function that fails, because no work should have begun."""
    raise AssertionError(what)


def test_frames_as_pictures(studio: Path, play: Path, tmp_path: Path) -> None:
    own = options(studio, frames=True, encoding=Encoding(), span=Span(first=3, last=5), cut=True)
    done = convert_clip(Converter(own, no_progress), open_clip(play / "clip.mp4"), tmp_path / "all")
    assert done.frames == 3
    assert len(list((tmp_path / "all").iterdir())) == 3
    assert provenance.read(tmp_path / "all") is not None


def test_odd_sizes_varying_rates_and_no_sound(studio: Path, play: Path, tmp_path: Path) -> None:
    source = open_clip(play / "clip.mp4")
    odd, zero = tmp_path / "odd.mkv", Fraction(0)
    times = [zero + Fraction(number * (number + 5), 100) for number in range(9)]
    like = replace(source, width=251, height=187, time_base=Fraction(1, 100))
    with writing(odd, like, LOSSLESS) as sink:
        for frame, (time, after) in zip(reader.frames(source), pairwise(times), strict=False):
            sink.write(np.ascontiguousarray(frame.image[:187, :251]), time, after - time)
    told = converted(studio, odd, tmp_path / "out.mkv", wanted=SwapRequest(everyone=True))
    assert told["swapped"] == told["frames"] == 8
    made = list(reader.frames(open_clip(tmp_path / "out.mkv")))
    assert [frame.time for frame in made] == times[:-1]
    assert made[0].image.shape == (187, 251, 3)
    assert open_clip(tmp_path / "out.mkv").sound == ()


def test_a_run_converts_by_its_own_landmarks_and_two_kinds_do_not_mix(
    studio: Path, tmp_path: Path
) -> None:
    first = options(studio).runs[0]
    assert Converter(options(studio), no_progress).detectors.options.landmarker == "mesh"
    older = Run(Path(shutil.copytree(first.folder, tmp_path / "older")))
    told = json.loads(older.card.read_text())
    del told["landmarks"]  # as runs of before the mesh
    older.card.write_text(json.dumps(told))
    by_dlib = Converter(options(studio, runs=(older,)), no_progress)
    assert by_dlib.detectors.options.landmarker == "dlib"
    with pytest.raises(UserError, match=r"landmarks by mesh, older with landmarks by dlib"):
        Converter(options(studio, runs=(first, older)), no_progress)
