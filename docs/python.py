"""How is `python.md` written from the public functions? `python docs/python.py`.

A test checks that the file is up to date, and runs the examples.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import faceswap_ae
from faceswap_ae.interface import arguments, progress_bars, results
from faceswap_ae.interface.docstrings import argument_texts, description, example

PAGE = Path(__file__).with_suffix(".md")
# In the order in which the examples are run: each uses the files of those before it.
FUNCTIONS = (
    "synth",
    "extract",
    "train",
    "convert",
    "evaluate",
    "swap",
    "reenact",
    "anonymise",
    "verify",
)
TYPES = ("AnyPath", "Paths", "Texts", "Numbers", "Time", "Device", "Changes")
HEAD = """# From Python

Seven functions do what the commands of the same names do. A path is a `str` or a `Path`; where many
are taken, one alone will do. What a function returns can be given where a path is wanted:

```python
import faceswap_ae as fs

ben, ada = fs.extract("ben.mp4", name="ben"), fs.extract("ada.mp4", name="ada")
run = fs.train(ben, ada, minutes=30)
swap = fs.convert("ada.mp4", run, "swap.mp4")
fs.evaluate(swap, face="ben.mp4", onto="ada.mp4")
```

In a notebook a result shows itself: a sheet of faces, the preview of a training, the video, the
report; [how to open one](../notebooks/README.md#on-your-machine). `print` shows the lines of the
command. Terminals and notebooks show a bar;
`progress=False` shows none, and `progress=show` calls `show(task, share, words)`: what is done, how
much of it (0 to 1), and the rest in words.

Errors are `faceswap_ae.FaceswapError`; their text is one line that says what to do. What was
stopped goes on when the same function is called again. Warnings are shown, notes are not:
`logging.basicConfig(level="INFO")` shows both. A file that is none of our outputs is replaced only
with `overwrite=True`.

This page is written by `python docs/python.py`. A test runs its examples, in this order.
"""


def page() -> str:
    """The text of the whole page."""
    return "\n".join([HEAD, *map(_section, FUNCTIONS), *_results(), *_types()])


def _section(name: str) -> str:
    function = inspect.unwrap(getattr(faceswap_ae, name))
    hints, texts = get_type_hints(function), argument_texts(function)
    parameters = inspect.signature(function).parameters
    needed = ", ".join(one.name for one in parameters.values() if one.default is one.empty)
    rows = []
    for one in parameters.values():
        default = "" if one.default is one.empty else f"`{one.default!r}`"
        kind = _type_name(hints[one.name]).replace("|", "\\|")
        rows.append(f"| `{one.name}` | `{kind}` | {default} | {texts[one.name]} |")
    return "\n".join(
        (
            f"## {name}\n\n`{name}({needed}, ...) -> {hints['return'].__name__}`\n",
            f"{description(function)}\n\n```pycon\n{example(function)}\n```\n",
            "| argument | type | default | |",
            "|---|---|---|---|",
            *rows,
            "",
        )
    )


def _results() -> Iterator[str]:
    """The fields and the properties of what the functions return."""
    yield "## What they return\n\n| | |\n|---|---|"
    for name, kind in vars(results).items():
        if name.startswith("_") or not name.endswith(("Result", "File")):
            continue
        own = [one.name for one in fields(kind)]
        own += [key for key, value in vars(kind).items() if isinstance(value, property)]
        named = ", ".join(f"`{one}`" for one in own if one != "place")
        yield f"| `{name}`: {inspect.getdoc(kind)} | {named} |"
    yield ""


def _types() -> Iterator[str]:
    yield "## Types\n\n| | |\n|---|---|"
    named = {name: getattr(arguments, name) for name in TYPES}
    named["ProgressFunction"] = progress_bars.ProgressFunction
    for name, kind in named.items():
        text = _plain(kind).replace("|", "\\|")
        yield f"| `{name}` | `{text}` |"
    yield ""


def _type_name(hint: Any) -> str:
    """A type by its name in the signature."""
    for name in (*TYPES, "ProgressFunction"):
        kind: Any = getattr(arguments, name, None) or getattr(progress_bars, name)
        others = {"": kind, " | None": kind | None, "bool | ": bool | kind}
        for more, known in others.items():
            if hint == known:
                return f"{more}{name}" if more.endswith("| ") else f"{name}{more}"
    return _plain(hint)


def _plain(hint: Any) -> str:
    text = hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint)
    return text.replace("typing.", "").replace("collections.abc.", "")


def examples(function: Callable[..., Any]) -> str:
    """What a test runs."""
    return example(inspect.unwrap(function))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
