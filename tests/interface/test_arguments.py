from pathlib import Path

import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.arguments import (
    Time,
    as_changes,
    as_numbers,
    as_paths,
    as_text,
    as_texts,
    check_range,
)
from faceswap_ae.interface.results import TrainResult
from faceswap_ae.media.span import parse_time


def test_one_path_or_many() -> None:
    run = TrainResult(Path("runs/x"), Path("runs/x/preview.png"))
    assert as_paths("a.mp4") == as_paths(Path("a.mp4")) == as_paths(["a.mp4"]) == (Path("a.mp4"),)
    assert as_paths(["a", Path("b"), run]) == (Path("a"), Path("b"), Path("runs/x"))
    assert as_texts(run) == as_texts([run]) == ("runs/x",)
    assert as_texts("./ada") == ("./ada",)
    assert as_numbers(3) == as_numbers([3]) == (3,)


@pytest.mark.parametrize("given", [4.2, "4.2", "4.2s"])
def test_a_time_is_a_number_or_a_text(given: Time) -> None:
    assert parse_time(as_text(given) or "") == parse_time("4.2s")


@pytest.mark.parametrize("given", [1e-5, 0, 100.0, 1 / 3])
def test_numbers_are_written_out(given: float) -> None:
    assert float(parse_time(as_text(given) or "")) == pytest.approx(given, abs=1e-9)


@pytest.mark.parametrize("given", [float("inf"), float("nan"), -1.0])
def test_what_is_no_time_is_refused(given: float) -> None:
    with pytest.raises(UserError, match="is not a time"):
        parse_time(as_text(given) or "")


def test_changes_are_key_and_value() -> None:
    assert as_changes({"width": 0.25, "freeze": ["a", "b"], "crop": "full", "batch": None}) == [
        *("width=0.25", 'freeze=["a", "b"]', "crop=full", "batch=null")
    ]
    assert as_changes(["a=1"]) == as_changes("a=1") == ["a=1"]


def test_a_range_is_told() -> None:
    check_range(1, every=1)
    check_range(0, 51, crf=None)
    with pytest.raises(UserError, match="--every 0: give a number, 1 or more"):
        check_range(1, every=0)
    with pytest.raises(UserError, match="--crf 52: give a number, 0 to 51"):
        check_range(0, 51, crf=52)
