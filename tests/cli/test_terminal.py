import logging
import re
import sys
from collections.abc import Iterator

import pytest

from faceswap_ae.cli import terminal
from faceswap_ae.cli.terminal import Session, show_log
from faceswap_ae.common.quantities import format_duration


class Clock:
    """A clock whose time a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    return clock


@pytest.fixture
def _log() -> Iterator[None]:
    yield
    logger = logging.getLogger("faceswap_ae")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


def test_items_pass_through() -> None:
    for session in (Session(), Session(quiet=True)):
        assert list(session.track("abc", "spell", 3)) == ["a", "b", "c"]


def test_in_a_log_there_is_a_line_now_and_then(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session().progress("train", 100) as advance:
        for done in range(1, 101):
            clock.now += 1
            advance(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "train: 30/100, 1.0/s, 70 s left",
        "train: 60/100, 1.0/s, 40 s left",
        "train: 90/100, 1.0/s, 10 s left",
    ]


def test_without_a_total_no_time_left_is_made_up(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session().progress("read", 0) as advance:
        clock.now += 31
        advance(62)
    assert capsys.readouterr().err == "read: 62/?, 2.0/s\n"


def test_on_a_terminal_there_is_a_bar_with_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert list(Session().track(range(10), "convert", 10)) == list(range(10))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert re.search(r"convert .*10/10 .*\d+\.\d/s 0:00:00", shown)


def test_what_is_not_counted_is_told_in_words(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session().status("train") as say:
        for step in range(1, 11):
            clock.now += 12
            say(step / 10, f"step {step}")
    assert capsys.readouterr().err.splitlines() == [
        "train: 10%, step 1",
        "train: 40%, step 4",
        "train: 70%, step 7",
        "train: 100%, step 10",
    ]
    with Session(quiet=True).status("train") as say:
        say(1.0, "done")
    assert not capsys.readouterr().err


def test_on_a_terminal_words_stand_beside_the_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    with Session().status("train") as say:
        say(0.5, "step 7, loss 0.1")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert re.search(r"train .*50%.*step 7, loss 0\.1", shown)


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [(0.4, "0 s"), (89, "89 s"), (95, "2 min"), (3600, "60 min"), (7500, "2 h 05 min")],
)
def test_times_as_people_say_them(seconds: float, spoken: str) -> None:
    assert format_duration(seconds) == spoken


def test_quiet_is_quiet(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Session(quiet=True).progress("train", 100) as advance:
        clock.now += 1000
        advance(50)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("_log")
@pytest.mark.parametrize(("quiet", "told"), [(False, "a note\nwarning: a worry\n"), (True, "")])
def test_notes_and_warnings(quiet: bool, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_log(quiet=quiet)
    logging.getLogger("faceswap_ae.media.reader").info("a note")
    logging.getLogger("faceswap_ae.media.reader").warning("a worry")
    assert capsys.readouterr().err == (told or "warning: a worry\n")
