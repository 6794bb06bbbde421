from fractions import Fraction
from pathlib import Path

import pytest

from faceswap_ae.common.cache_dir import cache_dir
from faceswap_ae.faces.detection.scan import ScanOptions
from faceswap_ae.faces.detection.scan_cache import JOURNALS, REVISION, find_scan
from faceswap_ae.faces.folders.journal import Journal, fingerprint
from faceswap_ae.media.clip import Clip, open_clip
from faceswap_ae.media.span import WHOLE, Span
from tests.support.face_records import some_face

pytestmark = pytest.mark.usefixtures("cache")

DLIB = ScanOptions(landmarks="dlib")  # as the faces of these tests


@pytest.fixture
def clip(plain_clip: Path) -> Clip:
    return open_clip(plain_clip)


def told(clip: Clip, folder: Path, frames: range) -> Journal:
    """A journal with one face in each of these frames."""
    key, journal = fingerprint(clip.path), Journal(folder)
    for frame in frames:
        face = some_face(frame, clip=key, time=float(frame / clip.rate))
        journal.add_frame(key, frame, [face])
    return journal


def test_a_clip_that_was_extracted_is_known(clip: Clip, tmp_path: Path) -> None:
    journal = told(clip, tmp_path / "ada", range(clip.count))
    found = find_scan(clip, WHOLE, DLIB, [tmp_path / "nobody", tmp_path / "ada"])
    assert found.journal.path == journal.path
    assert len(list(found.faces(WHOLE))) == clip.count


def test_a_clip_that_nobody_knows_is_kept_in_the_cache(clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    found = find_scan(clip, WHOLE, DLIB, [tmp_path / "ada"])
    assert found.journal.path.parent == cache_dir() / JOURNALS / f"{found.key}-dlib-{REVISION}"
    assert not (tmp_path / "ada" / ".journal.jsonl").exists()


def test_one_that_was_looked_at_here_and_there_is_looked_at_anew(
    clip: Clip, tmp_path: Path
) -> None:
    told(clip, tmp_path / "ada", range(0, clip.count, 5))
    found = find_scan(clip, WHOLE, DLIB, [tmp_path / "ada"])
    assert found.journal.path.parent == cache_dir() / JOURNALS / f"{found.key}-dlib-{REVISION}"


def test_what_was_written_and_is_gone_is_not_converted(clip: Clip, tmp_path: Path) -> None:
    journal = told(clip, tmp_path / "ada", range(clip.count))
    gone = some_face(3).id
    journal.add_written(gone)
    found = find_scan(clip, WHOLE, DLIB, [tmp_path / "ada"])
    assert found.dropped == {gone}
    assert len(list(found.faces(WHOLE))) == clip.count  # dropped faces keep their places


def test_a_part_that_is_looked_at_first_does_not_break_the_whole(clip: Clip) -> None:
    part = Span(first=3, last=9)
    of_part, of_whole = (find_scan(clip, span, DLIB, []).journal.path for span in (part, WHOLE))
    assert of_part != of_whole
    told(clip, of_whole.parent, range(clip.count))
    assert find_scan(clip, part, DLIB, []).journal.path == of_whole  # when the whole clip is known


def test_faces_of_a_part(clip: Clip, tmp_path: Path) -> None:
    told(clip, tmp_path / "ada", range(clip.count))
    found = find_scan(clip, WHOLE, DLIB, [tmp_path / "ada"])
    assert [face.frame for face in found.faces(Span(first=4, last=6))] == [4, 5, 6]
    part = Span(start=10 / clip.rate, end=12 / clip.rate)
    assert [face.frame for face in found.faces(part)] == [10, 11]
    assert Fraction(10) / clip.rate == part.start


def test_landmarks_of_the_other_kind_are_not_used(clip: Clip, tmp_path: Path) -> None:
    journal = told(clip, tmp_path / "ada", range(clip.count))
    journal.add_written(some_face(3).id)
    found = find_scan(clip, WHOLE, ScanOptions(landmarks="mesh"), [tmp_path / "ada"])
    assert found.journal.path.parent == cache_dir() / JOURNALS / f"{found.key}-mesh-{REVISION}"
    assert found.dropped == {some_face(3).id}
