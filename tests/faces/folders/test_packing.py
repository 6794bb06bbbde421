import os
import tempfile
import zipfile
from pathlib import Path

import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders.face_folder import DROPPED, drop
from faceswap_ae.faces.folders.journal import NAME, Journal
from faceswap_ae.faces.folders.merging import MergeResult
from faceswap_ae.faces.folders.packing import pack, unpack
from tests.support.face_folders import face, fill, ids, names, paint, plain_picture
from tests.support.processes import closed


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    folder = tmp_path / "ada"
    fill(folder, range(5))
    paint(folder, f"{face(1).id}.png")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_zip_has_everything_as_it_is(ada: Path) -> None:
    plain_picture(ada)
    before, counts = files(ada), list[int]()
    out, count = pack(ada, counts.append)
    assert (out, count, counts[-1]) == (ada.with_name("ada.zip"), 6, 8)
    with zipfile.ZipFile(out) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == before
        assert {one.compress_type for one in zipped.infolist()} == {zipfile.ZIP_STORED}
    assert files(ada) == before


def test_a_face_that_cannot_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own folder is closed to others
        ada = Path(place, "ada")
        fill(ada, range(2))
        for folder in (Path(place), ada):
            folder.chmod(0o777)
        name = names(ada)[0]
        with closed(ada / name), pytest.raises(UserError, match=rf"{name}: cannot be read \(Perm"):
            pack(ada)
        assert not ada.with_name("ada.zip").exists()


def test_there_and_back(ada: Path, tmp_path: Path) -> None:
    out, _ = pack(ada)
    assert unpack(out, tmp_path / "again") == MergeResult(5, 0, 0)
    again, before = files(tmp_path / "again"), files(ada)
    assert again.keys() == before.keys()
    assert all(again[name] == before[name] for name in before.keys() - {NAME})
    assert Journal(tmp_path / "again").written == Journal(ada).written


def test_what_is_there_stays_and_what_was_dropped_stays_dropped(ada: Path) -> None:
    out, _ = pack(ada)
    drop(ada, names(ada)[:1])
    (ada / names(ada)[0]).rename(ada / "renamed.png")
    before = files(ada)
    assert unpack(out, ada) == MergeResult(0, 4, 1)
    assert files(ada) == before


def test_the_dropped_stay_behind(ada: Path) -> None:
    drop(ada, names(ada)[:1])
    out, count = pack(ada)
    with zipfile.ZipFile(out) as zipped:
        assert count == 4 and not [name for name in zipped.namelist() if DROPPED in name]


def test_a_zip_is_replaced_only_by_a_folder_that_has_or_had_its_faces(ada: Path) -> None:
    out, _ = pack(ada)
    drop(ada, names(ada)[:2])
    assert pack(ada) == (out, 3)
    fill(ada.with_name("ben"), range(2, 9))
    pack(ada.with_name("ben"))[0].replace(out)
    before = out.read_bytes()
    with pytest.raises(UserError, match=r"ada\.zip: has 4 faces that .*ada never had"):
        pack(ada)
    assert out.read_bytes() == before


def test_old_files_can_be_packed(ada: Path) -> None:
    path = ada / names(ada)[0]
    os.utime(path, (0, 0))  # dates in zip files begin in 1980
    assert pack(ada)[1] == 5


def test_nothing_is_packed_or_unpacked_from_nothing(ada: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="has no faces to pack"):
        pack(tmp_path / "empty")
    with pytest.raises(UserError, match=r"absent\.zip: no such zip"):
        unpack(tmp_path / "absent.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as zipped:
        for path in ada.glob("*.png"):
            zipped.write(path, f"ada/{path.name}")
    with pytest.raises(UserError, match="no faces at its top"):
        unpack(tmp_path / "nested.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_zip_that_leads_out_writes_nothing(ada: Path, tmp_path: Path) -> None:
    out, _ = pack(ada)
    with zipfile.ZipFile(out, "a") as zipped:
        zipped.write(ada / names(ada)[0], "../evil.png")
    with pytest.raises(UserError, match="leads out"):
        unpack(out, tmp_path / "inner" / "ben")
    assert not (tmp_path / "inner").exists() and not (tmp_path / "evil.png").exists()


def test_unpacking_that_was_interrupted_is_completed(ada: Path, tmp_path: Path) -> None:
    out, _ = pack(ada)

    def stop(count: int) -> None:
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(out, tmp_path / "ben", stop)
    assert len(ids(tmp_path / "ben")) == 3
    assert unpack(out, tmp_path / "ben") == MergeResult(2, 3, 0)
    assert ids(tmp_path / "ben") == ids(ada)


def test_a_damaged_face_is_left_out_by_name_and_may_come_again(
    ada: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out, count = pack(ada)
    whole = out.read_bytes()
    with zipfile.ZipFile(out) as zipped:
        name = zipped.namelist()[1]
        member = zipped.getinfo(name)
    damaged = bytearray(whole)
    damaged[member.header_offset + member.file_size] ^= 1  # within its pixels
    out.write_bytes(damaged)
    assert unpack(out, tmp_path / "ben") == MergeResult(count - 1, 0, 0)
    assert f"{name}: is damaged in its zip" in caplog.text and "it is left out" in caplog.text
    out.write_bytes(whole)
    assert unpack(out, tmp_path / "ben") == MergeResult(1, count - 1, 0)
