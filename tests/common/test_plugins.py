import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap_ae.common import plugins
from faceswap_ae.common.errors import PluginError


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    places = importlib.import_module("faceswap_ae.models").__path__
    before = list(places)
    yield
    places[:] = before
    for name in [name for name in sys.modules if name.startswith("faceswap_ae.models.")]:
        del sys.modules[name]


def add(folder: Path, name: str, text: str = "def build(options): return options") -> Path:
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / f"{name}.py").write_text(text)
    return folder


def installed(folder: Path, name: str, module: str) -> None:
    """Write a third-party package with an entry point into a folder, as pip installs it."""
    (folder / f"{module}.py").write_text("ORIGIN = 'third party'")
    info = folder / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[faceswap_ae.models]\n{name} = {module}\n")


def test_files_of_an_added_folder(tmp_path: Path) -> None:
    plugins.add_folder(add(add(tmp_path, "pocket"), "_hidden"))
    assert "pocket" in plugins.names("models")
    assert "_hidden" not in plugins.names("models")
    assert "pocket" not in plugins.names("trainers")
    assert plugins.load("models", "pocket").build(7) == 7


def test_adding_twice_is_adding_once(tmp_path: Path) -> None:
    plugins.add_folder(add(tmp_path, "pocket"))
    plugins.add_folder(tmp_path)
    assert plugins.load("models", "pocket")


def test_unknown_name_lists_the_known(tmp_path: Path) -> None:
    plugins.add_folder(add(tmp_path, "pocket"))
    with pytest.raises(PluginError, match="unknown model 'poket'; did you mean 'pocket'"):
        plugins.load("models", "poket")


def test_a_file_with_null_bytes_is_named(tmp_path: Path) -> None:
    file = add(tmp_path, "pocket") / "models" / "pocket.py"
    file.write_bytes(b"size = 64\x00\n")
    plugins.add_folder(tmp_path)
    with pytest.raises(PluginError, match=r"pocket\.py.*null bytes"):
        plugins.load("models", "pocket")


def test_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "foreign", "foreign_swap")
    monkeypatch.syspath_prepend(tmp_path)
    assert "foreign" in plugins.names("models")
    assert plugins.load("models", "foreign").ORIGIN == "third party"


def test_one_name_in_two_places_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "pocket", "pocket_swap")
    monkeypatch.syspath_prepend(tmp_path)
    plugins.add_folder(add(tmp_path / "mine", "pocket"))
    with pytest.raises(PluginError, match="pocket") as caught:
        plugins.load("models", "pocket")
    assert str(tmp_path / "mine") in str(caught.value) and "pocket_swap" in str(caught.value)


def test_folder_without_plugins(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="neither a models/ nor a trainers/"):
        plugins.add_folder(tmp_path)
