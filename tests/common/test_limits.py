"""Are numbers and files of strangers held within bounds?"""

import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import MediaError
from faceswap_ae.common.limits import (
    LONGEST_LINE,
    MOST_WHOLE,
    check_is_file,
    check_pixels,
    fraction,
    lines_of,
    read_whole,
)


@given(st.fractions(-(10**9), 10**9, max_denominator=10**9))
def test_an_exact_number_comes_back(number: Fraction) -> None:
    assert fraction(str(number)) == number


@pytest.mark.parametrize(
    ("told", "number"),
    [("29.97", Fraction(2997, 100)), (25, 25), (0.5, Fraction(1, 2)), (" 7 ", 7)],
)
def test_a_number_as_people_write_it(told: object, number: Fraction) -> None:
    assert fraction(told) == number


@pytest.mark.parametrize(
    "told",
    ["1e999999999", "1e5", "9" * 5000, "1/" + "9" * 5000, "", "x", None, [], "nan", "inf", "1/-2"],
)
def test_what_would_take_for_ever_is_no_number(told: object) -> None:
    with pytest.raises(ValueError, match="is no number"):
        fraction(told)


def test_a_division_by_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        fraction("1/0")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "x.mp4"
    os.mkfifo(pipe)
    with pytest.raises(MediaError, match=r"x\.mp4: is a pipe or a device"):
        check_is_file(pipe)
    check_is_file(tmp_path)
    check_is_file(tmp_path / "absent")  # whoever opens it says so


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_what_is_read_in_one_go_is_a_file_of_a_sane_size(tmp_path: Path) -> None:
    pipe, sparse, plain = (tmp_path / name for name in ("pipe", "sparse", "plain"))
    os.mkfifo(pipe)
    sparse.touch()
    os.truncate(sparse, MOST_WHOLE + 1)
    plain.write_bytes(b"whole")
    assert read_whole(plain) == b"whole"
    for place, why in ((pipe, "a pipe"), (tmp_path, "a folder"), (sparse, "more than 100 million")):
        with pytest.raises(OSError, match=why):
            read_whole(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with a name")
def test_a_line_without_end_comes_in_pieces(tmp_path: Path) -> None:
    pipe, log = tmp_path / "pipe", tmp_path / "log"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="a pipe"):
        list(lines_of(pipe))
    log.write_bytes(b"one\n\n" + b"x" * (LONGEST_LINE + 3) + b"\nlast")
    pieces = list(lines_of(log))
    assert b"".join(pieces) == log.read_bytes()
    assert [len(piece) for piece in pieces] == [4, 1, LONGEST_LINE, 4, 4]


def test_pixels_have_a_bound() -> None:
    check_pixels("a.png", 7680, 4320)
    with pytest.raises(MediaError, match="60000 x 60000 pixels, more than 100 million"):
        check_pixels("a.png", 60_000, 60_000)
