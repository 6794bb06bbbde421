"""Which models and trainers (plug-ins) are there, how is one loaded, and whose fault is an error?

Plug-ins come from three places, in this order: the folders `models/` and `trainers/` of this
project, folders given with `--plugins`, and entry points of installed packages in the groups
`faceswap_ae.models` and `faceswap_ae.trainers`. A name that is in two places is refused, because
nobody could tell which of the two ran.

Whatever runs the code of a plug-in does so in `blaming`: an error in it then names its file and
its line.
"""

import dataclasses
import importlib
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from faceswap_ae.common import config
from faceswap_ae.common.errors import (
    ContractError,
    FaceswapError,
    PluginError,
    is_out_of_memory,
    unknown,
)

Kind = Literal["models", "trainers"]
KINDS: tuple[Kind, ...] = ("models", "trainers")
LONGEST = 300  # characters of an error's text; Keras's name every argument

# A line of the traceback that TensorFlow writes into the text of an error in compiled code.
TRACED = re.compile(r'^ *File "(.+)", line (\d+), in (.+)$', re.MULTILINE)
# What error texts name of the backend's own: colours, nodes, functions, arguments.
INNER = re.compile(
    r"\x1b\[[0-9;]*m|\[\[\{\{.*?\}\}\]\]|\{\{function_node .*?\}\}|\[Op:.*?\](?: name: *)?"
)


def names(kind: Kind) -> list[str]:
    """Return every name that `load` knows, sorted; no plug-in is imported."""
    return sorted(_homes(kind))


def load(kind: Kind, name: str) -> ModuleType:
    """Import and return the module of one model or trainer."""
    homes = _homes(kind)
    if name not in homes:
        told = unknown(kind.removesuffix("s"), name, homes)
        raise PluginError(f"{told}; --plugins DIR adds those of a folder of yours")
    home, *others = homes[name]
    if others:
        both = " and ".join(map(_format_home, homes[name]))
        raise PluginError(f"{kind}: '{name}' is defined by {both}; rename one of them")
    with blaming():
        if isinstance(home, Path):
            try:
                return importlib.import_module(f"faceswap_ae.{kind}.{name}")
            except SyntaxError as error:  # that of a text with null bytes names no file
                error.filename = error.filename or str(home / f"{name}.py")
                raise
        return importlib.import_module(home.module)


def options_type(module: ModuleType) -> Any:
    """Return a plug-in's `Options`, which must be settings that a recipe can hold."""
    with blaming(module):
        kind: Any = getattr(module, "Options", None)
        _check_options(kind)
        if not callable(getattr(module, "build", None)):
            raise ContractError("has no function build")
        kind()  # its own check must allow its own defaults
    return kind


def _check_options(kind: Any) -> None:
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise ContractError("has no dataclass Options, which holds its settings")
    if not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise ContractError("Options: must be frozen, as @dataclass(frozen=True)")
    for one in dataclasses.fields(kind):
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            raise ContractError(f"Options: {one.name} must have a default value")
    try:
        wrong = config.unreadable_fields(kind)
    except NameError as error:
        raise ContractError(f"Options: {error}") from error
    if wrong:
        types = "bool, int, float, str, Path, Literal, tuple[X, ...] or X | None"
        raise ContractError(f"Options: no recipe can hold the type of {wrong[0]}; take {types}")


@contextmanager
def blaming(module: ModuleType | None = None) -> Iterator[None]:
    """Turn an error of a plug-in's code, or a contract that `module` broke, into a PluginError."""
    try:
        yield
    except ContractError as error:
        if module is None:
            raise
        raise PluginError(f"{_format_place(*_build_place(module))}: {error}") from error
    except FaceswapError:
        raise
    except Exception as error:
        places = _fault_places(error)
        if not places or is_out_of_memory(error):
            raise
        where, *others = places
        callers = [_format_place(file, line, where[0]) for file, line in others]
        called = f" (called from {' and '.join(callers)})" if callers else ""
        text = f"{_format_place(*where)}{called}: {type(error).__name__}: {_short(str(error))}"
        raise PluginError(f"{text} (--debug shows the whole way there)") from error


def _fault_places(error: Exception) -> list[tuple[str, int]]:
    """Return the places in plug-ins that an error came through: files, each with a line.

    The first is where it arose. Then come the line of the same file that led there, if it is
    another, and the nearest line of another file.
    """
    if isinstance(error, SyntaxError) and error.filename and _is_plugin(error.filename):
        return [(error.filename, error.lineno or 1)]
    inward = [one for one in _frames(error) if _is_plugin(one[0])]
    own = [one for one in inward if one[0] == inward[-1][0]]
    others = [one for one in inward if one[0] != inward[-1][0]]
    return list(dict.fromkeys([*own[:-2:-1], *own[:1], *others[-1:]]))


def _frames(error: Exception) -> list[tuple[str, int]]:
    """Return the files and lines that an error came through, inward; a comprehension is one."""
    frames = [(one.filename, one.lineno or 1, one.name) for one in _traced(error)]
    following = [*frames[1:], ("", 0, "")]
    return [
        (file, line)
        for (file, line, _), (inner, _, name) in zip(frames, following, strict=True)
        if inner != file or not name.endswith(("comp>", "genexpr>"))
    ]


def _traced(error: Exception) -> list[traceback.FrameSummary]:
    """Return the traceback of an error; in compiled code, it is in the text of the error."""
    compiled = [
        traceback.FrameSummary(one[1], int(one[2]), one[3]) for one in TRACED.finditer(str(error))
    ]
    return compiled or list(traceback.extract_tb(error.__traceback__))


def _is_plugin(file: str) -> bool:
    path = Path(file).resolve()
    if any(Path(place).resolve() in path.parents for kind in KINDS for place in _places(kind)):
        return True
    points = [point for kind in KINDS for point in entry_points(group=f"faceswap_ae.{kind}")]
    loaded = [sys.modules.get(point.module) for point in points]
    return any(path == Path(one.__file__).resolve() for one in loaded if one and one.__file__)


def _build_place(module: ModuleType) -> tuple[str, int]:
    """Return a plug-in's file, and the line of its `build` or else its first."""
    code = getattr(getattr(module, "build", None), "__code__", None)
    if code is None or code.co_filename != module.__file__:
        return str(module.__file__), 1
    return code.co_filename, code.co_firstlineno


def _format_place(file: str, line: int, named: str = "") -> str:
    """Say where something is; the file only if it is not the one that was named already."""
    path, here = Path(file), Path.cwd()
    shown = path.relative_to(here) if here in path.parents else path
    return f"line {line}" if file == named else f"{shown}, line {line}"


def _short(text: str) -> str:
    """Return an error's text without its traceback, and without what is the backend's own."""
    plain = INNER.sub("", TRACED.split(text)[-1]).partition("Arguments received by")[0]
    line = " ".join(plain.split()).rstrip(".")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def add_folder(folder: Path) -> None:
    """Search for plug-ins in `folder/models` and `folder/trainers` too."""
    found = [kind for kind in KINDS if (folder / kind).is_dir()]
    if not found:
        raise PluginError(f"{folder}: has neither a models/ nor a trainers/ folder")
    for kind in found:
        path = str((folder / kind).resolve())
        places = _places(kind)
        if path not in places:
            places.append(path)


def _homes(kind: Kind) -> dict[str, list[Path | EntryPoint]]:
    """Return, for each name, the folders and entry points that define it."""
    homes: dict[str, list[Path | EntryPoint]] = {}
    for place in _places(kind):
        for module in pkgutil.iter_modules([place]):
            if not module.name.startswith("_"):
                homes.setdefault(module.name, []).append(Path(place))
    for point in entry_points(group=f"faceswap_ae.{kind}"):
        homes.setdefault(point.name, []).append(point)
    return homes


def _places(kind: Kind) -> list[str]:
    """Return the folders in which the kind's package is searched; appending to it adds one."""
    package = importlib.import_module(f"faceswap_ae.{kind}")
    places: list[str] = package.__dict__["__path__"]
    return places


def _format_home(home: Path | EntryPoint) -> str:
    if isinstance(home, Path):
        return f"a file in {home}"
    return f"the installed package of {home.value}"
