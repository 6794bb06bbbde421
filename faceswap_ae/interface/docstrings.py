"""What does a public function's docstring say: its text, its examples, and each argument?"""

import inspect
import re
from collections.abc import Callable
from typing import Any

ARGUMENT = re.compile(r"    (\w+): (.*)")


def description(function: Callable[..., Any]) -> str:
    """The text before the examples."""
    return _parts(function)[0].partition(">>>")[0].strip()


def example(function: Callable[..., Any]) -> str:
    """The example, as it stands in the docstring."""
    _, sign, rest = _parts(function)[0].partition(">>>")
    return (sign + rest).strip()


def argument_texts(function: Callable[..., Any]) -> dict[str, str]:
    """What is said of each argument."""
    found: dict[str, str] = {}
    for line in _parts(function)[1].splitlines():
        argument = ARGUMENT.fullmatch(line)
        if argument:
            found[argument[1]] = argument[2]
        elif found:
            last = next(reversed(found))
            found[last] += f" {line.strip()}"
    return found


def _parts(function: Callable[..., Any]) -> tuple[str, str]:
    text, _, arguments = (inspect.getdoc(function) or "").partition("\n\nArgs:\n")
    return text, arguments
