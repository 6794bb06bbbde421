"""What can go wrong, and whose move is it?

    FaceswapError
    ├── UserError       the command, a file or a setting is not right; the text says what to do
    │   ├── MediaError      a picture or a clip that cannot be read or written as asked
    │   ├── RecipeError     a setting with a wrong name or value
    │   └── PluginError     an unknown or doubly defined model or trainer
    └── Fault           the machine gave out: disk full, a broken installation

The core raises these with one line: the thing, the value, the next step. Only the command line
catches them.
"""

import difflib
from collections.abc import Iterable


class FaceswapError(Exception):
    """The root. `status` is the exit status that the command line gives it."""

    status = 1


class UserError(FaceswapError):
    """The user's move: something given is not right."""

    status = 2


class MediaError(UserError):
    """A picture or a clip."""


class RecipeError(UserError):
    """A recipe or a `key=value`."""


class PluginError(UserError):
    """A model or a trainer."""


class Fault(FaceswapError):
    """The machine's side: nothing in the command is wrong."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """One clause: `unknown model 'orignal'; did you mean 'original'? (known: dfaker, original)`."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} '{name}'{guess} (known: {', '.join(names) or 'none'})"
