from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.faces.detection.references import known_from_entries, known_from_photos
from faceswap_ae.faces.detection.scan import Detectors
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.media.span import Span
from tests.support.face_records import some_face


@pytest.fixture(scope="module")
def eyes() -> Detectors:
    return Detectors()


@pytest.fixture(scope="module")
def photo(solo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "ben.png"
    images.write(path, next(iter(frames(open_clip(solo / "clip.mp4"), Span(first=10)))).image)
    return path


def test_a_photo_and_a_folder_with_it_say_the_same(photo: Path, eyes: Detectors) -> None:
    by_photo = known_from_photos([photo], eyes)
    by_folder = known_from_entries(face_file.entries(photo.parent), eyes)
    assert by_photo is not None
    assert by_folder is not None
    assert np.array_equal(by_photo.references, by_folder.references)
    assert np.linalg.norm(by_photo.references) > 1


def test_a_face_of_ours_is_taken_at_its_word(photo: Path, eyes: Detectors, tmp_path: Path) -> None:
    landmarks = np.random.default_rng(0).uniform(100, 200, (68, 2))
    face_file.write(tmp_path / "x.png", images.read(photo), some_face(3, landmarks=landmarks))
    known = known_from_photos([tmp_path / "x.png"], eyes)
    assert known is not None
    assert np.array_equal(known.references[0], some_face(3).descriptor)


def test_a_stray_picture_is_told_of_and_passed_over(
    photo: Path, eyes: Detectors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images.write(tmp_path / "wall.png", np.full((200, 200, 3), 128, np.uint8))
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    images.write(tmp_path / "ben.png", images.read(photo))
    known = known_from_entries(face_file.entries(tmp_path), eyes)
    assert known is not None
    assert len(known.references) == 1
    assert "wall.png" in caplog.text
    assert "empty.png" in caplog.text


def test_nobody_and_nothing(tmp_path: Path, eyes: Detectors) -> None:
    assert known_from_entries([], eyes) is None
    assert known_from_photos([], eyes) is None
    with pytest.raises(MediaError, match="no such file"):
        known_from_photos([tmp_path / "gone.jpg"], eyes)
    with pytest.raises(UserError, match="is a folder"):
        known_from_photos([tmp_path], eyes)
