from pathlib import Path

import pytest

from faceswap_ae.media.inputs import find_inputs


@pytest.fixture
def place(tmp_path: Path) -> Path:
    names = ["b.mp4", "a.jpg", "notes.txt", ".hidden.mp4", "more/ü ber.PNG", "more/.x/c.mov"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def named(place: Path, *inputs: str) -> list[str]:
    found, failures = find_inputs([place / name for name in inputs])
    assert not failures
    return [str(path.relative_to(place)) for path in found]


def test_folders_and_globs_and_files_each_once(place: Path) -> None:
    everything = ["a.jpg", "b.mp4", "more/ü ber.PNG"]
    assert named(place, ".") == everything
    assert named(place, "b.mp4", ".") == ["b.mp4", "a.jpg", "more/ü ber.PNG"]
    assert named(place, "*.mp4") == ["b.mp4"]
    assert named(place, "**/*.PNG") == ["more/ü ber.PNG"]
    assert named(place, "mo*") == ["more/ü ber.PNG"]


def test_masks_of_a_rendered_clip_are_left_out(place: Path) -> None:
    (place / "more" / "face-mask.mkv").write_bytes(b"")
    assert named(place, "more") == ["more/face-mask.mkv", "more/ü ber.PNG"]
    (place / "more" / "truth.json").write_bytes(b"")
    assert named(place, "more") == ["more/ü ber.PNG"]


def test_a_file_named_is_taken_whatever_it_is_called(place: Path) -> None:
    assert named(place, "notes.txt", "not there.mp4") == ["notes.txt", "not there.mp4"]


def test_a_name_with_brackets_is_a_name(place: Path) -> None:
    (place / "clip [1].mp4").write_bytes(b"")
    assert named(place, "clip [1].mp4") == ["clip [1].mp4"]


def test_what_is_empty_is_told_and_the_rest_goes_on(place: Path) -> None:
    (place / "empty").mkdir()
    found, failures = find_inputs([place / "empty", place / "*.avi", place / "b.mp4"])
    assert found == [place / "b.mp4"]
    assert [failure.path.name for failure in failures] == ["empty", "*.avi"]
    assert "no videos or pictures" in failures[0].reason
    assert "nothing matches" in failures[1].reason
