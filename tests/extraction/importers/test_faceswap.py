"""Are faces in faceswap's file formats read correctly, and is damaged data refused?"""

import io
import pickle
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as pillow

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.geometry import transform, unwarp
from faceswap_ae.extraction.importers import faceswap, unpickle
from faceswap_ae.extraction.importers.base import Candidate
from faceswap_ae.media import images
from tests.support.clips import Recording, record
from tests.support.foreign_sets import (
    PROTOCOLS,
    ada,
    fs_alignments,
    fs_face,
    fs_png,
    fs_told,
    points,
    with_words,
)

PLAIN = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.text(), st.binary()),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(), inner, max_size=4),
    ),
    max_leaves=20,
)


def opened(folder: Path, png: bytes) -> Candidate:
    path = folder / "head.png"
    path.write_bytes(png)
    found = faceswap.face(path)
    assert found is not None
    return found


@pytest.mark.parametrize("yaw", [-35, 0, 12])
@pytest.mark.parametrize("size", [256, 512])
def test_a_face_is_told_as_it_was(tmp_path: Path, yaw: float, size: int) -> None:
    face = opened(tmp_path, fs_png(ada(yaw), size)).load()
    assert face.matrix is not None
    assert np.allclose(face.landmarks, transform(points(ada(yaw)), face.matrix), atol=0.01)
    assert (face.source, face.frame) == ("it's_000043.png", 42)
    left, top, right, bottom = face.box or (0, 0, 0, 0)
    assert left < points(ada(yaw))[:, 0].mean() < right
    assert top < points(ada(yaw))[:, 1].mean() < bottom
    back, cover = unwarp(face.image, face.matrix, (600, 560))
    inside = cover == 1
    assert np.count_nonzero(inside) > 100_000
    assert np.abs(back.astype(int) - ada(yaw).image)[inside].mean() < 3


def test_a_photo_is_no_face(tmp_path: Path) -> None:
    images.write(tmp_path / "photo.png", ada().image)
    assert faceswap.face(tmp_path / "photo.png") is None


def test_a_face_is_known_by_its_pixels(tmp_path: Path) -> None:
    first = opened(tmp_path, fs_png(ada()))
    pixels = np.array(pillow.open(io.BytesIO(fs_png(ada()))))
    told = fs_told(ada())
    told["alignments"]["mask"] = {}
    assert opened(tmp_path, with_words(pixels, str(told).encode())).id == first.id
    assert opened(tmp_path, fs_png(ada(-20))).id != first.id


@given(told=st.dictionaries(st.text(), PLAIN, max_size=4))
def test_a_dict_comes_back_from_its_words(told: dict[str, Any]) -> None:
    assert faceswap.evaluated(str(told)) == told


@pytest.mark.parametrize(
    "words",
    [
        *("", "{", "{'a': 1", "[1, 2]", "None", "{'a' 1}", "{'a': 'b}", "{'a': \\}", "\0"),
        *("{'a': open}", "{'a': open('x', 'w')}", "__import__('os')", "{'a': [].append}"),
        *("{'a': f'{1}'}", "{'a': 1 if 1 else 2}", "{**{}}", "{'a': nan}", "{[]: 1}"),
        "{'a': " + "[" * 50 + "]" * 50 + "}",
        "{'a': " + "1-" * 100_000 + "1}",
        "{'a': " + "-" * 100_000 + "1}",
        "{'a': " + "1 -1" * 50_000 + "}",
        "{'a': ()" + "()" * 100_000 + "}",
        "{'a': [0]" + "[0]" * 100_000 + "}",
        "{'a': " + "9" * 10_000 + "}",
        "{'a': [" + "1," * 300_000 + "]}",
    ],
)
def test_words_that_are_no_plain_dict_are_refused(words: str) -> None:
    with pytest.raises(ValueError):
        faceswap.evaluated(words)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (b"{}", "no 'alignments'"),
        (b"{'alignments': 3}", "int where"),
        (b"{'alignments': {'landmarks_xy': [[1, 2], [3, 4], [5, 6], [7, 8]]}}", "no 68x2"),
        (b"{'alignments': __import__('os').system('ls')}", "is no plain value"),
        (b"{'alignments': \xff", "face data"),
    ],
)
def test_odd_words_are_one_line(tmp_path: Path, words: bytes, why: str) -> None:
    path = tmp_path / "head.png"
    path.write_bytes(with_words(np.zeros((64, 64, 3), np.uint8), words))
    found = faceswap.face(path)
    if found is None:  # text that cannot be decoded is no face data
        assert words.endswith(b"\xff")
        return
    with pytest.raises(UserError, match=f"head.png: its face data .*{why}") as caught:
        found.load()
    assert "\n" not in str(caught.value)


def test_a_picture_that_was_cropped_since_is_refused(tmp_path: Path) -> None:
    words = str(fs_told(ada())).encode()
    found = opened(tmp_path, with_words(np.zeros((64, 80, 3), np.uint8), words))
    with pytest.raises(UserError, match=r"head\.png: 80x64 is not as it was extracted"):
        found.load()


def test_landmarks_that_no_head_can_have_are_one_line(tmp_path: Path) -> None:
    told = fs_told(ada())
    told["alignments"]["landmarks_xy"] = [[(n * 7) % 64, 0.0 if n else 2.0] for n in range(68)]
    png = with_words(np.zeros((64, 64, 3), np.uint8), str(told).encode())
    face = opened(tmp_path, png).load()  # has a matrix; landmarks are checked later
    assert np.isfinite(face.landmarks).all()


def test_a_png_cut_off_is_one_line(tmp_path: Path) -> None:
    whole = fs_png(ada())
    for length in (len(whole) // 2, len(whole) - 2000):
        with pytest.raises(UserError, match=r"head\.png: .*broken"):
            opened(tmp_path, whole[:length]).load()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_faces_are_cut_out_of_a_folder_of_frames(tmp_path: Path, protocol: int) -> None:
    for name, frame in (("a_000001.png", ada()), ("a_000007.png", ada(-20))):
        images.write(tmp_path / name, frame.image)
    one, other = fs_face(ada()), fs_face(ada(-20))
    other["landmarks_xy"] = np.asarray(other["landmarks_xy"], np.float32)
    told = {"a_000001.png": [one], "a_000007.png": [other, one], "lost.png": [one], "none.png": []}
    path = tmp_path / "alignments.fsa"
    path.write_bytes(fs_alignments(told, protocol))
    assert faceswap.is_alignments(path.read_bytes()[:4096])
    aligned = faceswap.alignments(path)
    pictures = faceswap.pictures_of(aligned, tmp_path)
    assert [picture.name for picture in pictures] == ["a_000001.png", "a_000007.png"]
    found = [candidate.load() for candidate in faceswap.faces_of_pictures(aligned, pictures)]
    assert [face.frame for face in found] == [1, 7, 7]
    assert np.allclose(found[1].landmarks, points(ada(-20)), atol=0.01)
    assert np.array_equal(found[1].image, ada(-20).image)
    assert all(face.is_frame and face.source.startswith("a_0") for face in found)


def test_faces_are_cut_out_of_a_clip(tmp_path: Path) -> None:
    clip = record(tmp_path / "walk.mp4", Recording(count=12))
    told = {f"walk_{number:06d}.png": [fs_face(ada())] for number in (3, 9)}
    path = tmp_path / "walk_alignments.fsa"
    path.write_bytes(fs_alignments(told))
    aligned = faceswap.alignments(path)
    assert aligned.clip == "walk"
    found = [candidate.load() for candidate in faceswap.faces_of_clip(aligned, clip)]
    # faceswap counts frames from 1, we count from 0.
    assert [face.frame for face in found] == [2, 8]
    assert [round(face.time * 30) for face in found] == [2, 8]
    assert found[0].clip and found[0].source == "walk.mp4"


def test_a_clip_that_is_too_short_is_told(tmp_path: Path) -> None:
    clip = record(tmp_path / "walk.mp4", Recording(count=6))
    path = tmp_path / "walk_alignments.fsa"
    path.write_bytes(fs_alignments({f"walk_{n:06d}.png": [fs_face(ada())] for n in (2, 900)}))
    faces = faceswap.faces_of_clip(faceswap.alignments(path), clip)
    assert next(faces).load().frame == 1
    with pytest.raises(UserError, match="is it another clip"):
        next(faces)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (zlib.compress(pickle.dumps({"__data__": {}})), "no faces"),
        (zlib.compress(pickle.dumps([1])), "a list where"),
        (zlib.compress(pickle.dumps({"__data__": {"a": {"faces": [{"x": 1}]}}})), "landmarks_xy"),
        (zlib.compress(pickle.dumps({"__data__": {"a": {"faces": 3}}})), "damaged"),
        (zlib.compress(b"\x80\x03cposix\nsystem\n."), "asks to run 'posix.system'"),
        (zlib.compress(pickle.dumps({"a": {"faces": [{}] * 999}}))[:-7], "cut off"),
        (b"x\x9c" + b"nonsense", "damaged"),
    ],
)
def test_odd_alignments_are_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "alignments.fsa"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"alignments.fsa: .*{why}"):
        faceswap.alignments(path)


def test_a_bomb_of_alignments_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faceswap, "LARGEST", 2**20)
    assert unpickle.LARGEST > 2**20
    path = tmp_path / "alignments.fsa"
    path.write_bytes(zlib.compress(b"\x80\x04" + b"N" * 2**26))
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"alignments\.fsa: unpacks to more"):
            faceswap.alignments(path)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_other_deflated_files_are_no_alignments() -> None:
    for head in (b"", b"x", b"x\x9c", zlib.compress(b"text"), b"\x80\x04N."):
        assert not faceswap.is_alignments(head)


def test_a_list_that_stands_for_thousands_is_refused(tmp_path: Path) -> None:
    """A kilobyte that would become 14,400 faces."""
    shared = [fs_face(ada())] * 120
    path = tmp_path / "alignments.fsa"
    path.write_bytes(fs_alignments({f"walk_{number:06d}.png": shared for number in range(120)}))
    with pytest.raises(UserError, match=r"14400 faces in \d+ bytes"):
        faceswap.alignments(path)
