from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.report import FaceRow, FrameRow
from faceswap_ae.evaluation.target import (
    MeasuredClip,
    clip_in,
    find_target,
    is_folder,
    person_name,
    scan_target,
    views_in,
)
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.faces.detection.scan import Detectors
from tests.support.face_folders import fill

pytestmark = pytest.mark.usefixtures("cache")
COUNT = 12  # frames of the duet


@pytest.fixture(scope="module")
def both(duet: Path, cache: None) -> MeasuredClip:  # noqa: ARG001 - sets the cache folder
    """The scanned duet: ada on the left, carl on the right."""
    return scan_target(duet / "clip.mp4", Detectors(), no_progress)


def box(looked: MeasuredClip, frame: int, number: int) -> tuple[float, float, float, float]:
    """The box of the `number`-th face from the left."""
    faces = sorted(looked.faces(frame), key=lambda one: float(one.landmarks[:, 0].mean()))
    return square_around(faces[number].landmarks).box


def row(frame: int, *faces: FaceRow) -> FrameRow:
    return FrameRow(frame, 0.0, faces)


def test_every_frame_was_looked_at(both: MeasuredClip) -> None:
    assert both.count == COUNT
    assert all(len(both.faces(frame)) == 2 for frame in range(COUNT))
    assert both.faces(COUNT) == []


def test_who_was_swapped_is_meant(both: MeasuredClip) -> None:
    for number in (0, 1):
        rows = [row(at, FaceRow(0, box(both, at, number), swapped="ben")) for at in range(COUNT)]
        meant = find_target(both, rows)
        assert meant.frames == list(range(COUNT))
        for frame in range(COUNT):
            face = meant.at(frame)
            assert face is not None
            assert square_around(face.landmarks).box == box(both, frame, number)


def test_of_two_swaps_the_one_with_the_face_is_meant(both: MeasuredClip) -> None:
    boxes = [(box(both, at, 0), box(both, at, 1)) for at in range(COUNT)]
    rows = [
        row(at, FaceRow(0, a, swapped="ben"), FaceRow(1, b, swapped="emil"))
        for at, (a, b) in enumerate(boxes)
    ]
    left, right = (find_target(both, rows, name).at(0) for name in ("ben", "emil"))
    assert left is not None and right is not None
    assert left.landmarks[:, 0].max() < right.landmarks[:, 0].min()


def test_whoever_is_seen_most_is_meant(both: MeasuredClip) -> None:
    rows = [row(at, FaceRow(0, box(both, at, 0), left="another person")) for at in range(COUNT)]
    meant = find_target(both, rows)
    assert meant.frames == list(range(COUNT))
    assert len(meant.tracks) == 1


def test_the_face_in_the_same_place(both: MeasuredClip) -> None:
    for face in both.faces(3):
        again = both.near(4, face)
        assert again is not None
        assert again.track == face.track
    far = both.faces(3)[0]
    moved = type(far)(**{**vars(far), "landmarks": far.landmarks + 300})
    assert both.near(4, moved) is None


def test_views_are_of_one_person(both: MeasuredClip, duet: Path) -> None:
    views = views_in(duet, Detectors(), no_progress)
    assert len(views) == COUNT
    away = np.linalg.norm(views.descriptors - views.descriptors.mean(axis=0), axis=1)
    assert away.max() < 0.4
    assert both.count == COUNT


def test_a_folder_of_faces(tmp_path: Path) -> None:
    fill(tmp_path / "ada", range(3))
    assert len(views_in(tmp_path / "ada", Detectors(), no_progress)) == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no faces"):
        views_in(tmp_path / "empty", Detectors(), no_progress)


def test_a_clip_without_a_face(plain_clip: Path) -> None:
    with pytest.raises(UserError, match="shows no face"):
        find_target(scan_target(plain_clip, Detectors(), no_progress))


def test_names_and_places(duet: Path, tmp_path: Path) -> None:
    assert clip_in(duet) == duet / "clip.mp4"
    assert clip_in(tmp_path) == tmp_path
    assert person_name(duet) == person_name(duet / "clip.mp4") == "duet"
    assert person_name(Path("films/ben.mp4")) == "ben"
    assert is_folder(tmp_path) and is_folder(Path("ada.zip")) and not is_folder(Path("ada.mp4"))
