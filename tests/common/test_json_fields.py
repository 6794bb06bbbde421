"""Is every field of a file in JSON of its type, within its range, and named where it is not?"""

import json
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.json_fields import JsonFields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
READERS: dict[str, tuple[type, Callable[[JsonFields], Any]]] = {
    "text": (str, lambda told: told.text("x")),
    "whole": (int, lambda told: told.whole("x", most=100)),
    "number": (float, lambda told: told.number("x", least=-1)),
    "fraction": (Fraction, lambda told: told.fraction("x")),
    "flag": (bool, lambda told: told.flag("x")),
    "inner": (JsonFields, lambda told: told.inner("x")),
    "items": (list, lambda told: told.items("x", 2)),
    "numbers": (list, lambda told: told.numbers("x", 2)),
    "objects": (list, lambda told: told.objects("x", 2)),
}


@pytest.mark.parametrize("name", READERS)
@given(value=JSON)
def test_any_value_is_of_the_type_or_refused_in_one_line(name: str, value: object) -> None:
    kind, read = READERS[name]
    try:
        found = read(JsonFields({"x": value}))
    except ValueError as error:
        found = str(error)
    refused = isinstance(found, str) and found.isprintable() and 3 < len(found) < 300
    assert isinstance(found, kind) or refused


@pytest.mark.parametrize(
    ("value", "read", "message"),
    [
        (None, lambda told: told.number("x"), "x: None is no number"),
        (True, lambda told: told.number("x"), "x: True is no number"),
        (math.inf, lambda told: told.number("x"), "x: inf is no number"),
        (10**400, lambda told: told.number("x"), "x: 1000000000.* is no number"),
        (-1, lambda told: told.number("x", least=0), "x: -1 is no number of at least 0"),
        (1.5, lambda told: told.whole("x"), "x: 1.5 is no whole number from 0 to"),
        (-1, lambda told: told.whole("x"), "x: -1 is no whole number"),
        ("a\x1b[2J", lambda told: told.text("x"), r"x: 'a\\x1b\[2J' is no text of one line"),
        ("x" * 201, lambda told: told.text("x"), "x: 'xxx.*' is no text of one line"),
        ("1e999999999", lambda told: told.fraction("x"), "is no number like 25"),
        ("1/0", lambda told: told.fraction("x"), "x: '1/0' is no number"),
        ([1, 2, 3], lambda told: told.items("x", 2), "x: has 3 items, more than 2"),
        ([1, None], lambda told: told.numbers("x", 2), "x: a list is no 2 numbers"),
        ([{}, 1], lambda told: told.objects("x", 2), r"x\[1\]: 1 is no object with fields"),
        ({"y": []}, lambda told: told.inner("x").text("y"), r"x\.y: a list is no text"),
        ({}, lambda told: told.inner("x").text("y"), r"x\.y: is missing"),
    ],
)
def test_an_error_names_field_and_value(
    value: object, read: Callable[[JsonFields], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read(JsonFields({"x": value}))


def test_what_may_be_missing_has_a_default() -> None:
    told = JsonFields({})
    assert (told.text("x", ""), told.whole("x", 3), told.number("x", 0.5)) == ("", 3, 0.5)
    assert told.flag("x", default=True) and not told.has("x") and list(told.inner("x")) == []


@pytest.mark.parametrize("text", ["", "[]", "1", "null", "{", "[" * 10**5, '{"x": ' * 10**5])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(ValueError):
        JsonFields.parse(text)


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 2**53)))
def test_whole_numbers_come_back(values: dict[str, int]) -> None:
    told = JsonFields.parse(json.dumps(values))
    assert {name: told.whole(name) for name in told} == values
