import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap_ae.cli.terminal import Session, remind_of_consent, show_log


@pytest.fixture
def _log() -> Iterator[None]:
    yield
    logger = logging.getLogger("faceswap_ae")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


def test_items_pass_through() -> None:
    for session in (Session(), Session(quiet=True)):
        assert list(session.track("abc", "spell", 3)) == ["a", "b", "c"]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(quiet=True)
    with session.progress("train", 100) as advance, session.status("train") as say:
        advance(50)
        say(1.0, "done")
    session.print("done")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("_log")
@pytest.mark.parametrize(("quiet", "told"), [(False, "a note\nwarning: a worry\n"), (True, "")])
def test_notes_and_warnings(quiet: bool, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_log(quiet=quiet)
    logging.getLogger("faceswap_ae.media.reader").info("a note")
    logging.getLogger("faceswap_ae.media.reader").warning("a worry")
    assert capsys.readouterr().err == (told or "warning: a worry\n")


@pytest.mark.usefixtures("_log")
def test_consent_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    show_log(quiet=False)
    for _ in range(3):
        remind_of_consent()
    assert capsys.readouterr().err.count("must have agreed") == 1
