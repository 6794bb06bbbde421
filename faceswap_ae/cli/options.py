"""How do the parameters of a public function become the options of its command?

Names, types, defaults and help are those of the function: its signature and the "Args" of its
docstring. A command says only what differs: which parameters are arguments, and other names.
"""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from faceswap_ae.cli.terminal import Session
from faceswap_ae.interface.arguments import AnyPath, Changes, Device, Numbers, Paths, Texts, Time
from faceswap_ae.interface.docstrings import argument_texts

# Parameters that are no option of one command: the session knows them, or another option does.
PYTHON_ONLY = ("data", "runs", "progress", "page")
TYPES: Mapping[Any, Any] = {
    AnyPath: Path,
    Paths: list[Path],
    Texts: list[str],
    Numbers: list[int],
    Changes: list[str],
    Time: str,
    Device: str,
}
MANY = (Paths, Texts, Numbers, Changes)

Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace a file at OUT, though it is none of our outputs."),
]
Command = Callable[..., None]


def options_of(
    function: Callable[..., Any], arguments: tuple[str, ...] = (), **flags: str
) -> Callable[[Command], Command]:
    """Give a command the parameters of a function: `arguments` have no name, `flags` another."""

    def decorate(command: Command) -> Command:
        plain = inspect.unwrap(function)
        hints, texts = get_type_hints(plain), argument_texts(plain)
        parameters = [
            one
            for one in inspect.signature(command, eval_str=True).parameters.values()
            if one.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        own = len(parameters) - 1  # options of the command alone, which come last
        for name, given in inspect.signature(plain).parameters.items():
            if name in PYTHON_ONLY:
                continue
            make = typer.Argument if name in arguments else typer.Option
            flag = () if name in arguments else _flags(name, given.default, flags)
            kind, default = _cli_type(hints[name], given.default)
            # Not as a Path, which makes `./ada` a bare name: a folder, not the person `ada`.
            text = texts[name].replace(", or several", "; repeatable")
            told = make(*flag, help=text, path_type=str)
            annotation: Any = Annotated[kind, told]
            keyword = inspect.Parameter.KEYWORD_ONLY
            option = inspect.Parameter(name, keyword, default=default, annotation=annotation)
            parameters.insert(len(parameters) - own, option)
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return command

    return decorate


def call(
    function: Callable[..., Any], session: Session, given: Mapping[str, Any], **more: object
) -> Any:
    """Call a public function for a command: its errors speak of options as the user typed them."""
    plain = inspect.unwrap(function)
    known = inspect.signature(plain).parameters
    own = {"data": session.data, "runs": session.runs, "progress": not session.quiet, **more}
    said = {name: value for name, value in given.items() if value is not None}
    return plain(**said, **{name: value for name, value in own.items() if name in known})


def _flags(name: str, default: object, flags: Mapping[str, str]) -> tuple[str, ...]:
    own = f"--{name.replace('_', '-')}"
    if name in flags:
        return tuple(flags[name].split())
    if default is True:
        return (f"{own}/--no-{own.removeprefix('--')}",)
    return (own,)


def _cli_type(hint: Any, default: object) -> tuple[Any, object]:
    """The type of an option, and its default; options that may be missing are None."""
    optional = default is None or (hint in MANY and default is not inspect.Parameter.empty)
    bare = next((one for one in TYPES if hint in (one, one | None)), hint)
    kind = TYPES.get(bare, bare)
    if optional:
        return kind | None, None
    return kind, default
