import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.claims_words import MISSING, Gain, format_number, gain, mean, table, together


def test_a_difference_within_twice_the_noise_does_not_show() -> None:
    assert Gain(0.3, 0.1).verdict == "yes"
    assert Gain(0.2, 0.1).verdict == "no"
    assert Gain(-0.3, 0.1).verdict == "contrary"


def test_a_gain_is_over_the_mean_of_both_seeds_and_their_difference_is_noise() -> None:
    found = gain([1.0, 2.0], [2.0, 3.0], [4.0, 5.0])
    assert found.size == pytest.approx(2.5)
    assert found.noise == pytest.approx(1.0)


def test_less_can_be_better() -> None:
    assert gain([1.0, 2.0], [1.0, 2.0], [0.5, 1.5], less=True).size == pytest.approx(0.5)


def test_frames_that_disagree_are_noise_even_where_both_seeds_agree() -> None:
    found = gain([0.0, 0.0], [0.0, 0.0], [3.0, -1.0])
    assert found.noise == pytest.approx(2 / math.sqrt(2))
    assert found.verdict == "no"


def test_frames_without_a_measurement_are_left_out() -> None:
    assert mean([1.0, math.nan, 3.0]) == 2.0
    assert math.isnan(mean([math.nan]))
    assert gain([1.0, math.nan], [1.0, 1.0], [2.0, 9.0]).size == pytest.approx(1.0)


def test_what_is_never_measured_never_shows_and_raises_no_warning() -> None:
    assert gain([math.nan], [math.nan], [math.nan]).verdict == "no"


def test_going_together() -> None:
    rises = [0.0, 1.0, math.nan, 3.0]
    assert together(rises, [0.0, 2.0, 5.0, 6.0]) == pytest.approx(1.0)
    assert together(rises, [0.0, -1.0, 5.0, -3.0]) == pytest.approx(-1.0)
    assert math.isnan(together(rises, [1.0, 1.0, 1.0, 1.0]))


@given(st.floats(-1e4, 1e4))
def test_a_number_that_is_told_can_be_read_again(number: float) -> None:
    back = float(format_number(number).replace("−", "-").replace(",", ""))
    assert back == pytest.approx(number, abs=0.00501)


def test_numbers_look_as_on_our_other_pages() -> None:
    assert [
        format_number(0.5),
        format_number(-0.25),
        format_number(-0.001),
        format_number(1234.0, 0),
    ] == [
        ".50",
        "−.25",
        ".00",
        "1,234",
    ]
    assert format_number(np.nan) == MISSING


def test_a_table_has_a_line_below_its_head() -> None:
    assert table(["", "a"], [["x", "1"]]) == "|  | a |\n| --- | --- |\n| x | 1 |\n"
