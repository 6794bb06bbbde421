import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import Converter, ConvertOptions
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.detection.recogniser import describe_one
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.record import DLIB
from faceswap_ae.marks.seal import UNMARKED
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.support.conversions import LOSSLESS, converted, shown, stopping


@pytest.fixture(autouse=True)
def _cache(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(studio / "cache"))


def without_training(studio: Path, source: Path | None = None) -> dict[str, Any]:
    return {
        "runs": (),
        "source": source or studio / "data" / "ben",
        "style": CompositeOptions(colour="light"),
    }


@pytest.fixture(scope="module")
def swapped(studio: Path, play: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("instant") / "swap.mkv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(studio / "cache"))
        converted(studio, play / "clip.mp4", out, **without_training(studio))
    return out


def descriptors(pictures: list[Image]) -> np.ndarray:
    finder = Detectors(ScanOptions()).finder(picture=True)
    found = [max(finder([one], True)[0], key=lambda face: face.square.side) for one in pictures]
    pairs = zip(pictures, found, strict=True)
    return np.stack([describe_one(image, face.landmarks) for image, face in pairs])


def test_every_frame_shows_the_pictures_person(swapped: Path, play: Path, studio: Path) -> None:
    report = json.loads(swapped.with_name("swap.mkv.json").read_text())
    assert report["frames"] == 64 and len(report["every"]) == 64
    assert all(face["swapped"] == "ben" for row in report["every"] for face in row["faces"])
    made, plain = (descriptors(shown(path)[::8]) for path in (swapped, play / "clip.mp4"))
    entries = face_file.entries(studio / "data" / "ben")
    known = [one.stored.face.descriptor for one in entries if one.stored]
    to_ben, to_ada = (
        np.linalg.norm(made[:, None] - np.stack(list(others)), axis=-1).mean(axis=1)
        for others in (known, plain)
    )
    assert (to_ben < to_ada).all()


def test_outside_of_the_face_nothing_changes(swapped: Path, play: Path) -> None:
    for one, other in zip(shown(swapped)[::16], shown(play / "clip.mp4")[::16], strict=True):
        changed = np.abs(one.astype(int) - other).max(axis=-1) > 0
        assert 0.01 < changed.mean() < 0.2


@pytest.mark.slow
def test_it_goes_on_where_it_was(studio: Path, swapped: Path, play: Path, tmp_path: Path) -> None:
    out, clip = tmp_path / "swap.mkv", open_clip(play / "clip.mp4")
    options = ConvertOptions(
        data=studio / "data",
        encoding=LOSSLESS,
        segment=10,
        marks=UNMARKED,
        **without_training(studio),
    )

    with pytest.raises(KeyboardInterrupt):
        convert_clip(Converter(options, stopping("swap", 37)), clip, out)
    convert_clip(Converter(options, no_progress), clip, out)
    for one, other in zip(shown(out), shown(swapped), strict=True):
        assert np.array_equal(one, other)


def test_one_photo_is_enough(studio: Path, play: Path, tmp_path: Path) -> None:
    (tmp_path / "ben").mkdir()
    first = face_file.pictures(studio / "data" / "ben")[0]
    assert isinstance(first, Path)
    (tmp_path / "ben" / first.name).write_bytes(first.read_bytes())
    images.write(tmp_path / "ada.png", shown(play / "clip.mp4")[3])
    changes = without_training(studio, tmp_path / "ben")
    converted(studio, tmp_path / "ada.png", tmp_path / "swap.png", **changes)
    assert shown(tmp_path / "swap.png")[0].shape == shown(tmp_path / "ada.png")[0].shape


def test_what_cannot_be_used_is_named(studio: Path, tmp_path: Path) -> None:
    options = ConvertOptions(data=studio / "data", **without_training(studio, tmp_path / "nobody"))
    with pytest.raises(UserError, match="nobody: no such face folder"):
        Converter(options, no_progress)
    old = tmp_path / "old"
    old.mkdir()
    entry = face_file.entries(studio / "data" / "ben")[0]
    assert entry.stored is not None and entry.stored.face.landmarker != DLIB
    plain = replace(entry.stored, face=replace(entry.stored.face, mesh=None))
    face_file.write_crop(old / "a.png", face_file.pixels(entry.place), plain)
    with pytest.raises(UserError, match=r"faces realign .* --landmarks mesh"):
        Converter(replace(options, source=old), no_progress)
    with pytest.raises(UserError, match="--reverse: is of a run"):
        replace(options, reverse=True)
    with pytest.raises(UserError, match="say one of them"):
        replace(options, runs=("run",))  # type: ignore[arg-type]


def test_a_side_that_the_photo_hides_comes_from_its_mirror(studio: Path, tmp_path: Path) -> None:
    green = Setting((400, 300), backdrop=3)
    for who, yaw in (("ben", 38.0), ("ada", -22.0)):
        image = render(alone(person(who)), Act(200, yaw=yaw), green).image
        images.write(tmp_path / f"{who}.png", image)
    extract([tmp_path / "ben.png"], "ben", ExtractOptions(tmp_path))
    changes = without_training(studio, tmp_path / "ben")
    converted(studio, tmp_path / "ada.png", tmp_path / "swap.png", **changes)
    swap = shown(tmp_path / "swap.png")[0]
    (seen,) = Detectors(ScanOptions()).finder(picture=True)([swap], True)[0]
    # Between the wing of the nose and the jaw, on both sides.
    near, far = (
        swap[y - 3 : y + 4, x - 3 : x + 4].mean(axis=(0, 1))
        for x, y in (seen.landmarks[[[3, 31], [13, 35]]].mean(axis=1)).round().astype(int)
    )
    assert np.abs(near - far).max() < 0.35 * near.mean()
    assert far[0] > far[1] > far[2]  # skin, and not the green behind the photo's face
