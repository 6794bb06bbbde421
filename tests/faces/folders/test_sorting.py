import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.faces.folders import sorting
from faceswap_ae.faces.folders.face_file import FaceEntry
from faceswap_ae.faces.folders.sorting import (
    MEASURES,
    ORDERS,
    Condition,
    extreme,
    matching,
    ordered,
)
from tests.support.face_folders import UNTOLD, entry, face

FEW = [entry(number) for number in (3, 0, 5, 2, 7)]


def numbers(entries: list[FaceEntry]) -> list[int]:
    return [one.stored.face.frame if one.stored else -1 for one in entries]


@given(
    st.sampled_from(sorted(MEASURES)),
    st.sampled_from(sorted(sorting.SIGNS)),
    st.floats(-1e6, 1e6).map(lambda value: round(value, 6)),
)
def test_a_condition_is_read_as_it_is_written(name: str, sign: str, value: float) -> None:
    found = sorting.parse_condition(f" {name} {sign} {value!r} ")
    assert found == Condition(name, sign, value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sharpness", "'sharpness' is not a condition"),
        ("sharpness<", "is not a condition"),
        ("sharpness<low", "is not a condition"),
        ("sharpness<0.2.1", "'0.2.1' is not a number"),
        ("sharpnes<0.2", "did you mean 'sharpness'?"),
        ("0.2<sharpness<0.4", "is not a condition"),
        ("yaw=>20", "is not a condition"),
    ],
)
def test_an_unclear_condition_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        sorting.parse_condition(text)
    assert said in str(error.value) and text in str(error.value)


def test_all_conditions_hold_and_a_picture_without_a_story_meets_none() -> None:
    wanted = [*map(sorting.parse_condition, ("sharpness>=0.1", "sharpness<0.3"))]
    assert numbers(matching([*FEW, UNTOLD], wanted)) == [3, 5, 2]
    assert numbers(matching([UNTOLD], [])) == []


def test_turned_is_yaw_without_its_sign() -> None:
    left = entry(1, pose=(-50.0, 5.0, 0.0))  # type: ignore[arg-type]
    assert [MEASURES[name].of(face(0)) for name in ("yaw", "turned")] == [-50, 50]
    assert matching([left], [sorting.parse_condition("turned>40")]) == [left]
    assert matching([left], [sorting.parse_condition("yaw>40")]) == []


def test_the_best_and_the_worst() -> None:
    assert numbers(extreme(FEW, "sharpness", count=2, best=True)) == [7, 5]
    assert numbers(extreme(FEW, "sharpness", count=2, best=False)) == [2, 0]
    assert numbers(extreme(FEW, "sharpness", count=99, best=False)) == [7, 5, 3, 2, 0]
    covered = [entry(number, occlusion=number / 10) for number in (1, 9, 4)]
    assert numbers(extreme(covered, "occlusion", count=1, best=False)) == [9]
    with pytest.raises(UserError, match="better and a worse 'yaw'"):
        extreme(FEW, "yaw", count=1, best=True)


@pytest.mark.parametrize("by", sorted(ORDERS))
def test_every_order_has_every_face_once_and_can_be_reversed(by: str) -> None:
    found = ordered([UNTOLD, *FEW], by)
    assert sorted(numbers(found)) == sorted(numbers([UNTOLD, *FEW]))
    assert found[-1] is UNTOLD
    backwards = ordered([UNTOLD, *FEW], by, backwards=True)
    assert backwards == [*found[-2::-1], UNTOLD]
    assert ordered([], by) == []


def test_orders_go_best_first_or_from_low_to_high() -> None:
    assert numbers(ordered(FEW, "sharpness")) == [7, 5, 3, 2, 0]
    yaws = [one.stored.face.pose[0] for one in ordered(FEW, "yaw") if one.stored]
    assert yaws == sorted(yaws)
    assert numbers(ordered([entry(12), entry(2)], "time")) == [2, 12]


def test_a_damaged_number_comes_last() -> None:
    odd = entry(1, sharpness=math.nan)
    assert ordered([odd, *FEW], "sharpness")[-1] is odd


def test_similar_faces_lie_beside_each_other() -> None:
    found = numbers(ordered([entry(number) for number in range(12)], "similarity"))
    people = [number % 2 for number in found]
    assert people == sorted(people) or people == sorted(people, reverse=True)


def test_the_chain_goes_to_the_nearest_each_time() -> None:
    few = [entry(number) for number in range(9)]
    chain = sorting.descriptors(ordered(few, "similarity"))
    for place in range(len(chain) - 1):
        away = np.linalg.norm(chain[place + 1 :] - chain[place], axis=1)
        assert away.argmin() == 0


def test_likeness_to_a_face() -> None:
    few = [entry(number) for number in range(8)]
    found = numbers(ordered(few, "similarity", like=few[3].name))
    assert found[0] == 3 and {number % 2 for number in found[:4]} == {1}
    with pytest.raises(UserError, match="no face 'nobody"):
        ordered(few, "similarity", like="nobody.png")
    with pytest.raises(UserError, match="not with --by yaw"):
        ordered(few, "yaw", like=few[3].name)


def test_an_unknown_order_names_the_known_ones() -> None:
    with pytest.raises(UserError, match="did you mean 'sharpness'"):
        ordered(FEW, "sharpnes")
