import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.extraction.selection import ALIKE, OTHER, SURPLUS, SelectionLimits
from faceswap_ae.faces.detection.scan import ScanOptions
from faceswap_ae.faces.folders import face_file, face_folder, packing
from faceswap_ae.faces.folders.journal import NAME, Journal, fingerprint
from faceswap_ae.faces.folders.realignment import read_points, realign
from faceswap_ae.faces.record import Face, StoredFace
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.reader import frames
from faceswap_ae.media.span import Span
from tests.support.face_folders import ids


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy of `made` that a test may change."""
    shutil.copytree(made, tmp_path / "data")
    return tmp_path / "data"


def test_every_frame_gives_a_face_with_its_story(made: Path, solo: Path) -> None:
    entries = face_file.entries(made / "ben")
    stories = [entry.stored.face for entry in entries if entry.stored]
    assert [face.frame for face in stories] == list(range(14))
    assert [entry.name for entry in entries] == [f"{face.id}.png" for face in stories]
    truth = json.loads((solo / "truth.json").read_text())["frames"]
    away = [
        np.linalg.norm(face.landmarks - row["landmarks"], axis=1).mean() / face.size
        for face, row in zip(stories, truth, strict=True)
    ]
    assert np.median(away) < 0.04
    assert {face.clip for face in stories} == {fingerprint(solo / "clip.mp4")}
    assert {face.track for face in stories} == {0, 1}  # one track for each scene
    assert all(face.sharpness > 0 and 0 < face.brightness < 1 for face in stories)
    assert face_file.pixels(entries[0].place).shape == (512, 512, 3)


def test_a_second_run_does_nothing(data: Path, solo: Path) -> None:
    before = (data / "ben" / NAME).read_bytes()
    summary = extract([solo / "clip.mp4"], "ben", ExtractOptions(data))
    assert summary.looked == 0
    assert summary.written == {data / "ben": 0}
    assert (data / "ben" / NAME).read_bytes() == before


def test_what_was_dropped_stays_away(data: Path, solo: Path) -> None:
    gone = face_file.pictures(data / "ben")[3]
    assert isinstance(gone, Path)
    gone.unlink()
    extract([solo / "clip.mp4"], "ben", ExtractOptions(data))
    assert len(ids(data / "ben")) == 13
    assert gone.stem not in ids(data / "ben")


def test_a_renamed_clip_is_the_same_clip(data: Path, solo: Path, tmp_path: Path) -> None:
    other = tmp_path / "Ünder another näme.mp4"
    shutil.copy(solo / "clip.mp4", other)
    assert extract([other, solo / "clip.mp4"], "ben", ExtractOptions(data)).looked == 0


def test_a_lost_journal_only_means_looking_again(data: Path, solo: Path) -> None:
    before = ids(data / "ben")
    (data / "ben" / NAME).unlink()
    assert extract([solo / "clip.mp4"], "ben", ExtractOptions(data)).looked == 14
    assert ids(data / "ben") == before


def test_a_part_and_then_the_rest(tmp_path: Path, solo: Path, made: Path) -> None:
    part = ExtractOptions(tmp_path, span=Span(first=5, last=8))
    assert extract([solo / "clip.mp4"], "ben", part).looked == 4
    assert extract([solo / "clip.mp4"], "ben", ExtractOptions(tmp_path)).looked == 10
    assert ids(tmp_path / "ben") == ids(made / "ben")


def test_only_every_third(tmp_path: Path, solo: Path) -> None:
    extract([solo / "clip.mp4"], "ben", ExtractOptions(tmp_path, scan=ScanOptions(every=3)))
    journal = Journal(tmp_path / "ben")
    assert journal.frames(journal.clips[0]) == {0, 3, 6, 9, 12}
    assert len(ids(tmp_path / "ben")) == 5


def test_limits_can_be_loosened_without_looking_again(
    tmp_path: Path, solo: Path, made: Path
) -> None:
    few = extract(
        [solo / "clip.mp4"], "ben", ExtractOptions(tmp_path, limits=SelectionLimits(most=4))
    )
    assert few.written == {tmp_path / "ben": 4}
    assert few.skipped == {SURPLUS: 10}
    journal = Journal(tmp_path / "ben")
    assert len(journal.skipped) == 10
    all_of_them = extract([solo / "clip.mp4"], "ben", ExtractOptions(tmp_path))
    assert all_of_them.looked == 0
    assert ids(tmp_path / "ben") == ids(made / "ben")
    for name in ids(made / "ben"):
        one, other = (
            face_file.pixels(folder / "ben" / f"{name}.png") for folder in (tmp_path, made)
        )
        assert np.array_equal(one, other)


def test_near_duplicates_are_left_out(tmp_path: Path, solo: Path) -> None:
    still = tmp_path / "still"
    shown = next(iter(frames(open_clip(solo / "clip.mp4"), Span(first=10))))
    for number in range(3):
        image = shown.image.copy()
        image[0, 0] = number  # another file, the same face
        images.write(still / f"{number}.png", image)
    summary = extract([still], "ben", ExtractOptions(tmp_path, limits=SelectionLimits(change=1)))
    assert summary.written == {tmp_path / "ben": 3}  # photos do not form a track
    clip = extract(
        [solo / "clip.mp4"], "all", ExtractOptions(tmp_path, limits=SelectionLimits(change=30))
    )
    assert clip.skipped == {ALIKE: 12}  # one face of each scene is kept


def test_hand_work_survives_a_lost_journal(data: Path, solo: Path) -> None:
    """The files of sorted, corrected and dropped faces still show what happened to them."""
    folder = data / "ben"
    points = [[float(x), float(y)] for x, y in _stored(folder)[0].landmarks + 2]
    (data / "points.json").write_text(json.dumps(points))
    realign(folder / f"{ids(folder)[0]}.png", read_points(data / "points.json"))
    face_folder.sort(folder, "sharpness")
    dropped = face_folder.drop(folder, [face_file.pictures(folder)[5].name])
    assert dropped
    before = {place.name: place.read_bytes() for place in face_file.pictures(folder)}
    (folder / NAME).unlink()
    extract([solo / "clip.mp4"], "ben", ExtractOptions(data))
    assert {place.name: place.read_bytes() for place in face_file.pictures(folder)} == before


def test_our_own_faces_are_no_photos(
    data: Path, solo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "faceswap_ae")
    shutil.copy(solo / "clip.mp4", data / "clip.mp4")
    assert extract([data], "ben", ExtractOptions(data)).looked == 0
    assert "14 pictures are faces of ours" in caplog.text


def test_a_packed_folder_is_not_begun_anew(data: Path, solo: Path) -> None:
    packing.pack(data / "ben")
    shutil.rmtree(data / "ben")
    with pytest.raises(UserError, match="is packed"):
        extract([solo / "clip.mp4"], "ben", ExtractOptions(data))


def test_parts_are_one_track(tmp_path: Path, solo: Path) -> None:
    for span in (Span(first=8, last=9), Span(first=12), Span(first=8)):
        extract([solo / "clip.mp4"], "ben", ExtractOptions(tmp_path, span=span))
    tracks = {face.frame: face.track for face in _stories(tmp_path / "ben")}
    assert len(tracks) == 6
    assert tracks[8] == tracks[9] == tracks[10] == tracks[11]


class TestPeople:
    def test_the_main_person_is_taken_and_the_other_shown(
        self, tmp_path: Path, duet: Path, solo: Path
    ) -> None:
        summary = extract([duet / "clip.mp4", solo / "clip.mp4"], "ben", ExtractOptions(tmp_path))
        assert summary.written == {tmp_path / "ben": 14}
        assert summary.skipped == {OTHER: 24}
        assert sorted(summary.others.values()) == [12, 12]
        assert summary.sheet == tmp_path / "ben-others.jpg"
        assert images.read(summary.sheet).shape == (2 * 96, 230 + 6 * 96, 3)

    def test_like_a_photo(self, tmp_path: Path, duet: Path) -> None:
        for name, place in (("ada", 0), ("carl", -1)):
            frame = next(iter(frames(open_clip(duet / "clip.mp4"), Span(first=6))))
            half = np.array_split(frame.image, 2, axis=1)[place]
            images.write(tmp_path / f"{name}.jpg", np.ascontiguousarray(half))
            photo = (tmp_path / f"{name}.jpg",)
            summary = extract([duet / "clip.mp4"], name, ExtractOptions(tmp_path, like=photo))
            assert summary.written == {tmp_path / name: 12}
        both = [
            np.median([f.box[0] for f in _stories(tmp_path / name)]) for name in ("ada", "carl")
        ]
        assert both[0] < both[1]

    def test_everyone_has_a_folder(self, tmp_path: Path, duet: Path, solo: Path) -> None:
        options = ExtractOptions(tmp_path, everyone=True)
        extract([duet / "clip.mp4"], "duo", options)
        assert [len(ids(tmp_path / name)) for name in ("duo", "duo-2")] == [12, 12]
        assert not set(ids(tmp_path / "duo")) & set(ids(tmp_path / "duo-2"))
        again = extract([duet / "clip.mp4", solo / "clip.mp4"], "duo", options)
        assert again.looked == 14
        assert again.written == {
            tmp_path / name: n for name, n in (("duo", 0), ("duo-2", 0), ("duo-3", 14))
        }
        assert not again.skipped
        other = Journal(tmp_path / "duo-2")
        assert len(other.written) == 12
        assert list(other.skipped.values()).count(OTHER) == 26

    def test_a_gap_between_numbers_mixes_nobody(
        self, tmp_path: Path, duet: Path, solo: Path
    ) -> None:
        extract([duet / "clip.mp4"], "duo", ExtractOptions(tmp_path, everyone=True))
        (tmp_path / "duo-2").rename(tmp_path / "duo-7")
        before = ids(tmp_path / "duo-7")
        extract([solo / "clip.mp4"], "duo", ExtractOptions(tmp_path, everyone=True))
        assert ids(tmp_path / "duo-7") == before
        assert len(ids(tmp_path / "duo-8")) == 14

    def test_somebody_else_asks_for_another_name(self, data: Path, duet: Path) -> None:
        with pytest.raises(UserError, match="choose another name with --as"):
            extract([duet / "clip.mp4"], "ben", ExtractOptions(data))
        assert len(ids(data / "ben")) == 14

    def test_a_photo_without_a_face_is_refused_at_once(self, tmp_path: Path, duet: Path) -> None:
        images.write(tmp_path / "wall.png", np.full((200, 200, 3), 128, np.uint8))
        options = ExtractOptions(tmp_path, like=(tmp_path / "wall.png",))
        with pytest.raises(UserError, match=r"wall\.png: no face found"):
            extract([duet / "clip.mp4"], "ben", options)


def _stored(folder: Path) -> list[StoredFace]:
    return [entry.stored for entry in face_file.entries(folder) if entry.stored]


def _stories(folder: Path) -> list[Face]:
    return [stored.face for stored in _stored(folder)]


def test_progress_reaches_its_end(tmp_path: Path, solo: Path) -> None:
    told: dict[str, list[int]] = {}

    @contextmanager
    def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
        told[what] = [total]
        yield told[what].append

    extract([solo / "clip.mp4"], "ben", ExtractOptions(tmp_path), progress)
    assert told == {"look": [14, *range(1, 15)], "write": [14, *range(1, 15)]}
