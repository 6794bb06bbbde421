"""Are face sets of other programs imported once, with one line for each unusable file?"""

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow

from faceswap_ae.common.errors import UserError
from faceswap_ae.extraction.importers.import_faces import import_faces
from faceswap_ae.faces.alignment import matrix_of
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.folders.face_folder import drop
from faceswap_ae.faces.folders.journal import NAME, fingerprint
from faceswap_ae.media import images
from tests.support.clips import Recording, record
from tests.support.foreign_sets import (
    Describer,
    ada,
    counts,
    dfl_crop,
    dfl_jpg,
    dfl_pak,
    dfl_told,
    fs_alignments,
    fs_face,
    fs_png,
    only,
    points,
    true_crop,
    with_data,
    written,
)


@pytest.fixture
def describe() -> Describer:
    return Describer()


def test_a_second_import_adds_nothing(tmp_path: Path, describe: Describer) -> None:
    jpgs = [dfl_jpg(ada()), dfl_jpg(ada(0)), dfl_jpg(ada(-20))]
    place = written(tmp_path / "set", {f"{n}.jpg": jpg for n, jpg in enumerate(jpgs)})
    target = tmp_path / "ada"
    assert counts(import_faces([place], target, describe)) == (3, 0, 0, 0)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    describe.asked = 0
    assert counts(import_faces([place, place / "0.jpg"], target, describe)) == (0, 3, 0, 0)
    # The same faces in another file format are the same faces.
    pak = dfl_pak(tmp_path / "faceset.pak", jpgs)
    assert counts(import_faces([pak], target, describe)) == (0, 3, 0, 0)
    assert describe.asked == 0
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before


def test_what_was_dropped_stays_away(tmp_path: Path, describe: Describer) -> None:
    place = written(tmp_path / "set", {"a.jpg": dfl_jpg(ada()), "b.jpg": dfl_jpg(ada(0))})
    target = tmp_path / "ada"
    import_faces([place], target, describe)
    first, second = face_file.pictures(target)
    assert isinstance(first, Path) and isinstance(second, Path)
    drop(target, [first.name])
    second.rename(second.with_name("she smiles.png"))
    assert counts(import_faces([place], target, describe)) == (0, 1, 1, 0)
    assert [path.name for path in face_file.pictures(target)] == ["she smiles.png"]
    (target / NAME).unlink()  # without its journal, only dropped faces are forgotten
    assert counts(import_faces([place], target, describe)) == (1, 1, 0, 0)


def test_contents_say_what_a_file_is(tmp_path: Path, describe: Describer) -> None:
    place = written(tmp_path / "set", {"a.png": dfl_jpg(ada()), "b.jpg": fs_png(ada(0))})
    pak = dfl_pak(tmp_path / "set.bin", [dfl_jpg(ada(-20))])
    found = import_faces([place, pak], tmp_path / "ada", describe)
    assert counts(found) == (3, 0, 0, 0) and not found.lines


def test_what_is_of_no_use_is_a_line_and_the_rest_goes_on(
    tmp_path: Path, describe: Describer
) -> None:
    marker = tmp_path / "marker"
    hostile = b"\x80\x03cposix\nsystem\n" + pickle.dumps(f"touch {marker}")[2:-1] + b"\x85R."
    whole, told = dfl_jpg(ada()), dfl_told(ada())
    turned = [dfl_crop(ada(-20), kind) for kind in ("whole", "full", "half")]
    told["landmarks"] = [[float(n % 9), float(n // 9)] for n in range(68)]
    far = {**dfl_told(ada()), "landmarks": (np.array(dfl_told(ada())["landmarks"]) + 300).tolist()}
    contents = {
        "a-good.jpg": whole,
        "b-hostile.jpg": with_data(turned[0], hostile),
        "c-cut.jpg": whole[: len(whole) // 2],
        "d-empty.jpg": b"",
        "e-text.jpg": b"hello",
        "f-tiny.jpg": with_data(turned[1], pickle.dumps(told)),
        "g-aside.jpg": with_data(turned[2], pickle.dumps(far)),
        "h-empty.pak": b"",
        "i-noise.fsa": b"x\x9cnoise" * 50,
        "j-good.png": fs_png(ada(0)),
        "notes.txt": b"mine",
        "Thumbs.db": b"\0" * 99,
    }
    place = written(tmp_path / "set", contents)
    for name in ("y.jpg", "z.png", "z.bmp"):
        pillow.fromarray(ada().image).save(place / name)
    found = import_faces([place, tmp_path / "absent"], tmp_path / "ada", describe)
    assert counts(found) == (2, 0, 0, 0)
    assert not marker.exists()
    expected = (
        *(("absent", "no such"), ("b-hostile.jpg", "asks to run 'posix.system'; refused")),
        *(("c-cut.jpg", "broken"), ("d-empty.jpg", "empty"), ("e-text.jpg", "not a picture")),
        *(("f-tiny.jpg", "a face of 8 pixels"), ("g-aside.jpg", "less than half a face")),
        *(("h-empty.pak", "empty"), ("i-noise.fsa", "no face set")),
        ("y.jpg and 2 more", "faceswap-ae extract"),
    )
    assert len(found.lines) == len(expected)
    for line, (name, why) in zip(found.lines, expected, strict=True):
        assert name in line and why in line and "\n" not in line


def test_our_own_faces_need_no_import(tmp_path: Path, describe: Describer) -> None:
    import_faces([written(tmp_path / "set", {"a.jpg": dfl_jpg(ada())})], tmp_path / "a", describe)
    found = import_faces([tmp_path / "a"], tmp_path / "b", describe)
    assert counts(found) == (0, 0, 0, 0)
    assert len(found.lines) == 1 and "a face of ours already" in found.lines[0]


def test_alignments_alone_ask_for_their_frames(tmp_path: Path, describe: Describer) -> None:
    path = tmp_path / "walk_alignments.fsa"
    path.write_bytes(fs_alignments({"walk_000001.png": [fs_face(ada())]}))
    found = import_faces([path], tmp_path / "ada", describe)
    assert len(found.lines) == 1
    assert "walk_alignments.fsa: tells where faces are" in found.lines[0]
    assert "name the video 'walk' or the folder of frames" in found.lines[0]


def test_alignments_cut_faces_out_of_their_frames(tmp_path: Path, describe: Describer) -> None:
    frames = tmp_path / "frames"
    images.write(frames / "a_000001.png", ada().image)
    images.write(frames / "other.png", ada(0).image)
    (frames / "alignments.fsa").write_bytes(fs_alignments({"a_000001.png": [fs_face(ada())]}))
    for places in ([frames], [frames / "alignments.fsa", frames]):
        target = tmp_path / f"ada{len(places)}"
        found = import_faces(places, target, describe)
        assert counts(found) == (1, 0, 0, 0)
        assert [path.name for path in found.photos] == ["other.png"]
        stored, pixels = only(target)
        assert np.allclose(stored.matrix, matrix_of(points(ada()), "whole", 512), atol=0.01)
        assert np.abs(pixels.astype(int) - true_crop(ada(), stored)).max() <= 2
        assert stored.face.clip == fingerprint(frames / "a_000001.png")
    assert counts(import_faces([frames], target, describe)) == (0, 1, 0, 0)


def test_alignments_cut_faces_out_of_their_clip(tmp_path: Path, describe: Describer) -> None:
    clip = record(tmp_path / "walk.mp4", Recording(count=5, size=(320, 240)))
    face = fs_face(ada())
    face["landmarks_xy"] = (points(ada()) / 3).tolist()
    path = tmp_path / "walk_alignments.fsa"
    path.write_bytes(fs_alignments({"walk_000004.png": [face]}))
    found = import_faces([path, clip], tmp_path / "ada", describe)
    assert counts(found) == (1, 0, 0, 0) and not found.lines
    stored, _ = only(tmp_path / "ada")
    assert (stored.face.frame, stored.face.clip) == (3, fingerprint(clip))
    assert stored.face.source == "walk.mp4"
    (line,) = import_faces([clip], tmp_path / "ada", describe).lines
    assert "walk.mp4: no face set" in line and "faceswap-ae extract" in line


def test_names_in_a_set_lead_nowhere(tmp_path: Path, describe: Describer) -> None:
    path = tmp_path / ".. odd \u202e näme.jpg"
    path.write_bytes(dfl_jpg(ada(), source_filename="..\\../../etc/\x1b[2Jpass 7.png"))
    import_faces([path], tmp_path / "in" / "ada", describe)
    (place,) = face_file.pictures(tmp_path / "in" / "ada")
    assert place.name.startswith("_odd_") and "näme" in place.name
    assert only(tmp_path / "in" / "ada")[0].face.source == "?[2Jpass 7.png"


def test_a_folder_that_cannot_be_written_ends_it(tmp_path: Path, describe: Describer) -> None:
    place = written(tmp_path / "set", {"a.jpg": dfl_jpg(ada())})
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be written"):
        import_faces([place], tmp_path / "file" / "ada", describe)
    (tmp_path / "ada.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match="is packed"):
        import_faces([place], tmp_path / "ada", describe)


def test_progress_is_told(tmp_path: Path, describe: Describer) -> None:
    pak = dfl_pak(tmp_path / "faceset.pak", [dfl_jpg(ada()), dfl_jpg(ada(0))])
    told: list[int] = []
    import_faces([pak], tmp_path / "ada", describe, advance=told.append)
    assert told == [1, 2]


def test_a_kill_before_the_last_row_is_made_good(tmp_path: Path, describe: Describer) -> None:
    place: Sequence[Path] = [written(tmp_path / "set", {"a.jpg": dfl_jpg(ada())})]
    target = tmp_path / "ada"
    import_faces(place, target, describe)
    (target / NAME).unlink()
    assert counts(import_faces(place, target, describe)) == (0, 1, 0, 0)
    (face,) = face_file.pictures(target)
    assert isinstance(face, Path)
    face.unlink()
    assert counts(import_faces(place, target, describe)) == (0, 0, 1, 0)
