"""How is a YAML text parsed into a frozen dataclass, with all mistakes reported at once?

YAML's own guesses at types are not used: it reads `2e-4` as a word, `12:30` as 750 and `on` as
True. So this module reads the parser's node tree and converts each word to the type that its field
declares. Field types: bool, int, float, str, Fraction, Path, Literal, X | None, tuple[X, ...],
dict[str, X], and dataclasses of these.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import yaml

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.errors import RecipeError, unknown
from faceswap_ae.common.limits import read_whole

T = TypeVar("T")
TOO_DEEP = "brackets in brackets, deeper than any recipe"
SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOTHING = ("", "~", "null")
LINE_ENDS = "\x85\u2028\u2029"
PLAIN = "tag:yaml.org,2002:"


def parse(
    kind: type[T],
    text: str,
    name: str,
    overrides: Sequence[str] = (),
    without: Collection[str] = (),
) -> T:
    """Return `text` as a `kind`, with `key=value` overrides; `name` is used in error messages.

    `without` names settings, as `group.key`, that are left out of the text.
    """

    def read(given: Sequence[str]) -> tuple[object, list[str]]:
        return _read(kind, _composed(text, name), given, without)

    result, mistakes = read(overrides)
    if not mistakes:
        return typing.cast(T, result)
    own = read(())[1]  # without overrides: the other mistakes are theirs
    added = {one: given for given in overrides for one in read([given])[1] if one not in own}
    plain = [mistake for mistake in mistakes if mistake not in added]
    count = f"{len(plain)} mistakes: " if len(plain) > 1 else ""
    told = [f"{name}: {count}{'; '.join(plain)}"] if plain else []
    raise RecipeError("; ".join([*told, *(f"'{added[one]}': {one}" for one in added)]))


def _read(
    kind: type, tree: yaml.MappingNode, overrides: Sequence[str], without: Collection[str]
) -> tuple[object, list[str]]:
    """Return a tree as a `kind`, and all mistakes; with mistakes the first has no meaning."""
    for path in without:
        group, _, key = path.partition(".")
        inner = _lookup(tree, group)
        kept = inner.value if isinstance(inner, yaml.MappingNode) else []
        kept = [pair for pair in kept if pair[0].value != key]
        _assign(tree, group, yaml.MappingNode(PLAIN + "map", kept))
    reader = _Reader([])
    for override in overrides:
        reader.override(tree, override)
    return reader.fields(kind, tree, ""), reader.mistakes


def unreadable_fields(kind: type) -> list[str]:
    """Return the names of a dataclass's fields whose types cannot be read from YAML."""
    hints = typing.get_type_hints(kind)
    return [one.name for one in dataclasses.fields(kind) if not _is_readable(hints[one.name])]


def _is_readable(kind: Any) -> bool:
    if typing.get_origin(kind) is typing.Literal or kind in (type(None), Ellipsis):
        return True
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return not unreadable_fields(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType, tuple, dict):
        return all(map(_is_readable, typing.get_args(kind)))
    return kind in SCALARS


def load(kind: type[T], path: Path) -> T:
    """Return a recipe file as a `kind`."""
    try:
        text = read_whole(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from error
    return parse(kind, text, str(path))


def dump(recipe: object) -> str:
    """Return a dataclass as YAML text that `parse` reads back as an equal one."""
    return yaml.dump(_plain(recipe), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def save(recipe: object, path: Path) -> None:
    """Write a dataclass to a file as YAML."""
    write_text(path, dump(recipe))


class _Dumper(yaml.SafeDumper):
    """Quotes text with Unicode line ends: PyYAML writes them unquoted and reads them as spaces."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(end in text for end in LINE_ENDS) else None
    return dumper.represent_scalar(PLAIN + "str", text, style=style)


_Dumper.add_representer(str, _text)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, (Fraction, Path)) else value


@dataclasses.dataclass
class _Reader:
    """Walks a YAML tree along with the declared types; collects mistakes instead of stopping."""

    mistakes: list[str]

    def override(self, tree: yaml.MappingNode, override: str) -> None:
        """Put the value of `a.b=value` into the tree; the value is read as YAML."""
        path, equals, text = override.partition("=")
        if not equals or not path:
            self.mistakes.append("write key=value")
            return
        *groups, last = path.split(".")
        for name in groups:
            inner = _lookup(tree, name)
            # A copy, because an alias elsewhere in the file may refer to the same node.
            kept = list(inner.value) if isinstance(inner, yaml.MappingNode) else []
            inner = yaml.MappingNode(PLAIN + "map", kept)
            _assign(tree, name, inner)
            tree = inner
        _assign(tree, last, _value_of(text))

    def fields(self, kind: type, node: yaml.Node, where: str) -> object:
        """Build a dataclass from a mapping; absent fields keep their defaults."""
        found = self.entries(node, where)
        hints = typing.get_type_hints(kind)
        known = {field.name: field for field in dataclasses.fields(kind) if field.init}
        for name in found.keys() - known.keys():
            self.mistakes.append(unknown("setting", where + name, [where + key for key in known]))
        for name in known.keys() - found.keys():
            if _required(known[name]):
                self.mistakes.append(f"{where}{name}: is missing")
        before = len(self.mistakes)
        given = {at: self.value(hints[at], found[at], where + at) for at in known if at in found}
        complete = all(name in given or not _required(known[name]) for name in known)
        if len(self.mistakes) > before or not complete:
            return None
        try:
            return kind(**given)
        except ValueError as error:  # raised by the dataclass's own check
            self.mistakes.append(f"{where.rstrip('.') or 'recipe'}: {error}")
            return None

    def entries(self, node: yaml.Node, where: str) -> dict[str, yaml.Node]:
        if isinstance(node, yaml.ScalarNode) and node.value in NOTHING:
            return {}
        place = where.rstrip(".") or "recipe"
        if not isinstance(node, yaml.MappingNode):
            self.mistakes.append(f"{place}: should hold 'name: value' lines")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.mistakes.append(f"{where}: a name cannot be a list or a group")
                continue
            if key.value in found:
                self.mistakes.append(f"{where}{key.value}: is given twice")
            found[key.value] = value
        return found

    def value(self, kind: Any, node: yaml.Node, where: str) -> object:
        """Convert one node to the declared type of its field."""
        origin = typing.get_origin(kind)
        if origin in (typing.Union, types.UnionType):
            return self.optional(kind, node, where)
        if origin is tuple:
            return self.items(typing.get_args(kind), node, where)
        if origin is dict:
            inner = typing.get_args(kind)[1]
            entries = self.entries(node, where + ".")
            return {key: self.value(inner, item, f"{where}.{key}") for key, item in entries.items()}
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return self.fields(kind, node, where + ".")
        return self.scalar(kind, node, where)

    def optional(self, kind: Any, node: yaml.Node, where: str) -> object:
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in NOTHING:
            return None
        (inner,) = (option for option in typing.get_args(kind) if option is not type(None))
        return self.value(inner, node, where)

    def items(self, kinds: tuple[Any, ...], node: yaml.Node, where: str) -> object:
        if not isinstance(node, yaml.SequenceNode):
            self.mistakes.append(f"{where}: should be a list, as [a, b]")
            return None
        many = len(kinds) == 2 and kinds[1] is Ellipsis
        if not many and len(kinds) != len(node.value):
            self.mistakes.append(f"{where}: should hold {len(kinds)} values, not {len(node.value)}")
            return None
        each = [kinds[0]] * len(node.value) if many else list(kinds)
        pairs = enumerate(zip(each, node.value, strict=True))
        return tuple(self.value(kind, item, f"{where}[{n}]") for n, (kind, item) in pairs)

    def scalar(self, kind: Any, node: yaml.Node, where: str) -> object:
        if not isinstance(node, yaml.ScalarNode):
            self.mistakes.append(f"{where}: should be one value, not a list or a group")
            return None
        if typing.get_origin(kind) is typing.Literal:
            choices = {str(choice): choice for choice in typing.get_args(kind)}
            if node.value not in choices:
                self.mistakes.append(f"{where}: {unknown('choice', node.value, choices)}")
            return choices.get(node.value)
        convert, wanted = SCALARS[kind]
        try:
            return convert(node.value)
        except (ValueError, KeyError, ZeroDivisionError, OverflowError):
            self.mistakes.append(f"{where}: '{node.value}' is not {wanted}")
            return None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = float(text)  # 1e5 and 64.0 count as whole numbers
        if not number.is_integer():
            raise
        return int(number)


def _number(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


SCALARS: dict[Any, tuple[Callable[[str], object], str]] = {
    bool: (lambda text: SWITCH[text.lower()], "true or false"),
    int: (_whole, "a whole number"),
    float: (_number, "a number"),
    Fraction: (Fraction, "a number or a ratio such as 30000/1001"),
    str: (str, "text"),
    Path: (Path, "a path"),
}


def _composed(text: str, name: str) -> yaml.MappingNode:
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RecipeError(f"{name}: line {line} is not YAML ({error.problem})") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{name}: is not YAML ({error})") from error
    except RecursionError as error:
        raise RecipeError(f"{name}: {TOO_DEEP}") from error
    if tree is None:
        return yaml.MappingNode(PLAIN + "map", [])
    if not isinstance(tree, yaml.MappingNode):
        raise RecipeError(f"{name}: should hold 'name: value' lines")
    return tree


def _value_of(text: str) -> yaml.Node:
    plain = yaml.ScalarNode(PLAIN + "str", text)
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader) or plain
    except (yaml.YAMLError, RecursionError):  # not YAML, so the text is taken literally: *.mp4
        return plain


def _lookup(tree: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in tree.value if key.value == name), None)


def _assign(tree: yaml.MappingNode, name: str, value: yaml.Node) -> None:
    tree.value[:] = [pair for pair in tree.value if pair[0].value != name]
    tree.value.append((yaml.ScalarNode(PLAIN + "str", name), value))


def _required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
