"""What the documents show is what works."""

import ast
import importlib.util
import re
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer

from docs import commands
from faceswap_ae.cli import main
from faceswap_ae.common import plugins
from faceswap_ae.networks.model_interface import IdentityStatistics
from faceswap_ae.training.build import build_networks, build_setup
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.plugin_check import random_batches as batches
from faceswap_ae.training.recipe import parse_recipe, stages_of
from faceswap_ae.training.stages import ONLY
from faceswap_ae.training.stepper import Stepper
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_model_and_the_trainer_shown_work(tmp_path: Path) -> None:
    model, trainer = blocks("plugins.md", "python")
    for kind, name, code in (("models", "small", model), ("trainers", "plain", trainer)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"{name}.py").write_text(code)
    plugins.add_folder(tmp_path)
    text = "model: small\ntrainer: plain\nprecision: float32\nnetwork: {size: 32, width: .25}"
    settings = parse_recipe(text, "docs")
    own, pair = build_networks(settings), batches(32, 32)
    nothing = {name: np.zeros(1, np.float32) for name in pair}
    known = IdentityStatistics(nothing, nothing, nothing)
    stepper = Stepper(build_setup(settings, own, known).players, Optimiser(rate=1e-3))
    first, second = (stepper.step([pair], 1e-3) for _ in range(2))
    assert sum(second.values()) < sum(first.values())


def test_the_stages_shown_are_understood() -> None:
    (stages,) = (block for block in blocks("train.md", "yaml") if "stages:" in block)
    settings = parse_recipe(f"model: quick\ntrainer: gan\n{stages}", "docs")
    assert stages_of(settings) != ONLY
    assert [one.name for one in settings.stages] == ["generalise", "detail", "sharpen"]


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
