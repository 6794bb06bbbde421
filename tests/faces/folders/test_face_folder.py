import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders import face_file, face_folder
from faceswap_ae.faces.folders.face_folder import (
    DROPPED,
    MovedFaces,
    drop,
    find_folder,
    folder_path,
    keep,
    restore,
)
from faceswap_ae.faces.folders.journal import NAME, Journal
from tests.support.face_folders import face, fill, ids, names, paint, plain_picture

NUMBERED = re.compile(r"\d{5}-")


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    """A folder with six faces; the third has a mask."""
    folder = tmp_path / "data" / "ada"
    found = fill(folder, range(6))
    paint(folder, f"{found[2].id}.png")
    return folder


def masks(folder: Path) -> dict[str, bytes]:
    """The contents of all masks, by the id of their face."""
    told = {
        entry.stored.face.id: entry.place for entry in face_file.entries(folder) if entry.stored
    }
    beside = {one: face_file.mask_place(where) for one, where in told.items()}
    return {one: mask.read_bytes() for one, mask in beside.items() if mask.exists()}


def test_a_folder_is_named_by_its_path_or_its_name(
    ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ada.parent
    assert find_folder("ada", data) == ada == find_folder(str(ada), Path("elsewhere"))
    ada.rename(data / "other")
    (data / "ada.zip").write_bytes(b"")
    assert find_folder("ada", data) == ada
    assert find_folder("ada.zip", data) == data / "ada.zip"
    monkeypatch.chdir(data)
    assert find_folder("other", Path("elsewhere")) == Path("other")
    assert folder_path("ben", Path("d")) == Path("d/ben")
    assert [folder_path(path, Path("d")) for path in ("./ben", "x/ben", ".")] == [
        Path("ben"),
        Path("x/ben"),
        Path(),
    ]


def test_an_unknown_folder_names_the_known_ones(ada: Path) -> None:
    (ada.parent / ".hidden").mkdir()
    (ada.parent / "ben.zip").write_bytes(b"")
    with pytest.raises(UserError) as error:
        find_folder("adda", ada.parent)
    assert "did you mean 'ada'? (known: ada, ben)" in str(error.value)


def test_a_packed_folder_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is packed; faceswap-ae faces unpack .*ada\.zip first"):
        drop(tmp_path / "ada", [])


def test_a_dropped_face_keeps_its_mask_and_is_known_as_dropped(ada: Path) -> None:
    before, painted = ids(ada), masks(ada)
    assert drop(ada, [names(ada)[2], names(ada)[0]]) == MovedFaces(2, 4)
    assert ids(ada) == [before[1], *before[3:]]
    assert ids(ada / DROPPED) == [before[0], before[2]]
    assert masks(ada) == {} and masks(ada / DROPPED) == painted
    assert Journal(ada).written == set(before)


def test_a_face_without_a_row_gets_one_when_it_is_dropped(ada: Path) -> None:
    before = ids(ada)
    (ada / NAME).unlink()
    drop(ada, [names(ada)[1]])
    assert Journal(ada).written == {before[1]}


def test_dropping_twice_is_dropping_once(ada: Path) -> None:
    chosen = names(ada)[:2]
    drop(ada, chosen)
    assert drop(ada, chosen) == MovedFaces(0, 4)
    assert len(names(ada / DROPPED)) == 2


def test_what_was_dropped_is_never_overwritten(ada: Path) -> None:
    name = names(ada)[2]
    drop(ada, [name])
    (ada / DROPPED / name).rename(ada / name)  # a user brings it back, without its mask
    plain_picture(ada / DROPPED, name)
    drop(ada, [name])
    assert names(ada / DROPPED) == [f"{name[:-4]}-2.png", name]
    assert len(list((ada / DROPPED).glob("*.mask.png"))) == 1


def test_an_unknown_name_drops_nothing(ada: Path) -> None:
    before = names(ada)
    with pytest.raises(UserError) as error:
        drop(ada, [before[0], "first-00001.png"])
    assert "no face 'first-00001.png' there; did you mean 'first-0" in str(error.value)
    assert names(ada) == before
    with pytest.raises(UserError, match="no face 'nothing"):
        drop(ada, ["nothing-like-it.jpg"])


def test_keeping_is_dropping_the_rest(ada: Path) -> None:
    chosen = names(ada)[1:3]
    assert keep(ada, [f"data/ada/{name}" for name in chosen]) == MovedFaces(4, 2)
    assert names(ada) == chosen
    with pytest.raises(UserError, match="no face would be left"):
        keep(ada, [])
    assert names(ada) == chosen


def test_restoring_brings_back_all_or_some(ada: Path) -> None:
    before, painted = ids(ada), masks(ada)
    drop(ada, names(ada)[:4])
    assert restore(ada, [names(ada / DROPPED)[1]]) == MovedFaces(1, 3)
    assert restore(ada) == MovedFaces(3, 6)
    assert ids(ada) == before and masks(ada) == painted
    assert restore(ada) == MovedFaces(0, 6)
    with pytest.raises(UserError, match="no face 'x"):
        restore(ada, ["x.png"])


def test_restoring_exchanges_two_versions_of_a_face(ada: Path) -> None:
    name = names(ada)[2]
    old = (ada / name).read_bytes()
    assert face_folder.set_aside(ada / name) == ada / DROPPED / name
    entry = face_file.entries(ada)[2]
    assert entry.stored
    face_file.write_crop(ada / name, face_file.pixels(entry.place)[::-1], entry.stored)
    new = (ada / name).read_bytes()
    assert restore(ada) == MovedFaces(1, 6)
    assert (ada / name).read_bytes() == old != new
    assert [path.read_bytes() for path in (ada / DROPPED).glob("first*-2.png")] == [new]
    assert len(masks(ada)) == len(masks(ada / DROPPED)) == 1


def test_a_damaged_face_can_be_dropped(ada: Path) -> None:
    path = ada / names(ada)[0]
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":x'))
    drop(ada, [path.name])
    assert (ada / DROPPED / path.name).exists()


def test_sorting_numbers_the_names(ada: Path) -> None:
    plain, before, painted = names(ada), ids(ada), masks(ada)
    photo = plain_picture(ada)
    assert face_folder.sort(ada, "sharpness") == 7
    assert names(ada) == [
        *(f"{count:05d}-{name}" for count, name in enumerate(reversed(plain))),
        f"00006-{photo.name}",
    ]
    assert ids(ada) == before[::-1] and masks(ada) == painted
    face_folder.sort(ada, "time")
    assert names(ada)[:6] == [f"{count:05d}-{name}" for count, name in enumerate(plain)]
    assert ids(ada) == before and masks(ada) == painted


def test_a_number_of_the_name_itself_stays(tmp_path: Path) -> None:
    """A photo 00042.jpg gives a face with the id 00042-..., whose number must stay."""
    own = dataclasses.replace(face(0), id="00042-5ca1e0")
    face_file.write(tmp_path / f"{own.id}.png", np.zeros((128, 128, 3), np.uint8), own, size=8)
    for _ in range(2):
        face_folder.sort(tmp_path, "time")
        assert names(tmp_path) == ["00000-00042-5ca1e0.png"]
    drop(tmp_path, ["00042-5ca1e0.png"])
    assert names(tmp_path) == []


def test_sorting_gives_every_face_a_name_even_where_names_are_taken(ada: Path) -> None:
    before = ids(ada)
    for count, name in enumerate(names(ada)):
        (ada / name).rename(ada / f"{(count + 1) % 6:05d}-same.png")
    face_folder.sort(ada, "sharpness", backwards=True)
    assert names(ada) == [f"{count:05d}-same.png" for count in range(6)]
    assert ids(ada) == before


def test_a_list_holds_after_sorting(ada: Path) -> None:
    before, plain = ids(ada), names(ada)
    face_folder.sort(ada, "sharpness")
    numbered = names(ada)
    face_folder.sort(ada, "similarity")
    drop(ada, [plain[1], numbered[0]])
    assert sorted(ids(ada / DROPPED)) == [before[1], before[5]]


@given(st.integers(0, 99_999), st.from_regex(r"[a-z0-9-]{1,12}\.png", fullmatch=True))
def test_a_number_is_taken_away_again(number: int, name: str) -> None:
    assert face_folder.unnumbered(f"{number:05d}-{name}") == name


def test_a_list_of_names(tmp_path: Path) -> None:
    path = tmp_path / "drop.txt"
    path.write_text("\ufeffa.png\r\n\n  b c.png \n", encoding="utf-8")
    assert face_folder.read_list(path) == ["a.png", "b c.png"]
    path.write_text("\n")
    with pytest.raises(UserError, match="names no face"):
        face_folder.read_list(path)
    path.write_bytes(b"\xff\xfe")
    for wrong in (path, tmp_path / "absent.txt"):
        with pytest.raises(UserError, match="cannot be read as a list"):
            face_folder.read_list(wrong)


KILLED = """
import sys
from pathlib import Path
from faceswap_ae.faces.folders import face_folder

folder = Path(sys.argv[2])
print("go", flush=True)
if sys.argv[1] == "sort":
    face_folder.sort(folder, "sharpness")
else:
    names = [path.name for path in folder.glob("*.png") if "mask" not in path.name]
    face_folder.drop(folder, names)
"""


@pytest.mark.parametrize("what", ["sort", "drop"])
def test_a_kill_loses_nothing(tmp_path: Path, what: str) -> None:
    ada = tmp_path / "ada"
    for one in fill(ada, range(120), side=8):
        paint(ada, f"{one.id}.png").write_bytes(json.dumps(one.id).encode())
    before = sorted(ids(ada))
    command = [sys.executable, "-c", KILLED, what, str(ada)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"go\n"
        while not list(ada.glob("00000-*.png")) + list((ada / DROPPED).glob("f*-?????[0-9].png")):
            assert process.poll() in (None, 0)
        process.kill()
    dropped = ids(ada / DROPPED) if (ada / DROPPED).exists() else []
    assert sorted(ids(ada) + dropped) == before
    both = masks(ada) | (masks(ada / DROPPED) if dropped else {})
    assert both == {one: json.dumps(one).encode() for one in before}
    if what == "sort":
        face_folder.sort(ada, "sharpness")
        assert ids(ada) == [face(number).id for number in reversed(range(120))]
        assert all(NUMBERED.match(name) for name in names(ada))
