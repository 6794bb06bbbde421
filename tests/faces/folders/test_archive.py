import zipfile
from pathlib import Path

import pytest

from faceswap_ae.common.errors import MediaError
from faceswap_ae.faces.folders.archive import check, entries, journal_of
from faceswap_ae.faces.folders.face_file import contents
from faceswap_ae.faces.folders.packing import pack
from tests.support.face_folders import fill, ids


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    fill(tmp_path / "ada", range(3))
    return pack(tmp_path / "ada")[0]


def refused(path: Path) -> str:
    with pytest.raises(MediaError) as error:
        check(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_a_zip_is_read_as_its_folder_is(packed: Path) -> None:
    folder = packed.with_suffix("")
    found, before = entries(packed), entries(folder)
    assert [one.name for one in found] == [one.name for one in before]
    assert [contents(one.place) for one in found] == [contents(one.place) for one in before]
    for place in (packed, folder):
        with journal_of(place) as journal:
            assert journal.written == set(ids(folder))


def test_a_member_that_lies_before_the_beginning(packed: Path) -> None:
    whole = bytearray(packed.read_bytes())
    at = whole.rindex(b"PK\5\6") + 16  # where the list of members begins, as the end says
    begin = int.from_bytes(whole[at : at + 4], "little")
    whole[at : at + 4] = (begin + 2**20).to_bytes(4, "little")
    packed.write_bytes(whole)
    assert "before the zip's beginning" in refused(packed)


def test_a_zip_without_a_journal_has_an_empty_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bare.zip", "w") as zipped:
        zipped.writestr("x.txt", "x")
    with journal_of(tmp_path / "bare.zip") as journal:
        assert not journal.written and not journal.clips


@pytest.mark.parametrize(
    "name", ["../x.png", "a/../../x.png", "/etc/x.png", "..\\x.png", "C:\\x.png", "C:x.png"]
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "slip.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(name, b"x")
    assert "leads out of the folder" in refused(path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("x.png", bytes(10_000_000))
    assert "swells beyond measure" in refused(path)


def test_files_that_lie_over_each_other_are_refused(packed: Path) -> None:
    """Many entries share the same bytes, as in zip bombs with a low compression ratio."""
    with zipfile.ZipFile(packed, "a") as zipped:
        first = zipped.infolist()[0]
        zipped.filelist += [first] * 50
        zipped.comment = b"write the list anew"
    assert "lie over each other" in refused(packed)


def test_a_password_is_said(packed: Path) -> None:
    told = bytearray(packed.read_bytes())
    central = told.index(b"PK\x01\x02")
    told[central + 8] |= 1  # the flags of the first file in the list
    packed.write_bytes(told)
    assert "needs a password" in refused(packed)


def test_what_is_no_zip_or_cut_off_is_refused(packed: Path, tmp_path: Path) -> None:
    packed.write_bytes(packed.read_bytes()[:-500])
    assert "cut off" in refused(packed)
    assert "not a zip" in refused(tmp_path / "absent.zip")
    with pytest.raises(MediaError):
        entries(packed)


def test_a_zip_of_the_future_is_refused(packed: Path) -> None:
    whole = bytearray(packed.read_bytes())
    whole[whole.index(b"PK\1\2") + 6] = 255  # the version that is needed to read a file of it
    packed.write_bytes(whole)
    assert "not a zip, or cut off (zip file version 25.5)" in refused(packed)


def test_a_file_damaged_in_its_zip_is_named(packed: Path) -> None:
    found = entries(packed)
    told = bytearray(packed.read_bytes())
    told[told.index(b"IDAT") + 100] ^= 0xFF
    packed.write_bytes(told)
    damaged = entries(packed)[0]
    assert damaged.name == found[0].name
    with pytest.raises(MediaError, match=r"first-000000\.png: is damaged in its zip"):
        contents(damaged.place)
