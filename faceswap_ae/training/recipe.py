"""What is a training set to do? A recipe: everything that a run is begun with.

A recipe names a model and a trainer, whose own options stand below it as `network:` and
`training:`. On the command line `width=.5` finds its group by itself where only one has that name.
"""

import difflib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from faceswap_ae.common import config, plugins
from faceswap_ae.common.errors import RecipeError, unknown
from faceswap_ae.common.limits import read_whole
from faceswap_ae.faces.alignment import CROPS
from faceswap_ae.runtime.backend import load_keras
from faceswap_ae.training.data.augmentation import Augmentation
from faceswap_ae.training.optimiser import Optimiser
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.stages import CHANGED, ONLY, Budget, TrainingStage

DEFAULT = "quick"  # the recipe of a new run, where none is named

# What may change in a run that has begun: how long it goes on, and what a machine has of its own.
FREE = (
    "minutes",
    "steps",
    "session_minutes",
    "save_minutes",
    "preview_seconds",
    "precision",
    "align",
    "freeze",
    "training.perceptual_file",
)

# Runs once said whether codes are aligned, not how far.
ALIGN = re.compile(r"^align: (true|false)$", re.MULTILINE)

# Which group of a recipe holds the options of its model, and of its trainer.
OPTIONS = {"model": "network", "trainer": "training"}
KINDS: dict[str, plugins.Kind] = {"model": "models", "trainer": "trainers"}

Precision = Literal["auto", "float32", "bfloat16", "float16"]


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """The part of a recipe that all models and trainers share."""

    model: str  # what is trained: one of `faceswap-ae models`
    trainer: str = "autoencoder"  # how it is trained
    crop: str = "inner"  # what is seen of a face: inner (brows to chin), half, mid, full, whole
    batch: int | None = None  # faces of each identity in a step; none: by the memory
    precision: Precision = "auto"  # of the computing; auto: bfloat16 where it is quick
    seed: int = 0  # of all random numbers
    freeze: tuple[str, ...] = ()  # parts of the model that are not trained
    align: float = 0.5  # how far a swap moves codes to the other identity's: 1 all the way
    minutes: float | None = None  # of training; with `steps` too, the first to end counts
    steps: int | None = None  # of training
    session_minutes: float | None = None  # after which training stops; the same command continues
    save_minutes: float = 5.0  # between two checkpoints
    preview_seconds: float = 30.0  # between two previews
    optimiser: Optimiser = field(default_factory=Optimiser)
    augment: Augmentation = field(default_factory=Augmentation)
    stages: tuple[TrainingStage, ...] = ()  # one after the other; none is one that changes nothing

    def __post_init__(self) -> None:
        if self.crop not in CROPS:
            raise ValueError(unknown("crop", self.crop, CROPS))
        numbers = ("batch", "minutes", "steps", "session_minutes", "save_minutes")
        for name in (*numbers, "preview_seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name}: {value} is not more than 0")
        if not 0 <= self.align <= 1:
            raise ValueError(f"align: {self.align} is not from 0 to 1")
        if self.seed < 0:
            raise ValueError(f"seed: {self.seed} is less than 0")
        if self.stages and (self.stages[0].exchange or self.stages[0].keep):
            raise ValueError("stages: the first has nothing to exchange or to keep")


class FullRecipe(Recipe):
    """A recipe with the options of its model and its trainer: what `load_recipe` returns."""

    network: Any
    training: Any


def list_recipes() -> list[str]:
    """Every recipe that comes along."""
    inside = files("faceswap_ae") / "recipes"
    return sorted(Path(one.name).stem for one in inside.iterdir() if one.name.endswith(".yaml"))


def choose_recipe(named: str | None, run: Run, overrides: Sequence[str] = ()) -> FullRecipe:
    """The recipe that is named; where none is, the run's own, or the default for a new run."""
    return load_recipe(recipe_name(named, run), overrides)


def recipe_name(named: str | None, run: Run) -> str:
    """The name or the path of the recipe that `choose_recipe` loads."""
    return named or (str(run.recipe) if run.card.exists() else DEFAULT)


def load_recipe(named: str, overrides: Sequence[str] = ()) -> FullRecipe:
    """A recipe by its name or its path, with `key=value` changes."""
    path = Path(named)
    if path.suffix in (".yaml", ".yml"):
        return read_recipe(path, overrides)
    if named not in list_recipes():
        raise RecipeError(f"{unknown('recipe', named, list_recipes())}; or name a .yaml file")
    text = (files("faceswap_ae") / "recipes" / f"{named}.yaml").read_text(encoding="utf-8")
    return parse_recipe(text, f"recipe {named}", overrides)


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> FullRecipe:
    """A recipe's file."""
    try:
        text = read_whole(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read ({error})") from error
    return parse_recipe(text, str(path), overrides)


def parse_recipe(text: str, name: str, overrides: Sequence[str] = ()) -> FullRecipe:
    """A recipe's text. The plug-ins that it names say what else may stand in it."""
    text = ALIGN.sub(lambda found: f"align: {int(found[1] == 'true')}", text)
    model, trainer = _named(text, name, overrides)
    kind = recipe_type(model, trainer)
    left = _left_behind(_tree(text, name), kind, {"model": model, "trainer": trainer})
    changes = [_placed(override, kind) for override in overrides]
    given = {change.partition("=")[0] for change in changes}
    if lost := [key for key in left if key not in given]:
        own = f"{name}: {model} and {trainer} start from their own settings"
        log.info("%s; left behind: %s", own, ", ".join(lost))
    found = config.parse(kind, text, name, changes, left)
    for stage in stages_of(found):
        recipe_at(found, stage, name)  # told now, not after hours
    return found


def stages_of(recipe: Recipe) -> tuple[TrainingStage, ...]:
    """The stages of a recipe, at least one."""
    return recipe.stages or ONLY


def recipe_at(recipe: FullRecipe, stage: TrainingStage, name: str = "recipe") -> FullRecipe:
    """A recipe as it is in a stage, with the changes that the stage makes."""
    kind = type(recipe)
    changes = [_placed(f"{key}={value}", kind) for key, value in stage.changes.items()]
    where = f"{name}, stage {stage.name}"
    for change in changes:
        group = change.partition(".")[0]
        if group not in CHANGED:
            can = ", ".join(CHANGED)
            raise RecipeError(f"{where}: cannot change {group.partition('=')[0]}, only {can}")
    try:
        found = config.parse(kind, config.dump(recipe), name, changes) if changes else recipe
    except RecipeError as error:
        raise RecipeError(f"{where}: {error}") from error
    for key in getattr(plugins.load("trainers", recipe.trainer), "FIXED", ()):
        if getattr(found.training, key) != getattr(recipe.training, key):
            raise RecipeError(f"{where}: cannot change training.{key}; it holds for all stages")
    if found.augment.hide != recipe.augment.hide:
        # Conversion shows a network what training showed it: there is one answer for a run.
        raise RecipeError(f"{where}: cannot change augment.hide; it holds for all stages")
    return found


@cache
def recipe_type(model: str, trainer: str) -> type[FullRecipe]:
    """The dataclass of recipes for a model and a trainer."""
    load_keras()
    own = {"network": plugins.load("models", model), "training": plugins.load("trainers", trainer)}
    kinds = {group: plugins.options_type(module) for group, module in own.items()}
    groups = [(group, kind, field(default_factory=kind)) for group, kind in kinds.items()]
    return make_dataclass("Recipe", groups, bases=(FullRecipe,), frozen=True)


def _left_behind(
    tree: dict[str, Any], kind: type[FullRecipe], chosen: Mapping[str, str]
) -> list[str]:
    """The settings in a recipe that are for another model or trainer than the chosen one.

    A setting goes along where the options of both have it from the same class.
    """
    left: list[str] = []
    options = {one.name: one.type for one in fields(kind)}
    for place, group in OPTIONS.items():
        named = str(tree.get(place) or getattr(Recipe, place, chosen[place]))
        given = tree.get(group)
        if named != chosen[place] and isinstance(given, dict):
            shared = _shared(
                plugins.options_type(plugins.load(KINDS[place], named)), options[group]
            )
            left += [f"{group}.{key}" for key in given if key not in shared]
    return left


def _shared(one: Any, other: Any) -> set[str]:
    """The names of the fields that two dataclasses have from the same classes."""
    bases = set(one.__mro__) & set(other.__mro__)
    return {field.name for base in bases if is_dataclass(base) for field in fields(base)}


def _tree(text: str, name: str) -> dict[str, Any]:
    """A recipe's text as plain YAML; nothing where it is none."""
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"{name}: is not YAML ({' '.join(str(error).split())})") from error
    except RecursionError as error:
        raise RecipeError(f"{name}: {config.TOO_DEEP}") from error
    return tree if isinstance(tree, dict) else {}


def _named(text: str, name: str, overrides: Sequence[str]) -> tuple[str, str]:
    """The model and the trainer, before anything else of a recipe is understood."""
    tree = _tree(text, name)
    found = {key: tree.get(key) for key in OPTIONS}
    for override in overrides:
        key, _, value = override.partition("=")
        if key in OPTIONS:
            found[key] = value
    if not found.get("model"):
        raise RecipeError(f"{name}: names no model ({', '.join(plugins.names('models'))})")
    return str(found["model"]), str(found.get("trainer") or Recipe.trainer)


def _placed(override: str, kind: type[Recipe]) -> str:
    """`width=.5` as `network.width=.5`, where no other group has a width."""
    key = override.partition("=")[0]
    own = {one.name: one.type for one in fields(kind)}
    inner = {
        group: {one.name for one in fields(of)} for group, of in own.items() if is_dataclass(of)
    }
    groups = [group for group, names in inner.items() if key in names]
    if key in own or "." in key:
        return override
    if len(groups) > 1:
        several = " or ".join(f"{group}.{key}" for group in groups)
        raise RecipeError(f"{key}: several settings are called so; say {several}")
    if not groups and not difflib.get_close_matches(key, own, n=1):
        # A slip of the pen is told of where the nearest name is.
        near = difflib.get_close_matches(key, set().union(*inner.values()), n=1)
        groups = [group for group, names in inner.items() if near and near[0] in names]
    return f"{groups[0]}.{override}" if len(groups) == 1 else override


@dataclass(frozen=True)
class Job:
    """What to train, where, and for how long."""

    face: Path  # the folder of the face that is wanted
    onto: Path  # the folder of whom it goes onto
    run: Path
    recipe: FullRecipe
    budget: Budget
    fork: Path | None = None  # a run whose weights a new one begins with
    fork_step: int | None = None  # a snapshot of it; else its newest checkpoint
    borrowed: tuple[str, ...] = ()  # those parts of it alone; none named is all
