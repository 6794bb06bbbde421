from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common import config
from faceswap_ae.common.errors import RecipeError


@dataclass(frozen=True)
class Warp:
    grid: int = 5
    amount: float = 0.05


@dataclass(frozen=True)
class Stage:
    name: str
    steps: int = 1000
    rate: float = 5e-5
    warp: Warp = field(default_factory=Warp)


@dataclass(frozen=True)
class Recipe:
    model: str
    size: Literal[64, 128] = 64
    width: float = 1.0
    flip: bool = True
    minutes: float | None = None
    note: str | None = None
    fps: Fraction = Fraction(25)
    weights: Path = Path("weights")
    stages: tuple[Stage, ...] = ()
    betas: tuple[float, float] = (0.9, 0.99)
    losses: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise ValueError(f"width must be above 0, not {self.width}")


NUMBERS = st.floats(allow_nan=False)
TEXT = st.text(max_size=20)
WARPS = st.builds(Warp, st.integers(), NUMBERS)
STAGES = st.builds(Stage, TEXT, st.integers(), NUMBERS, WARPS)
RECIPES = st.builds(
    Recipe,
    model=TEXT,
    size=st.sampled_from([64, 128]),
    width=st.floats(0.01, 8),
    flip=st.booleans(),
    minutes=st.none() | NUMBERS,
    note=st.none() | TEXT,
    fps=st.fractions(),
    weights=TEXT.filter(lambda text: "\0" not in text).map(Path),
    stages=st.lists(STAGES, max_size=3).map(tuple),
    betas=st.tuples(NUMBERS, NUMBERS),
    losses=st.dictionaries(TEXT, NUMBERS, max_size=3),
)


@given(RECIPES)
def test_what_is_dumped_is_read_back_equal(original: Recipe) -> None:
    assert config.parse(Recipe, config.dump(original), "round trip") == original


def test_yaml_traps() -> None:
    text = """
    model: 12:30        # plain YAML reads 750
    minutes: 2e-4       # plain YAML reads a word
    flip: off
    note: on            # plain YAML reads True
    fps: 30000/1001
    stages:
      - {name: null, steps: 1e5, rate: 5e-5}
    """
    found = config.parse(Recipe, text, "traps")
    assert (found.model, found.note, found.flip, found.minutes) == ("12:30", "on", False, 2e-4)
    assert found.fps == Fraction(30000, 1001)
    assert found.stages == (Stage("null", 100_000, 5e-5),)


def test_overrides_win_and_reach_inside() -> None:
    stages = "stages=[{name: gan, warp: {grid: 3}}]"
    text = "{model: df, width: 2, losses: {mae: 1, ssim: 3}}"
    overrides = ["width=.5", "losses.mae=2e-1", "note=*.mp4", stages]
    found = config.parse(Recipe, text, "r", overrides)
    assert found.width == 0.5
    assert found.losses == {"mae": 0.2, "ssim": 3.0}
    assert found.note == "*.mp4"
    assert found.stages[0].warp == Warp(grid=3)


def test_every_mistake_is_told_at_once() -> None:
    text = """
    modle: df
    size: 96
    width: wide
    flip: perhaps
    stages: [{steps: 2.5}]
    betas: [1]
    losses: 3
    """
    with pytest.raises(RecipeError) as caught:
        config.parse(Recipe, text, "gan.yaml", ["nonsense"])
    message = str(caught.value)
    assert message.startswith("gan.yaml: 9 mistakes: ")
    assert "\n" not in message
    for part in (
        "'nonsense': write key=value",
        "unknown setting 'modle'; did you mean 'model'?",
        "model: is missing",
        "size: unknown choice '96'",
        "width: 'wide' is not a number",
        "flip: 'perhaps' is not true or false",
        "stages[0].name: is missing",
        "stages[0].steps: '2.5' is not a whole number",
        "betas: should hold 2 values, not 1",
        "losses: should hold 'name: value' lines",
    ):
        assert part in message


def test_a_dataclass_own_check_is_a_mistake_too() -> None:
    with pytest.raises(RecipeError, match="r: recipe: width must be above 0, not -1"):
        config.parse(Recipe, "{model: df, width: -1}", "r")


def test_doubled_key() -> None:
    with pytest.raises(RecipeError, match="model: is given twice"):
        config.parse(Recipe, "model: a\nmodel: b", "r")


def test_an_override_changes_one_place_only() -> None:
    text = "{model: a, stages: [{name: x, warp: &w {grid: 2}}], losses: &l {mae: 1}}"
    found = config.parse(Recipe, text, "r", ["losses.mae=3"])
    assert found.losses == {"mae": 3.0}

    @dataclass(frozen=True)
    class Pair:
        one: Warp
        other: Warp

    pair = config.parse(Pair, "{one: &w {grid: 2}, other: *w}", "r", ["one.grid=9"])
    assert (pair.one.grid, pair.other.grid) == (9, 2)


def test_a_list_as_a_name() -> None:
    with pytest.raises(RecipeError, match="a name cannot be a list"):
        config.parse(Recipe, "{model: a, ? [b] : 1}", "r")


@pytest.mark.parametrize(
    ("text", "words"),
    [("model: [", "line 1 is not YAML"), ("- a", "should hold"), ("\x00", "is not YAML")],
)
def test_not_a_recipe_at_all(text: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        config.parse(Recipe, text, "r")


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    config.save(Recipe("df", note="für Ada"), path)
    assert config.load(Recipe, path) == Recipe("df", note="für Ada")
    with pytest.raises(RecipeError, match=r"absent\.yaml: cannot be read"):
        config.load(Recipe, tmp_path / "absent.yaml")


def test_the_strategy_covers_every_field() -> None:
    assert {item.name for item in fields(Recipe)} == set(Recipe.__annotations__)


def test_brackets_in_brackets_are_one_line() -> None:
    with pytest.raises(RecipeError, match="mine: brackets in brackets"):
        config.parse(Recipe, "model: " + "[" * 100_000, "mine")
    with pytest.raises(RecipeError):
        config.parse(Recipe, "model: quick", "mine", ["size=" + "[" * 100_000])
