"""Are few frames of a clip decoded for its marks, whatever its header says, and never none?"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from faceswap_ae.interface.verify_files import verify
from faceswap_ae.marks import samples
from faceswap_ae.marks.samples import FRAMES, MOST, find_files, read_samples
from faceswap_ae.marks.verification import verify_file
from faceswap_ae.media import images
from faceswap_ae.media.clip import Clip, open_clip
from tests.support.sealed_files import picture, seal

MARKS = seal()
LONG = 1600  # frames


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    """Write marked films of LONG frames, by suffix and frames between keyframes."""
    place = tmp_path_factory.mktemp("films")
    marked = [MARKS.imprint(np.roll(picture(), 7 * number, axis=1)) for number in range(40)]

    def write(suffix: str, keys: int) -> Path:
        path = place / f"{keys}{suffix}"
        if path.exists():
            return path
        options = {"preset": "ultrafast", "crf": "20", "g": str(keys), "sc_threshold": "0"}
        faststart = {"movflags": "faststart"} if suffix == ".mp4" else {}
        with av.open(path, "w", options=faststart) as container:
            stream = container.add_stream("libx264", rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = 384, 256, "yuv420p"
            for number in range(LONG):
                frame = av.VideoFrame.from_ndarray(marked[number // 40], format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the frames that are decoded, in the first place of a list."""
    counted, decode = [0], samples._decode

    def count(*given: Any) -> Iterator[av.VideoFrame]:
        for frame in decode(*given):
            counted[0] += 1
            yield frame

    monkeypatch.setattr(samples, "_decode", count)
    return counted


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(("keys", "most"), [(25, 60), (250, 600), (LONG, MOST)])
def test_a_long_clip_is_read_with_few_frames(
    suffix: str, keys: int, most: int, films: Callable[[str, int], Path], decoded: list[int]
) -> None:
    found = verify_file(films(suffix, keys))
    assert found.watermark is not None and found.watermark.payload == MARKS.payload
    assert 12 <= found.looked_at <= FRAMES
    assert decoded[0] <= most


@pytest.mark.parametrize("count", [-3, 0, 5, 40, 900, 10**6, 10**15])
@pytest.mark.parametrize("seconds", [-1, 0, 2, 10**5, 10**15])
def test_a_header_may_lie(
    count: int, seconds: int, films: Callable[[str, int], Path], decoded: list[int]
) -> None:
    clip = replace(open_clip(films(".mp4", 250)), count=count, duration=Fraction(seconds))
    assert len(list(read_samples(clip))) >= 5
    assert decoded[0] <= 2 * MOST


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_what_is_left_of_a_cut_off_file_counts(
    suffix: str, share: float, films: Callable[[str, int], Path], tmp_path: Path
) -> None:
    whole = films(suffix, 25).read_bytes()
    head = len(whole) // 100 if suffix == ".mp4" else 0  # the index of frames
    part = tmp_path / f"part{suffix}"
    part.write_bytes(whole[: head + int(share * len(whole))])
    found = verify_file(part)
    assert found.watermark is not None and found.looked_at > 0


def test_damage_inside_costs_only_what_is_damaged(
    films: Callable[[str, int], Path], tmp_path: Path
) -> None:
    spoilt, chance = bytearray(films(".ts", 25).read_bytes()), np.random.default_rng(0)
    for at in chance.integers(len(spoilt) // 10, len(spoilt), 200):
        spoilt[at : at + 50] = chance.bytes(50)
    (tmp_path / "spoilt.ts").write_bytes(spoilt)
    found = verify_file(tmp_path / "spoilt.ts")
    assert found.watermark is not None and found.looked_at > 12


def test_a_short_clip_is_looked_at_evenly(plain_clip: Path) -> None:
    clip = open_clip(plain_clip)
    places = [place for place, _ in read_samples(clip)]
    assert places == sorted(places) and places[0] == 0 and places[-1] < 1
    assert min(clip.count, FRAMES) <= len(places) <= FRAMES + 1


def photos(folder: Path, names: Iterable[str], size: tuple[int, int] = (384, 256)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        shown = np.asarray(cv2.resize(picture(number % 4), size), np.uint8)
        images.write(folder / name, shown)


def test_photos_of_a_folder_are_each_looked_at(tmp_path: Path) -> None:
    photos(tmp_path / "all", ["beach.png", "cake.jpg"])
    photos(tmp_path / "all" / "inner", ["dog.png"], (300, 200))
    images.write(tmp_path / "all" / "edited.png", MARKS.imprint(picture(3)))
    found = verify(tmp_path / "all")
    assert [one.path.name for one in found.files] == [
        *("beach.png", "cake.jpg", "edited.png", "dog.png")
    ]
    assert found.altered == [tmp_path / "all" / "edited.png"]
    assert not any("as frames of one clip" in line for line in found.lines)


def test_a_row_of_frames_is_one_clip_and_this_is_said(tmp_path: Path) -> None:
    row = tmp_path / "all" / "row"
    photos(row, [f"shot2_{number:04}.png" for number in range(7, 57)])
    shutil.copy(row / "shot2_0010.png", tmp_path / "all" / "other.png")
    assert find_files([tmp_path / "all"]) == [tmp_path / "all" / "other.png", row]
    (found,), lines = (made := verify(row)).files, made.lines
    assert (found.pictures, found.looked_at) == (50, 24) and found.credentials is None
    said = "24 of 50 pictures looked at, as frames of one clip; signature and tags are those of"
    assert said in lines[1]
    (row / "shot2_0020.png").write_bytes(b"broken")
    assert verify_file(row).looked_at in (23, 24)


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_0001.png", "IMG_0002.png", "IMG_0005.png"),
        ("a1.png", "b2.png"),
        ("one.png", "two.png"),
        ("1.png", "2.jpg"),
        ("1.png",),
    ],
)
def test_what_is_no_row(names: tuple[str, ...], tmp_path: Path) -> None:
    photos(tmp_path, names)
    assert find_files([tmp_path]) == [tmp_path / name for name in names]


def test_pictures_of_two_sizes_are_no_row(tmp_path: Path) -> None:
    photos(tmp_path, ["1.png", "2.png"])
    photos(tmp_path, ["3.png"], (256, 384))
    assert len(find_files([tmp_path])) == 3


def test_frames_of_another_size_count_by_themselves(tmp_path: Path) -> None:
    photos(tmp_path, [f"{number}.png" for number in range(6)], (200, 100))
    images.write(tmp_path / "5.png", MARKS.imprint(picture()))
    clip: Clip = open_clip(tmp_path)
    assert len({image.shape for _, image in read_samples(clip)}) == 2
    found = verify_file(tmp_path)
    assert found.watermark is not None and found.looked_at == 6


def test_files_that_are_missing_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = verify([tmp_path / "empty", tmp_path / "absent.mp4", tmp_path / "*.png"])
    assert [bool(one.unreadable) for one in found.files] == [True] * 3
    assert "is a folder without pictures" in found.lines[0]
