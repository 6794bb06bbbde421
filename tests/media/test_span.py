from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import UserError
from faceswap_ae.media.span import WHOLE, Span, parse_rate, parse_span, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("4.2s", "4.2"), ("4", "4"), ("1:02.5", "62.5"), ("1:00:02.5", "3602.5"), ("90:00", "5400")],
)
def test_times_are_exact(text: str, seconds: str) -> None:
    assert parse_time(text) == Fraction(seconds)


@pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "-3", "1.s.", "4m"])
def test_not_a_time(text: str) -> None:
    with pytest.raises(UserError, match="is not a time"):
        parse_time(text)


def test_frames() -> None:
    assert parse_span(None, None, "100-200") == Span(first=100, last=200)
    assert parse_span(None, None, "100-") == Span(first=100)
    assert parse_span(None, None, "7") == Span(first=7, last=7)
    for wrong in ("200-100", "a-b", "-5"):
        with pytest.raises(UserError, match="--frames"):
            parse_span(None, None, wrong)


def test_end_before_start() -> None:
    with pytest.raises(UserError, match="--end 3s is not after --start 4s"):
        parse_span("4s", "3s", None)


@given(st.integers(0, 500), st.fractions(1, 120))
def test_a_frame_number_becomes_a_time_and_the_number_again(index: int, rate: Fraction) -> None:
    """A span that begins at a frame's time begins with exactly this frame."""
    time = index / rate
    span = Span(start=time, end=time + 1 / rate)
    inside = [
        number
        for number in range(max(0, index - 2), index + 3)
        if not span.begins_after(number, number / rate) and not span.ended_by(number, number / rate)
    ]
    assert inside == [index]
    assert span.count(rate, index + 10) == 1


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from([24, 25, 30]))
def test_count(first: int, more: int, rate: int) -> None:
    span = Span(first=first, last=first + more)
    inside = [n for n in range(300) if not span.begins_after(n, Fraction(n, rate))]
    inside = [n for n in inside if not span.ended_by(n, Fraction(n, rate))]
    assert span.count(Fraction(rate), 300) == len(inside)


def test_whole() -> None:
    assert WHOLE.from_beginning and WHOLE.count(Fraction(25), 99) == 99


@pytest.mark.parametrize("text", ["0", "-3", "x", "1/0"])
def test_not_a_rate(text: str) -> None:
    with pytest.raises(UserError, match="is not a rate"):
        parse_rate(text)


def test_rates() -> None:
    assert parse_rate("30000/1001") == Fraction(30000, 1001)
    assert parse_rate("29.97") == Fraction("29.97")
    assert parse_rate("23.976023976") == Fraction(24000, 1001)


@pytest.mark.parametrize("text", ["1e999999999", "9" * 5000, "1e5"])
def test_numbers_that_never_end_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a rate"):
        parse_rate(text)
    with pytest.raises(UserError, match="is not a time"):
        parse_time(text)
