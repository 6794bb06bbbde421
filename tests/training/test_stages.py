from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import RecipeError, UserError
from faceswap_ae.training.plateau import HeldOutLoss
from faceswap_ae.training.recipe import (
    list_recipes,
    load_recipe,
    parse_recipe,
    recipe_at,
    stages_of,
)
from faceswap_ae.training.stages import (
    DEFAULT_MINUTES,
    ONLY,
    Budget,
    StagePosition,
    TrainingStage,
    format_stage,
    is_stage_over,
    resolve_budget,
    stage_end,
)

THREE = (TrainingStage("one", 2), TrainingStage("two", 1, "share"), TrainingStage("three", 1))
SHARES = st.lists(st.floats(0.5, 2), min_size=1, max_size=8)


def walked(
    stages: tuple[TrainingStage, ...], steps: int, measured: tuple[HeldOutLoss, ...] = ()
) -> list[int]:
    """The number of the stage for each step of a whole run."""
    place, found = StagePosition(), []
    for step in range(1, steps + 1):
        found.append(place.number)
        now = StagePosition(place.number, step, 0)
        known = [one for one in measured if one.step <= step]
        if is_stage_over(stages, place, Budget(steps), now, known):
            place = StagePosition(place.number + 1, step, 0)
    return found


def test_stages_have_their_shares() -> None:
    found = walked(THREE, 40)
    assert [found.count(number) for number in range(3)] == [20, 10, 10]
    assert found == sorted(found)


@given(SHARES, st.integers(32, 200))
def test_every_stage_is_passed_in_order(shares: list[float], steps: int) -> None:
    stages = tuple(TrainingStage(str(n), share, "share") for n, share in enumerate(shares))
    found = walked(stages, steps)
    assert sorted(set(found)) == list(range(len(shares)))
    assert found == sorted(found)


def test_a_stage_that_gains_nothing_ends_and_the_others_have_its_time() -> None:
    falling = tuple(HeldOutLoss(step, 1 / step) for step in range(1, 41))
    assert walked(THREE, 40, falling) == walked(THREE, 40)
    flat = tuple(HeldOutLoss(step, 1.0) for step in range(1, 41))
    found = walked(THREE, 40, flat)
    assert found.count(0) == 4  # number of measurements that are needed
    assert found.count(1) == found.count(2) == 18  # the remaining 16 steps are distributed


def test_a_stage_may_last_whatever_is_measured() -> None:
    flat = tuple(HeldOutLoss(step, 1.0) for step in range(1, 41))
    lasting = tuple(TrainingStage(one.name, one.share, "share") for one in THREE)
    assert walked(lasting, 40, flat) == walked(lasting, 40)


def test_what_was_measured_before_a_stage_says_nothing_of_it() -> None:
    before = [HeldOutLoss(step, 1.0) for step in range(1, 21)]
    now = StagePosition(0, 21, 0)
    assert not is_stage_over(THREE, StagePosition(0, 20, 0), Budget(40), now, before)


def test_a_longer_budget_gives_the_stages_that_are_left_more() -> None:
    place = StagePosition(1, 20, 0)
    ends = [stage_end(THREE, place, Budget(steps)) * steps for steps in (40, 80)]
    assert ends == pytest.approx([30, 50])


def test_minutes_count_as_steps_do() -> None:
    budget = Budget(minutes=4)
    assert stage_end(THREE, StagePosition(), budget) == 0.5
    assert not is_stage_over(THREE, StagePosition(), budget, StagePosition(0, 9, 119), [])
    assert is_stage_over(THREE, StagePosition(), budget, StagePosition(0, 9, 120), [])


def test_the_last_stage_lasts_until_the_budget_is_over() -> None:
    assert stage_end(THREE, StagePosition(2, 30, 0), Budget(40)) == 1
    assert not is_stage_over(
        THREE, StagePosition(2, 30, 0), Budget(40), StagePosition(2, 90, 0), []
    )


def test_spoken() -> None:
    assert format_stage(THREE, 1) == "two (2 of 3)"
    assert format_stage(ONLY, 0) == ""


RECIPE = """
model: quick
stages:
  - name: first
    share: 3
  - name: last
    changes: {edge: 2, augment.warp: 0, rate: 1e-5}
    freeze: [encoder]
"""


def test_a_plan_changes_from_stage_to_stage() -> None:
    settings = parse_recipe(RECIPE, "mine", ["width=.5"])
    first, last = (recipe_at(settings, stage) for stage in stages_of(settings))
    assert first == settings
    assert (last.training.edge, last.augment.warp, last.optimiser.rate) == (2.0, 0.0, 1e-5)
    assert last.network == settings.network
    assert stages_of(parse_recipe("model: quick", "mine")) == ONLY


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("{edg: 2}", "did you mean.*edge"),
        ("{edge: much}", "stage last.*'much' is not a number"),
        ("{width: .5}", "cannot change network"),
        ("{batch: 3}", "cannot change batch"),
        ("{hide: true}", "holds for all stages"),
    ],
)
def test_what_a_stage_cannot_change_is_told_at_once(changes: str, said: str) -> None:
    text = RECIPE.replace("{edge: 2, augment.warp: 0, rate: 1e-5}", changes)
    with pytest.raises(RecipeError, match=said):
        parse_recipe(text, "mine")


@pytest.mark.parametrize(
    ("stage", "said"),
    [("name: x, share: 0", "share"), ("name: ' '", "name"), ("name: x, leave: never", "leave")],
)
def test_stages_that_make_no_sense(stage: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        parse_recipe(f"model: quick\nstages: [{{{stage}}}]", "mine")


@pytest.mark.parametrize("name", list_recipes())
def test_recipes_say_how_they_are_begun_and_what_they_cost(name: str) -> None:
    assert stages_of(load_recipe(name))  # every stage was parsed
    head = (files("faceswap_ae") / "recipes" / f"{name}.yaml").read_text().partition("\nmodel")[0]
    assert "faceswap-ae train --face ben --onto ada" in head
    assert name == "quick" or f"--recipe {name}" in head
    assert "easured" in head


def test_whichever_ends_first() -> None:
    both = Budget(steps=100, minutes=1)
    assert both.progress(50, 6) == 0.5
    assert both.progress(50, 45) == 0.75
    assert both.progress(500, 0) == 1
    assert Budget(minutes=2).progress(10**6, 60) == 0.5


def test_what_the_user_says_goes_first() -> None:
    assert resolve_budget(10, None, Budget(minutes=5)) == Budget(10, None)
    assert resolve_budget(None, 3, Budget(steps=7)) == Budget(None, 3)
    assert resolve_budget(None, None, Budget(steps=7)) == Budget(7, None)
    assert resolve_budget(None, None, Budget()) == Budget(None, DEFAULT_MINUTES)


def test_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="--minutes 0"):
        Budget(minutes=0)
