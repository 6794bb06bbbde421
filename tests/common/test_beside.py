from pathlib import Path

import pytest

from faceswap_ae.common.beside import beside
from faceswap_ae.common.errors import UserError


def test_the_name_and_more() -> None:
    assert beside(Path("data/ada"), after=".zip") == Path("data/ada.zip")
    assert beside(Path("ada.mp4"), before=".", after=".parts") == Path(".ada.mp4.parts")


def test_a_folder_that_is_named_by_dots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "ada" / "more"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert beside(Path(), after=".zip") == tmp_path.resolve() / "ada" / "more.zip"
    assert beside(Path(".."), after=".zip") == tmp_path.resolve() / "ada.zip"


def test_a_disk_stands_beside_nothing() -> None:
    with pytest.raises(UserError, match="is a whole disk"):
        beside(Path("/"), after=".zip")
