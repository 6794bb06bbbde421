"""What is around each call of a public function: whose words do errors and warnings speak?

Messages of the core name an option as the command line does. Here they become the words of Python:
`--detector cnn` is `detector="cnn"`, `--as` is `name=`.
"""

import inspect
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

from faceswap_ae.common.errors import FaceswapError, UserError, unknown
from faceswap_ae.interface.arguments import check_types

P = ParamSpec("P")
T = TypeVar("T")

# Options that Python calls otherwise: some of them are words of the language.
PYTHON_NAMES = {"as": "name", "not": "spare", "max": "most", "with": "company"}
SWITCHES = ("everyone", "keep-going", "overwrite")
VALUES = ("cnn", "png")  # that messages advise
# An option, and what stands after it if that is its value: a number, WHAT TO GIVE, a value that the
# message is about ("--crop wole: ..."), or one that it advises.
OPTION = re.compile(
    r"(?<![\w-])--(?P<name>[a-z]+(?:-[a-z]+)*)"
    rf"(?: (?P<value>-?\d[\d.]*|[A-Z]{{3,}}\b|[^\s:]+(?=:)|(?:{'|'.join(VALUES)})\b))?"
)
OUT = re.compile(r"(?<!\S)-o (\w+)")
COMMAND = re.compile(r"faceswap-ae \w+[^;:,)]*")  # stays as it is, with its own options


def in_python(text: str) -> str:
    """A message in the words of Python."""
    begin, parts = 0, []
    for command in COMMAND.finditer(text):
        parts += [_translated(text[begin : command.start()]), command[0]]
        begin = command.end()
    return "".join([*parts, _translated(text[begin:])])


def _translated(text: str) -> str:
    return OUT.sub(r'out="\1"', OPTION.sub(_keyword, text))


def _keyword(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    keyword = PYTHON_NAMES.get(name, name.replace("-", "_"))
    if value is None:
        return f"{keyword}=True" if name in SWITCHES else f"{keyword}="
    plain = value.isupper() or value[0] in "-0123456789'\""
    return f"{keyword}={value}" if plain else f'{keyword}="{value}"'


def public(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function speak the words of Python. The command line calls what is inside."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with _heard():
            try:
                _check(function, args, kwargs)
                return function(*args, **kwargs)
            except FaceswapError as error:
                error.args = (in_python(str(error)),)
                raise

    return call


def _check(
    function: Callable[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> None:
    """Raise UserError for a wrong keyword, one that is lacking, or a value of another type."""
    signature = inspect.signature(function)
    wrong = next((name for name in kwargs if name not in signature.parameters), None)
    if wrong is not None:
        raise UserError(f"{function.__name__}: {unknown('argument', wrong, signature.parameters)}")
    try:
        given = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise UserError(f"{function.__name__}: {error}") from error
    check_types(get_type_hints(function), given.arguments)


class _Words(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"warning: {in_python(record.getMessage())}"


@contextmanager
def _heard() -> Iterator[None]:
    """Show warnings, unless the program has a log of its own."""
    logger = logging.getLogger("faceswap_ae")
    if logger.hasHandlers():
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(_Words())
    handler.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
