"""How is `commands.md` written from the help of every command? `python docs/commands.py`.

A test checks that the file is up to date.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from click.testing import CliRunner

from faceswap_ae.cli import main

PAGE = Path(__file__).with_suffix(".md")
WIDTH = 100  # characters
HEAD = """# Every command

What `--help` says, written here by `python docs/commands.py`.
"""


def page() -> str:
    """The text of the whole page."""
    top: Any = typer.main.get_command(main.app)
    shown = [f"\n## {name}\n\n```text\n{text}```\n" for name, text in _helps(top, top.name)]
    return HEAD + "".join(shown)


def _helps(command: Any, name: str) -> Iterator[tuple[str, str]]:
    words = name.split()[1:]
    top: Any = typer.main.get_command(main.app)
    said = CliRunner().invoke(
        top, [*words, "--help"], prog_name="faceswap-ae", terminal_width=WIDTH
    )
    yield name, said.output
    for inner, own in getattr(command, "commands", {}).items():
        yield from _helps(own, f"{name} {inner}")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
