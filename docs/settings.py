"""How is `settings.md` written from the code of all settings? `python docs/settings.py`.

What a setting does is the comment behind its field. A test checks that the file is up to date.
"""

import ast
import inspect
import tokenize
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any

from faceswap_ae.common import plugins
from faceswap_ae.training.data.augmentation import Augmentation
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.recipe import FullRecipe, Recipe, list_recipes, load_recipe
from faceswap_ae.training.stages import TrainingStage

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# Every setting of every recipe

Written from the code by `python docs/settings.py`. [train.md](train.md) says how to use recipes.

On the command line, `width=.5` finds its group by itself; where two groups have the name, as
`mask`, say `network.mask` or `training.mask`. In a recipe's file, a group is a block with the
settings below it. The last column shows the recipes that come along and have another value.

With `model=NAME`, the `network` settings of a recipe stay behind, and NAME starts from its own.
With `trainer=NAME`, those settings stay that both trainers have from `LossWeights`. One line says
what was left behind.
"""
COLUMNS = "| setting | values | default | what it does | in recipes |\n|---|---|---|---|---|\n"
STAGES = """
## The stages of the recipes

| recipe | stage | what it sets |
|---|---|---|
"""
SCALARS = {
    bool: "true, false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    type(None): "none",
}
Recipes = Mapping[str, Any]  # by a recipe's name: it, or a group of it


def page() -> str:
    """The text of the whole page."""
    recipes = {name: load_recipe(name) for name in list_recipes()}
    parts = [HEAD, _section("The run", "", Recipe, recipes)]
    for group, kind in (("optimiser", Optimiser), ("augment", Augmentation)):
        parts.append(_section(f"`{group}`", f"{group}.", kind, _group(recipes, group)))
    parts.append(_section("`stages`: a list, each with", "", TrainingStage, {}))
    for kinds, key, group in (("models", "model", "network"), ("trainers", "trainer", "training")):
        for name in plugins.names(kinds):  # type: ignore[arg-type] # both are kinds
            chosen = {at: one for at, one in recipes.items() if getattr(one, key) == name}
            kind = plugins.options_type(plugins.load(kinds, name))  # type: ignore[arg-type]
            title = f"`{group}` of the {key} `{name}`"
            parts.append(_section(title, f"{group}.", kind, _group(chosen, group)))
    return "".join([*parts, STAGES, *_stages(recipes)])


def meanings(kind: type) -> dict[str, str]:
    """What each field of a dataclass does: its comment, or that of the class it extends."""
    found: dict[str, str] = {}
    for base in kind.__mro__:
        if is_dataclass(base):
            found = {**_comments(base), **found}
    return found


def _comments(kind: type) -> dict[str, str]:
    source = dedent(inspect.getsource(kind))
    told = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    (tree,) = ast.parse(source).body
    assert isinstance(tree, ast.ClassDef)
    return {
        node.target.id: told[node.end_lineno]
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.end_lineno in told
    }


def _section(title: str, prefix: str, kind: type, recipes: Recipes) -> str:
    told, hints = meanings(kind), typing.get_type_hints(kind)
    rows = [
        _row(prefix + one.name, hints[one.name], one, told.get(one.name, ""), recipes)
        for one in fields(kind)
        if not _is_group(hints[one.name])
    ]
    return f"\n## {title}\n\n{COLUMNS}{''.join(rows)}"


def _row(name: str, hint: Any, field: "Field[Any]", meaning: str, recipes: Recipes) -> str:
    values = {recipe: getattr(options, field.name) for recipe, options in recipes.items()}
    default = field.default if _has_default(field) else None
    others = [f"{recipe} {_shown(value)}" for recipe, value in values.items() if value != default]
    needed = not _has_default(field) and field.default_factory is MISSING
    shown = "must be given" if needed else _shown(default)
    words = (f"`{name}`", _kind(hint), shown, meaning, ", ".join(others))
    return f"| {' | '.join(words)} |\n".replace("  |", " |")


def _stages(recipes: Mapping[str, FullRecipe]) -> Iterator[str]:
    for name, recipe in recipes.items():
        for stage in recipe.stages:
            given = {one.name: getattr(stage, one.name) for one in fields(stage)[1:]}
            default = {one.name: getattr(TrainingStage("x"), one.name) for one in fields(stage)[1:]}
            told = [f"{key} {_shown(given[key])}" for key in given if given[key] != default[key]]
            yield f"| {name} | {stage.name} | {'; '.join(told)} |\n"


def _group(recipes: Mapping[str, FullRecipe], group: str) -> Recipes:
    return {name: getattr(recipe, group) for name, recipe in recipes.items()}


def _is_group(hint: Any) -> bool:
    """Is it a dataclass, or a list of them, which has a section of its own?"""
    inner = (hint, *typing.get_args(hint))
    return any(is_dataclass(one) for one in inner)


def _has_default(field: "Field[Any]") -> bool:
    return isinstance(field.default, (bool, int, float, str, tuple, Path, type(None)))


def _kind(hint: Any) -> str:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return ", ".join(map(str, inner))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_kind, inner))
    if origin is tuple:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return "`name: value` lines"
    return SCALARS[hint]


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items()) or "none"
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
