"""Which inputs does extraction accept: all kinds of clips and photos, and damaged files?"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow

from faceswap_ae.common.errors import UserError
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.detection.scan import ScanOptions
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.reader import frames
from faceswap_ae.media.span import Span
from faceswap_ae.media.writer import writing
from tests.support.photos import scene


@pytest.mark.parametrize("size", [(360, 640), (606, 404)])
def test_sizes_whose_rows_are_padded(size: tuple[int, int], solo: Path, tmp_path: Path) -> None:
    clip = open_clip(solo / "clip.mp4")
    width, height = size
    with writing(tmp_path / "clip.mp4", replace(clip, width=width, height=height)) as sink:
        for frame in frames(clip, Span(first=9)):
            image = np.zeros((height, width, 3), np.uint8)
            part = frame.image[:height, -width:]
            image[: part.shape[0], : part.shape[1]] = part
            sink.write(image, frame.time, frame.duration)
    summary = extract([tmp_path / "clip.mp4"], "ben", ExtractOptions(tmp_path))
    assert summary.written == {tmp_path / "ben": 5}


def test_a_cut_off_clip_gives_all_that_can_be_read(tmp_path: Path, solo: Path) -> None:
    whole = tmp_path / "whole.mkv"
    with writing(whole, open_clip(solo / "clip.mp4"), Encoding("ffv1")) as sink:
        for frame in frames(open_clip(solo / "clip.mp4")):
            sink.write(frame.image, frame.time, frame.duration)
    cut_off = tmp_path / "cut off.mkv"
    cut_off.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    summary = extract([cut_off], "ben", ExtractOptions(tmp_path))
    told = re.search(r"(\d+) frames could be read", summary.failures[0].reason)
    assert told is not None
    assert summary.looked == int(told[1]) > 5


def test_photos_of_all_kinds(tmp_path: Path, solo: Path) -> None:
    shown = pillow.fromarray(next(iter(frames(open_clip(solo / "clip.mp4"), Span(first=12)))).image)
    folder = tmp_path / "phötos with spaces"
    (folder / "more").mkdir(parents=True)
    shown.save(folder / "same name.png")
    shown.transpose(pillow.Transpose.ROTATE_90).save(folder / "more" / "same name.png")
    shown.convert("L").save(folder / "grey.jpg", quality=95)
    shown.convert("CMYK").save(folder / "print.jpg", quality=95)
    sixteen = np.asarray(shown.convert("L"), np.uint16) * 257
    pillow.fromarray(sixteen).save(folder / "deep.png")
    shown.resize((7680, 5760)).save(folder / "8k.jpg", quality=90)
    summary = extract([folder], "ben", ExtractOptions(tmp_path))
    assert not summary.failures
    entries = face_file.entries(tmp_path / "ben")
    stories = [entry.stored.face for entry in entries if entry.stored]
    assert len(stories) == 6
    large = next(face for face in stories if face.source == "8k.jpg")
    plain = [face for face in stories if face.source == "same name.png"]
    assert large.size == pytest.approx(16 * plain[0].size, rel=0.05)
    uprights = [face_file.pixels(tmp_path / "ben" / f"{face.id}.png").astype(int) for face in plain]
    assert np.abs(uprights[0] - uprights[1]).mean() < 12  # the rotated photo is upright in its crop


def test_bad_inputs_are_told_and_the_rest_goes_on(
    tmp_path: Path, solo: Path, plain_clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, cut_off = tmp_path / "good.mp4", tmp_path / "cut off.mp4"
    shutil.copy(solo / "clip.mp4", good)
    cut_off.write_bytes(plain_clip.read_bytes()[:-2000])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("no video at all")
    (tmp_path / "text.jpg").write_text("no picture at all")
    (tmp_path / "nobody.mp4").symlink_to(plain_clip)
    bad = ["empty.mp4", "text.mp4", "text.jpg", "nobody.mp4", "cut off.mp4", "nowhere.mp4"]
    summary = extract(
        [*(tmp_path / name for name in bad), good], "ben", ExtractOptions(tmp_path / "data")
    )
    assert summary.written == {tmp_path / "data" / "ben": 14}
    assert {failure.path.name for failure in summary.failures} == set(bad)
    told = [record.getMessage() for record in caplog.records]
    for name in bad:
        lines = [line for line in told if str(tmp_path / name) in line]
        assert len(lines) == 1, name
        assert "\n" not in lines[0]


def test_a_clip_of_one_frame(tmp_path: Path, solo: Path) -> None:
    clip = open_clip(solo / "clip.mp4")
    with writing(tmp_path / "one.mp4", clip) as sink:
        first = next(iter(frames(clip)))
        sink.write(first.image, first.time, first.duration)
    assert extract([tmp_path / "one.mp4"], "ben", ExtractOptions(tmp_path)).written == {
        tmp_path / "ben": 1
    }


def test_a_folder_keeps_the_kind_of_its_landmarks(solo: Path, tmp_path: Path) -> None:
    def asked(first: int, landmarks: str | None = None) -> ExtractOptions:
        scan = ScanOptions(landmarks=landmarks)
        return ExtractOptions(tmp_path, scan=scan, span=Span(first=first, last=first + 1))

    extract([solo / "clip.mp4"], "ben", asked(0, "dlib"))
    assert extract([solo / "clip.mp4"], "ben", asked(2)).written == {tmp_path / "ben": 2}
    stored = [one.stored for one in face_file.entries(tmp_path / "ben")]
    assert {one.face.landmarker for one in stored if one} == {"dlib"}
    with pytest.raises(UserError, match=r"has landmarks by dlib, .* do not mix.* realign"):
        extract([solo / "clip.mp4"], "ben", asked(0, "mesh"))


def test_of_several_people_in_a_photo_the_largest_is_taken(tmp_path: Path) -> None:
    images.write(tmp_path / "three.png", scene("three sizes"))  # the largest is in the middle
    extract([tmp_path / "three.png"], "dina", ExtractOptions(tmp_path))
    (stored,) = (one.stored for one in face_file.entries(tmp_path / "dina"))
    assert stored is not None
    assert stored.face.landmarks[:, 0].mean() == pytest.approx(0.45 * 640, abs=30)
