"""Does every import go down, from room to room as docs/architecture.md draws them?"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

CORE = ROOT / "faceswap_ae"
# Which rooms a room imports, beside itself, `common` and `version`. The command line may use all.
ROOMS = {
    "common": "",
    "runtime": "",
    "media": "",
    "faces": "media runtime",
    "marks": "media",
    "networks": "runtime",
    "synthetic": "media",
    "extraction": "faces media",
    "reenactment": "faces",
    "training": "networks faces media runtime",
    "conversion": "training reenactment networks faces marks media runtime",
    "evaluation": "conversion training networks faces synthetic media",
    "pipelines": "evaluation conversion training extraction faces synthetic marks media",
    "interface": (
        "pipelines evaluation conversion training extraction faces synthetic marks media runtime"
    ),
}
# And inside a room, which of its sub-rooms a sub-room imports; "" are the files at its root.
INSIDE = {
    "faces": {"": "", "folders": "", "detection": "folders"},
    "extraction": {"importers": "", "": ""},
    "training": {"runs": "", "data": "", "losses": "", "": "runs data losses"},
    "conversion": {"compositing": "", "": "compositing"},
}
ROOT_FILES = {"faces"}  # rooms whose root is their lowest floor: sub-rooms import it


def files(room: str) -> list[Path]:
    return sorted((CORE / room).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module or name of the package that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports say the whole path"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def parts(name: str) -> list[str]:
    """`faceswap_ae.faces.folders.journal.Journal`: faces, folders, journal, Journal."""
    package, *rest = name.split(".")
    return rest if package == "faceswap_ae" else []


def sub_room(room: str, path: list[str]) -> str:
    return path[0] if len(path) > 1 and (CORE / room / path[0]).is_dir() else ""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_rooms_below_it(room: str) -> None:
    allowed = {room, "common", "version", *ROOMS[room].split()}
    for path in files(room):
        for name in imported(path):
            found = parts(name)
            assert not found or found[0] in allowed, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("room", INSIDE)
def test_a_sub_room_imports_sub_rooms_below_it(room: str) -> None:
    for path in files(room):
        own = sub_room(room, list(path.relative_to(CORE / room).parts))
        below = {own, *INSIDE[room][own].split(), *([""] if room in ROOT_FILES else [])}
        for name in imported(path):
            found = parts(name)
            if found and found[0] == room:
                other = sub_room(room, found[1:])
                assert other in below, f"{path.relative_to(ROOT)} imports {name}"


def test_every_room_and_sub_room_is_known() -> None:
    for room in (one for one in CORE.iterdir() if (one / "__init__.py").is_file()):
        assert room.name in {*ROOMS, "cli"}
        inside = {one.name for one in room.iterdir() if (one / "__init__.py").is_file()}
        assert inside == set(INSIDE.get(room.name, {})) - {""}


def test_plug_ins_import_what_is_meant_for_them() -> None:
    allowed = {"models": ("networks",), "trainers": ("networks", "training.losses")}
    for kind, rooms in allowed.items():
        for path in sorted((ROOT / kind).glob("*.py")):
            for name in imported(path):
                found = ".".join(parts(name))
                assert not found or found.startswith(rooms), f"{kind}/{path.name} imports {name}"


def test_no_file_has_the_name_of_another_room_or_function() -> None:
    modules = [path.stem for room in ROOMS for path in files(room) if path.stem != "__init__"]
    twice = {name for name in modules if modules.count(name) > 1}
    assert not twice


def test_no_file_is_long() -> None:
    every = [path for room in (*ROOMS, "cli") for path in files(room)]
    for path in [*every, *(ROOT / "models").glob("*.py"), *(ROOT / "trainers").glob("*.py")]:
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 300, f"{path.relative_to(ROOT)} has {lines} lines"
