import json
import resource
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.conversion.anonymiser import AnonymiseStyle
from faceswap_ae.conversion.cover_plan import CoverPlan
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.detection.video_detector import Finder
from faceswap_ae.interface.synth_clip import synth
from faceswap_ae.marks.seal import UNMARKED
from faceswap_ae.marks.verification import verify_file
from faceswap_ae.media import images, provenance
from faceswap_ae.media.clip import BT709, Clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.writer import writing
from faceswap_ae.pipelines import anonymise as pipeline
from faceswap_ae.pipelines.anonymise import WORK, AnonymiseOptions, anonymise
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.support.conversions import shown, stopping
from tests.support.written_clips import rewrite

pytestmark = pytest.mark.usefixtures("cache")
MS = Fraction(1, 1000)
WRITTEN = ("clip.mp4", "clip.mp4.html", "clip.mp4.json")


def covered(method: str, **changes: Any) -> AnonymiseOptions:
    return AnonymiseOptions(AnonymiseStyle(method), **changes)


def features(folder: Path, number: int) -> np.ndarray:
    """The eyes and the mouth of the person in front in a frame of a film, by the renderer."""
    told = json.loads((folder / "truth.json").read_text())["frames"][number]
    return np.array(told["landmarks"])[36:]


def detail(image: Image, points: np.ndarray) -> float:
    """How much differs from pixel to pixel at a face's features."""
    (left, top), (right, bottom) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
    part = image[top:bottom, left:right].astype(float)
    return float(np.abs(np.diff(part, axis=1)).mean() + np.abs(np.diff(part, axis=0)).mean())


@pytest.mark.parametrize("method", ["blur", "blocks", "solid"])
def test_every_face_of_every_frame_is_covered(duet: Path, tmp_path: Path, method: str) -> None:
    done, failures = anonymise([duet / "clip.mp4"], tmp_path / "out", covered(method))
    assert not failures and done[0].published
    assert (done[0].frames, done[0].swapped, done[0].covered, done[0].people) == (12, 0, 12, 2)
    before, after = shown(duet / "clip.mp4"), shown(tmp_path / "out" / "clip.mp4")
    assert len(after) == len(before)
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        points = features(duet, number)
        assert detail(other, points) < 0.45 * detail(one, points)
    # Away from the faces the picture is the same.
    assert np.abs(before[0][:, :20].astype(int) - after[0][:, :20]).mean() < 3


class Blind(Detectors):
    """Detectors of a scan that finds nobody."""

    def finder(self, *, picture: bool) -> Finder:  # noqa: ARG002
        return lambda images, _: [[] for _ in images]


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A clip with a face of 29 pixels, which no search of a whole picture finds; where it is."""
    place, faces = tmp_path_factory.mktemp("far") / "far.mp4", []
    like = Clip(
        *(Path("film"), 1280, 720, Fraction(25), Fraction(1, 25), Fraction(12, 25), 12),
        pixels="rgb24",
        colour=BT709,
    )
    with writing(place, like, Encoding()) as pictures:
        for number in range(12):
            act = Act(face=36, centre=(0.6 + 0.001 * number, 0.4), yaw=2.0 * number)
            made = render(alone(person("ada")), act, Setting((1280, 720), seed=number))
            pictures.write(made.image, Fraction(number, 25), Fraction(1, 25))
            faces.append(made.landmarks.picture)
    return place, np.array(faces)


@pytest.mark.parametrize("found_first", [True, False], ids=["the scan", "the second look"])
def test_small_faces_are_covered(
    far: tuple[Path, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found_first: bool,
) -> None:
    clip, faces = far
    if not found_first:
        monkeypatch.setattr(pipeline, "Detectors", Blind)
    done, _ = anonymise([clip], tmp_path / "out", covered("blur"))
    (made,) = done
    assert made.published and made.covered == 12
    assert made.people == int(found_first)
    before, after = shown(clip), shown(made.output)
    for number, points in enumerate(faces):
        assert detail(after[number], points[17:]) < 0.45 * detail(before[number], points[17:])


def test_the_output_says_what_it_is_and_nothing_else_stays(duet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    anonymise([duet / "clip.mp4"], out, covered("blocks", voice="drop"))
    assert sorted(path.name for path in out.iterdir()) == list(WRITTEN)
    marks = provenance.read(out / "clip.mp4")
    assert marks is not None and "every face covered (blocks)" in marks["ai_altered"]
    with av.open(str(out / "clip.mp4")) as container:
        assert not container.streams.audio
    told = json.loads((out / "clip.mp4.json").read_text())
    assert told["published"] and told["people"] == 2
    assert all(len(row["covered"]) >= 2 for row in told["every"])
    assert "descriptor" not in (out / "clip.mp4.json").read_text()


def test_marks_lead_neither_to_the_clip_nor_to_other_outputs(duet: Path, tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    signed, runs = [], []
    for out in ("one", "other"):
        anonymise([duet / "clip.mp4"], tmp_path / out, covered("solid"))
        found = verify_file(tmp_path / out / "clip.mp4")
        assert found.watermark is not None and found.watermark.payload.kind == "anonymise"
        assert found.credentials is not None and found.credentials.state == "untrusted"
        runs.append(found.watermark.payload.output)
        signed.append((tmp_path / out / "clip.mp4").read_bytes())
    assert runs[0] != runs[1]
    secrets = (b"parentOf", b"clip.mp4", b"unchecked")
    assert not any(word in content for word in secrets for content in signed)
    names = [content.find(b"faceswap_ae self-made certificate") for content in signed]
    one, other = (content[at : at + 200] for content, at in zip(signed, names, strict=True))
    assert min(names) > 0 and one != other  # the public key stands behind the name


def test_a_sidecar_gets_the_name_of_its_video(duet: Path, tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    copy = rewrite(duet / "clip.mp4", tmp_path / "clip.mkv")
    anonymise([copy], tmp_path / "out", covered("blocks"))
    assert "clip.mkv.c2pa" in {path.name for path in (tmp_path / "out").iterdir()}
    assert not verify_file(tmp_path / "out" / "clip.mkv").lost


def test_names_of_tracks_and_chapters_are_left_out(duet: Path, tmp_path: Path) -> None:
    clip = tmp_path / "session.mkv"
    with av.open(duet / "clip.mp4") as source, av.open(clip, "w") as target:
        copies = {one: target.add_stream_from_template(one) for one in source.streams}
        for stream in copies.values():
            stream.metadata["title"] = "the microphone of Ada Smith"
        target.set_chapters(
            [{"id": 1, "start": 0, "end": 500, "time_base": MS, "metadata": {"title": "Ada Smith"}}]
        )
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream]
                target.mux(packet)
    assert b"Ada Smith" in clip.read_bytes()
    anonymise([clip], tmp_path / "out", covered("solid"))
    assert b"Ada Smith" not in (tmp_path / "out" / "session.mkv").read_bytes()


def test_what_failed_goes_on_and_keeps_what_was_found(
    duet: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (25_000, before[1]))  # as if the disk were full
    try:
        _, failures = anonymise([duet / "clip.mp4"], tmp_path / "out", covered("blocks"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(failures) == 1 and "is kept" in caplog.text
    assert (tmp_path / "out" / WORK).is_dir()
    anonymise([duet / "clip.mp4"], tmp_path / "out", covered("blocks"))
    assert not (tmp_path / "out" / WORK).exists()


def test_the_voice_is_kept_or_changed_at_its_length(solo: Path, tmp_path: Path) -> None:
    lengths = []
    for voice in ("keep", "change"):
        anonymise([solo / "clip.mp4"], tmp_path / voice, covered("solid", voice=voice))
        with av.open(str(tmp_path / voice / "clip.mp4")) as container:
            sound = [one.to_ndarray()[0] for one in container.decode(audio=0)]
        lengths.append(sum(map(len, sound)))
    assert abs(lengths[0] - lengths[1]) <= 2 * 1024


def test_a_portrait_stands_in_and_gives_the_output_its_name(play: Path, tmp_path: Path) -> None:
    portrait = synth(tmp_path / "kim.png", "random:7", photo=True).clip
    again = AnonymiseOptions(given=(portrait,))
    done, failures = anonymise([play / "clip.mp4"], tmp_path / "out", again)
    assert not failures
    (made,) = done
    assert made.output == tmp_path / "out" / "kim_clip.mp4" and made.published
    assert made.swapped == made.frames == 64
    # A new face that a network would take for the person is covered.
    assert made.unlike in (None, 1.0)
    told = json.loads((tmp_path / "out" / "kim_clip.mp4.json").read_text())
    rows = told["every"]
    assert [row["frame"] for row in rows] == list(range(64))
    (person,) = told["each_person"]
    compared = [one for row in rows for one in row.get("compared", [])]
    assert person["frames"] == 64 and person["compared"] == len(compared)
    assert person["swapped"] + person["covered"] >= 64
    assert [one["distance"] for one in told["worst"]] == sorted(
        one["distance"] for one in compared
    )[: len(told["worst"])]
    page = (tmp_path / "out" / "kim_clip.mp4.html").read_text(encoding="utf-8")
    assert "<b>published</b>" in page and page.count("data:image/jpeg") <= len(told["worst"])
    before, after = shown(play / "clip.mp4"), shown(made.output)
    for number in (0, 30, 63):
        change = np.abs(before[number].astype(int) - after[number])
        assert change.max() > 40 and np.median(change) < 3


def test_what_may_still_show_somebody_is_not_published(
    duet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that covers nobody: the second detector sees them, and no round is left to mend it."""
    monkeypatch.setattr(
        "faceswap_ae.conversion.anonymiser.plan_covers", lambda *_, **__: CoverPlan()
    )
    monkeypatch.setattr(pipeline, "ROUNDS", 1)
    done, _ = anonymise([duet / "clip.mp4"], tmp_path / "out", covered("blur"))
    (made,) = done
    assert not made.published and made.doubt
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("clip.unchecked.mp4", "clip.unchecked.mp4.html", "clip.unchecked.mp4.json")
    ]
    monkeypatch.setattr(pipeline, "ROUNDS", 3)
    done, _ = anonymise([duet / "clip.mp4"], tmp_path / "mended", covered("blur"))
    assert done[0].published and done[0].covered == 12


def test_a_file_of_the_users_own_is_not_replaced(duet: Path, tmp_path: Path) -> None:
    for name in ("clip.unchecked.mp4", "clip.mp4.html"):
        theirs = tmp_path / name / name
        theirs.parent.mkdir()
        theirs.write_bytes(b"mine")
        _, failures = anonymise([duet / "clip.mp4"], theirs.parent, covered("solid"))
        assert "is there already" in failures[0].reason and theirs.read_bytes() == b"mine"


def test_stopped_it_goes_on_and_gives_the_same(duet: Path, tmp_path: Path) -> None:
    # The watermark of each batch is another.
    plain = replace(covered("blur"), marks=UNMARKED)
    with pytest.raises(KeyboardInterrupt):
        anonymise([duet / "clip.mp4"], tmp_path / "out", plain, stopping("anonymise", 6))
    assert not (tmp_path / "out" / "clip.mp4").exists()
    for out in ("out", "whole"):
        anonymise([duet / "clip.mp4"], tmp_path / out, plain)
    one, other = (shown(tmp_path / out / "clip.mp4") for out in ("out", "whole"))
    assert np.array_equal(one, other)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == list(WRITTEN)


def test_inputs_of_one_name_and_inputs_that_cannot_be_used(
    duet: Path, solo: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    images.write(photo, shown(solo / "clip.mp4")[0])
    clips = [duet / "clip.mp4", solo / "clip.mp4", photo, tmp_path / "none.mp4"]
    done, failures = anonymise(clips, tmp_path / "out", covered("solid"))
    assert [one.output.name for one in done] == ["duet-clip.mp4", "solo-clip.mp4"]
    assert ["anonymise takes videos" in one.reason for one in failures] == [True, False]
    assert not (tmp_path / "out" / WORK).exists()


def test_words_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="pixelate"):
        covered("pixelate")
    with pytest.raises(UserError, match="voice"):
        covered("blur", voice="loud")
    with pytest.raises(UserError, match="no such file"):
        AnonymiseOptions(given=(tmp_path / "nobody.png",))
    photo = tmp_path / "kim.png"
    photo.write_bytes(b"")
    with pytest.raises(UserError, match="nobody stands in"):
        covered("blur", given=(photo,))
    with pytest.raises(UserError, match="is no folder"):
        anonymise([photo], photo, covered("blur"))
