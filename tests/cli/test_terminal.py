import logging
from collections.abc import Iterator

import pytest

from faceswap_ae.cli.terminal import Session, show_log


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
