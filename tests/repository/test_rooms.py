"""Do the pages about the rooms say what the rooms say, and does every path in them exist?"""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

CORE = ROOT / "faceswap_ae"
ROOMS = sorted(path.parent for path in CORE.rglob("__init__.py") if path.parent != CORE)
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EVERYDAY = 25  # changes that the table "to change X, open Y" has at least


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(CORE).as_posix())
def test_a_room_s_charter_opens_its_section(room: Path) -> None:
    text = (room / "__init__.py").read_text(encoding="utf-8")
    question, _, rest = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")
    section = f"`{room.relative_to(CORE).as_posix()}/`\n\n*{question}*\n\n{rest}\n"
    assert question.endswith("?")
    assert section in ARCHITECTURE


def test_the_table_of_everyday_changes_names_files_that_exist() -> None:
    table = CONTRIBUTING.partition("## To change X, open Y")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and "---" not in row][1:]
    assert len(rows) >= EVERYDAY
    for row in rows:
        paths = re.findall(r"`([\w/.]+\.(?:py|yaml|cfg|in))`", row.split("|")[2])
        assert paths, row
        for path in paths:
            places = (ROOT / path, CORE / path)
            assert any(place.is_file() for place in places), f"{row}: no {path}"


def test_modules_named_in_the_pages_exist() -> None:
    """`faceswap_ae/x/y.py` in every page leads somewhere."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for path in re.findall(r"`(faceswap_ae/[\w/]+\.py)`", text):
            assert (ROOT / path).is_file(), f"{page.name}: no {path}"
