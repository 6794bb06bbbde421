import json
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders import face_file
from faceswap_ae.faces.identities import KnownPerson
from faceswap_ae.pipelines import stand_ins
from faceswap_ae.pipelines.stand_ins import StandIns
from tests.support.face_records import somebody

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two imaginary people: each is drawn and found once for this module."""
    monkeypatch.setattr(stand_ins, "MANY", 2)


def person(seed: int) -> KnownPerson:
    return KnownPerson(somebody(seed)[None].astype(np.float32))


def by_name(folder: Path) -> float:
    return 0.5 if folder.name.endswith("1000") else 0.6


def test_who_is_least_like_the_person_stands_in_and_the_next_gets_another(tmp_path: Path) -> None:
    own = StandIns(tmp_path)
    one, two = own.number(person(1), by_name), own.number(person(2), by_name)
    assert [known.name for known in own.people] == ["random:1001", "random:1000"]
    assert own.number(person(1), by_name) == one and own.number(person(2), by_name) == two
    assert own.number(person(3), by_name) == 2  # more people than faces: a face comes again
    assert own.people[2].name == "random:1001"


def test_the_pictures_are_drawn_once(tmp_path: Path) -> None:
    own = StandIns(tmp_path)
    folder = own.folder(own.number(person(1), by_name))
    assert len(face_file.pictures(folder)) > 6
    written = {path: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    again = StandIns(tmp_path)
    assert again.number(person(1), by_name) == 0 and again.folder(0) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.png")} == written


def test_a_table_is_kept_only_if_asked_for(tmp_path: Path) -> None:
    table = tmp_path / "who.json"
    StandIns(tmp_path / "work").number(person(1), by_name)
    assert not list(tmp_path.rglob("*.json"))
    StandIns(tmp_path / "work", table=table).number(person(1), by_name)
    again = StandIns(tmp_path / "work", table=table)
    assert again.number(person(1), by_name) == 0
    assert [known.name for known in again.people] == ["random:1001"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"people": [{"name": "random:1000", "descriptors": []}]}',
        '{"people": [{"name": "random:1000", "descriptors": [[1, 2]]}]}',
        '{"people": [{"name": 5, "descriptors": []}]}',
        json.dumps({"people": [{"name": "a", "descriptors": [["x"] * 128]}]}),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str) -> None:
    table = tmp_path / "who.json"
    table.write_text(text)
    with pytest.raises(UserError, match="is no table of anonymise"):
        StandIns(tmp_path, table=table)
