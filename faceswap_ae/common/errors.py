"""Which errors (exceptions) does the package raise, and who can repair the cause?

    FaceswapError
    ├── UserError       the command, a file or a setting is wrong; the text says what to do
    │   ├── MediaError      a picture or a clip cannot be read or written as asked
    │   ├── RecipeError     a setting has a wrong name or value
    │   │   └── SettingsChanged  a run was begun with other settings
    │   └── PluginError     a model or trainer is unknown, defined twice or faulty
    │       └── ContractError   what it gives is not what is asked; `plugins.blaming` adds where
    └── Fault           the machine failed: disk full, a broken installation

Each error has a text of one line: the thing, the value, the next step. What is not handled on the
way is caught by the command line, which prints that line.
"""

import difflib
from collections.abc import Iterable

OUT_OF_MEMORY = ("RESOURCE_EXHAUSTED", "ResourceExhausted", "out of memory", "OutOfMemory", "OOM")


class FaceswapError(Exception):
    """The base of all errors; the command line ends with `status` as its exit status."""

    status = 1


class UserError(FaceswapError):
    """Something that the user gave is wrong; the user can correct it."""

    status = 2


class MediaError(UserError):
    """A picture or a clip cannot be read or written as asked."""


class RecipeError(UserError):
    """A recipe or a `key=value` setting is wrong."""


class SettingsChanged(RecipeError):
    """A run was begun with other settings; `changes` names them."""

    def __init__(self, run: object, changes: str, recipe: object) -> None:
        begun = f"{run}: was begun with other settings ({changes})"
        old = f"go on with the old ones (--recipe {recipe})"
        super().__init__(f"{begun}; {old}, or give the run another name")
        self.changes = changes


class PluginError(UserError):
    """A model or a trainer cannot be found, is defined twice, or has a fault in its own code."""


class ContractError(PluginError):
    """A model or a trainer gives something else than its contract asks."""


class Fault(FaceswapError):
    """The machine failed; nothing in the command is wrong."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return one clause, with the nearest known name as a guess.

    For example: `unknown model 'orignal'; did you mean 'original'? (known: dfaker, original)`.
    """
    names = sorted(known)
    group = name[: name.rfind(".") + 1]
    if not all(one.startswith(group) for one in names):
        group = ""
    # The group that all of them are in is not compared: it would make each of them near.
    inside = [one.removeprefix(group) for one in names]
    near = difflib.get_close_matches(name.removeprefix(group).lower(), inside, n=1)
    guess = f"; did you mean '{group}{near[0]}'?" if near else ""
    return f"unknown {what} '{name}'{guess} (known: {', '.join(names) or 'none'})"


def is_out_of_memory(error: BaseException) -> bool:
    """Did a backend run out of memory? Each reports it in its own way."""
    text = f"{type(error).__name__} {error}"
    return isinstance(error, MemoryError) or any(word in text for word in OUT_OF_MEMORY)
