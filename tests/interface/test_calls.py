import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.interface import calls
from faceswap_ae.interface.calls import in_python, public
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("said", "python"),
    [
        (
            "no face found; try --detector cnn, or more",
            'no face found; try detector="cnn", or more',
        ),
        ("choose another name with --as", "choose another name with name="),
        ("--max 0: ask for 1 face or more", "most=0: ask for 1 face or more"),
        ("--as '../x': give a name", "name='../x': give a name"),
        ("--end 1s is not after --start 2s", "end=1s is not after start=2s"),
        ("--mask image: name the picture", 'mask="image": name the picture'),
        ("--face and --onto need two people", "face= and onto= need two people"),
        ("use --keep-going", "use keep_going=True"),
        ("--everyone swaps all, --only TRACK one", "everyone=True swaps all, only=TRACK one"),
        ("like a photo of --not", "like a photo of spare="),
        ("inputs need one; try -o swapped", 'inputs need one; try out="swapped"'),
        ("faceswap-ae faces drop --by blur; --like", "faceswap-ae faces drop --by blur; like="),
        ("a-b--c and ----", "a-b--c and ----"),
    ],
)
def test_messages_in_the_words_of_python(said: str, python: str) -> None:
    assert in_python(said) == python


def _texts() -> Iterator[tuple[Path, str]]:
    """The texts of the core that are no docstrings."""
    for room in ("common", "conversion", "evaluation", "extraction", "faces", "media", "training"):
        for path in (ROOT / "faceswap_ae" / room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            alone = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
            for node in ast.walk(tree):
                text = node.value if isinstance(node, ast.Constant) else None
                if isinstance(text, str) and id(node) not in alone:
                    yield path, text


def test_no_message_of_the_core_keeps_an_option_of_the_command_line() -> None:
    seen = 0
    for path, text in _texts():
        seen += "--" in text
        left = calls.COMMAND.sub("", in_python(text))
        assert not re.search(r"(?<![\w-])--[a-z]{2,}", left), f"{path}: {text}"
    assert seen > 20


@public
def _fail(message: str) -> None:
    """Fail."""
    logging.getLogger("faceswap_ae.media.clip").warning("see --like")
    raise MediaError(message)


def test_errors_and_warnings_speak_python(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("faceswap_ae"), "propagate", False)
    monkeypatch.setattr(logging.getLogger("faceswap_ae"), "handlers", [])  # of other tests
    with pytest.raises(MediaError, match=r"^try keep_going=True$"):
        _fail("try --keep-going")
    assert capsys.readouterr().err == "warning: see like=\n"
    assert not logging.getLogger("faceswap_ae").handlers


def test_a_log_of_the_program_s_own_is_left_to_it(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("faceswap_ae"), "handlers", [])  # of other tests
    with pytest.raises(UserError):
        _fail("no")
    assert caplog.messages == ["see --like"]
    assert not capsys.readouterr().err
