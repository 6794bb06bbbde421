import re
import subprocess
import sys

import pytest

from faceswap_ae.common.quantities import format_duration
from faceswap_ae.interface import progress_bars
from faceswap_ae.interface.progress_bars import choose_display


class Clock:
    """A clock whose time a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_bars, "time", clock)
    return clock


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_in_a_log_there_is_a_line_now_and_then(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with choose_display(True).progress("train", 100) as advance:
        for done in range(1, 101):
            clock.now += 1
            advance(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "train: 30 of 100, 1.0/s, 70 s left",
        "train: 60 of 100, 1.0/s, 40 s left",
        "train: 90 of 100, 1.0/s, 10 s left",
    ]


def test_the_loading_of_networks_is_no_part_of_the_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with choose_display(True).progress("swap", 4001) as advance:
        clock.now += 60  # networks load while the first frame waits
        advance(1)
        clock.now += 100
        advance(51)
    assert capsys.readouterr().err.splitlines() == [
        "swap: 1 of 4001",
        "swap: 51 of 4001, 0.5/s, 2 h 12 min left",
    ]


def test_at_the_end_nothing_is_left(clock: Clock) -> None:
    pace = progress_bars.Pace(3)
    for done in (1, 2, 3):
        clock.now += 1
        pace.advance(done)
    assert pace.words == "3 of 3, 1.0/s"


def test_without_a_total_no_time_left_is_made_up(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with choose_display(True).progress("read", 0) as advance:
        advance(0)
        clock.now += 31
        advance(62)
    assert capsys.readouterr().err == "read: 62 of ?, 2.0/s\n"


def test_what_is_not_counted_is_told_in_words(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with choose_display(True).status("train") as say:
        for step in range(1, 11):
            clock.now += 12
            say(step / 10, f"step {step}")
    assert capsys.readouterr().err.splitlines() == [
        "train: 10%, step 1",
        "train: 40%, step 4",
        "train: 70%, step 7",
        "train: 100%, step 10",
    ]


def test_on_a_terminal_words_stand_beside_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    with choose_display(True).status("train") as say:
        say(0.5, "step 7, loss 0.1")
    assert re.search(r"train .*50%.*step 7, loss 0\.1", plain(capsys.readouterr().err))


def test_on_a_terminal_there_is_a_bar_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    with choose_display(True).progress("convert", 10) as advance:
        for done in range(1, 8):
            clock.now += 1
            advance(done)
    shown = plain(capsys.readouterr().err)
    assert re.search(r"convert .*70%.*7 of 10, 1\.0/s, 3 s left", shown)


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [
        (0.4, "0 s"),
        (89, "89 s"),
        (95, "1.5 min"),
        (400, "7 min"),
        (3600, "60 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_times_as_people_say_them(seconds: float, spoken: str) -> None:
    assert format_duration(seconds) == spoken


def test_none_is_none(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    display = choose_display(False)
    with display.progress("train", 100) as advance, display.status("train") as say:
        clock.now += 1000
        advance(50)
        say(1.0, "done")
    assert capsys.readouterr() == ("", "")


def test_a_function_of_one_s_own(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[str, float, str]] = []
    display = choose_display(lambda task, share, words: seen.append((task, share, words)))
    with display.progress("look", 4) as advance:
        for done in (1, 2):
            clock.now += 2
            advance(done)
    with display.status("train") as say:
        say(0.25, "step 9")
    assert seen == [
        ("look", 0.25, "1 of 4"),
        ("look", 0.5, "2 of 4, 0.5/s, 4 s left"),
        ("train", 0.25, "step 9"),
    ]
    assert capsys.readouterr() == ("", "")


def test_no_notebook_no_ipython() -> None:
    code = "from faceswap_ae.interface.progress_bars import in_notebook; import sys; "
    code += "assert not in_notebook() and 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
