"""What the documents show is what works."""

import ast
import importlib.util
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from docs import commands, settings
from faceswap_ae.cli import main
from faceswap_ae.training.recipe import parse_recipe, stages_of
from faceswap_ae.training.stages import ONLY
from tests.conftest import ROOT
from tests.support.own_plugins import forgotten

BEFORE = ROOT / "tests" / "written_before"  # faces of ada and ben, and a clip of ada
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The commands that plugins.md shows, in a folder with its files, faces and a clip."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(BEFORE / "data", tmp_path / "data")
    shutil.copy(BEFORE / "ada.mp4", tmp_path)
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    files = re.findall(r"`(mine/\w+/\w+\.py)`:\n\n```python\n(.*?)```", text, re.DOTALL)
    assert len(files) == len(blocks("plugins.md", "python")) == 2
    for name, code in files:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(code)
    (shown,) = blocks("plugins.md", "sh")
    with forgotten():
        yield shown.splitlines()


def test_the_model_and_the_trainer_shown_are_trained(author: list[str]) -> None:
    (line,) = (line for line in author if " train " in line)
    assert main.main(line.split()[1:]) == 0
    (recipe,) = blocks("plugins.md", "yaml")
    assert parse_recipe(recipe, "docs").network.latent == 128


@pytest.mark.slow
def test_every_line_of_the_example_works_as_printed(author: list[str]) -> None:
    for line in author:
        assert main.main(line.split()[1:]) == 0, line
    assert Path("swap.mp4").is_file()


def test_the_stages_shown_are_understood() -> None:
    (stages,) = (block for block in blocks("train.md", "yaml") if "stages:" in block)
    recipe = parse_recipe(f"model: quick\ntrainer: gan\n{stages}", "docs")
    assert stages_of(recipe) != ONLY
    assert [one.name for one in recipe.stages] == ["generalise", "detail", "sharpen"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)|<img src=\"([^\"]+)\"", text)
    places = [one or other for one, other in linked]
    missing = [
        place for place in places if "://" not in place and not (page.parent / place).exists()
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_python_examples_import_is_there(page: Path) -> None:
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module or "")
                assert [one.name for one in node.names if not _has(module, one.name)] == []


def _has(module: ModuleType, name: str) -> bool:
    inner = f"{module.__name__}.{name}"
    return hasattr(module, name) or importlib.util.find_spec(inner) is not None


def test_the_settings_shown_are_those_of_the_code() -> None:
    """`python docs/settings.py` mends it."""
    assert settings.PAGE.read_text(encoding="utf-8") == settings.page()


def test_every_setting_says_what_it_does() -> None:
    rows = re.findall(r"^\| `[\w.]+` \|[^|]+\|[^|]+\|([^|]*)\|", settings.page(), re.MULTILINE)
    assert len(rows) > 100
    assert all(row.strip() for row in rows)


LOCKED = re.findall(r"^typer==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)


@pytest.mark.skipif([version("typer")] != LOCKED, reason="another typer words its help otherwise")
def test_the_help_shown_is_what_commands_say() -> None:
    """`python docs/commands.py` mends it."""
    assert commands.PAGE.read_text(encoding="utf-8") == commands.page()


def asked(words: list[str]) -> tuple[Any, list[str]]:
    """The command that a line names, and what is said to it."""
    command: Any = typer.main.get_command(main.app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_shown_have_the_options_shown(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^(?:\.venv/bin/)?faceswap-ae ([^\n]*)$", text, re.MULTILINE)
    for line in shown:
        command, words = asked(line.partition("  #")[0].split())
        assert command.name != "faceswap-ae", line
        own = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
        said = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert said <= own | main.EVERYWHERE.keys() | {"--help", "--debug"}, line
