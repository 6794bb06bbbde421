"""Does everything work from Python as the page says, alone and with what the functions return?"""

import doctest
import inspect
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import faceswap_ae
from docs import python as page
from faceswap_ae.cli import options
from faceswap_ae.common.errors import UserError
from faceswap_ae.interface.docstrings import argument_texts, description, example

FUNCTIONS = {name: getattr(faceswap_ae, name) for name in page.FUNCTIONS}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_is_up_to_date() -> None:
    """`python docs/python.py` mends it."""
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_is_explained_and_typed(name: str) -> None:
    function = inspect.unwrap(FUNCTIONS[name])
    names = list(inspect.signature(function).parameters)
    assert list(argument_texts(function)) == names
    assert all(
        text.endswith((".", ".mkv", "2.", ":7.")) for text in argument_texts(function).values()
    )
    assert list(get_type_hints(function)) == [*names, "return"]
    assert description(function) and example(function).startswith(">>> ")


def test_the_functions_are_seen() -> None:
    assert {*FUNCTIONS, "FaceswapError"} < set(dir(faceswap_ae))
    assert set(dir(faceswap_ae)) == set(faceswap_ae.__all__)
    for function in FUNCTIONS.values():
        assert inspect.signature(function) == inspect.signature(inspect.unwrap(function))
    with pytest.raises(AttributeError, match="no attribute 'extrat'"):
        _ = faceswap_ae.extrat


def test_looking_at_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, faceswap_ae as fs, inspect\n"
        f"for name in {list(FUNCTIONS)}: inspect.signature(getattr(fs, name))\n"
        "heavy = {'numpy', 'cv2', 'keras', 'typer', 'rich', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _run_examples(names: Sequence[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the page; ada's clip and faces are made beside them."""
    clip = faceswap_ae.synth(here / "clips" / "ada", seconds=1, fps=8, size="256x192")
    faceswap_ae.extract([clip], "ada", progress=False)
    for name in names:
        text, runner = page.examples(FUNCTIONS[name]), doctest.DocTestRunner()
        known = {name: FUNCTIONS[name]}
        runner.run(doctest.DocTestParser().get_doctest(text, known, name, None, 0))
        assert runner.tries and not runner.failures, capsys.readouterr().out


@pytest.mark.usefixtures("cache")
def test_the_examples(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run_examples(page.FUNCTIONS[:4], here, capsys)


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_all_examples(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run_examples(page.FUNCTIONS, here, capsys)


def test_a_folder_that_is_not_there_is_told_before_tensorflow_loads(here: Path) -> None:
    (here / "data" / "ben").mkdir(parents=True)
    code = (
        "import sys, faceswap_ae as fs\n"
        "try: fs.train('ben', 'zoe')\n"
        "except fs.FaceswapError as error: print(error)\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "unknown face folder 'zoe'" in done.stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: faceswap_ae.extract("x.mp4", name="../x"), "name='../x': give a folder's name"),
        (lambda: faceswap_ae.extract("x.mp4", "x", most=0), "most=0: ask for"),
        (lambda: faceswap_ae.extract("x.mp4", "x", every=0), "every=0: give"),
        (
            lambda: faceswap_ae.extract("x.mp4", "x", start=3, end=2.5),
            "end=2.5 is not after start=3",
        ),
        (lambda: faceswap_ae.extract("x.mp4", "x"), "no new face: x.mp4: cannot be read"),
        (lambda: faceswap_ae.convert("x.mp4", "r", "o.mp4", mask="image"), 'mask="image": name'),
        (lambda: faceswap_ae.convert(["a", "b"], "r", "o", still=1), "still=: is of one clip"),
        (
            lambda: faceswap_ae.train("a", "b", minuts=1),  # type: ignore[call-arg]
            "train: unknown argument 'minuts'; did you mean 'minutes'?",
        ),
        (
            lambda: faceswap_ae.convert("a", "r", "o", color="mkl"),  # type: ignore[call-arg]
            "convert: unknown argument 'color'; did you mean 'colour'?",
        ),
        (
            lambda: faceswap_ae.train("a", "b", minutes="one"),  # type: ignore[arg-type]
            "minutes='one': give a number or None",
        ),
        (lambda: faceswap_ae.train("a", None), "onto=None: give a text or a path"),  # type: ignore[arg-type]
        (lambda: faceswap_ae.train("a"), "train: missing a required argument: 'onto'"),  # type: ignore[call-arg]
        (
            lambda: faceswap_ae.evaluate("o.mp4", "bem", "ada"),
            "bem: no such file, and unknown face folder 'bem'",
        ),
    ],
)
def test_errors_are_in_the_words_of_python(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value).startswith(said)
    assert "--" not in str(error.value)


@pytest.mark.usefixtures("here")
def test_both_folders_that_are_missing_are_told_and_a_clip_is_to_be_extracted() -> None:
    with pytest.raises(UserError, match=r"'zoe'.*; and data/yan: unknown face folder 'yan'"):
        faceswap_ae.train("zoe", "yan")
    Path("My ben.mp4").touch()
    with pytest.raises(UserError, match=r"faceswap-ae extract My ben\.mp4 --as My_ben"):
        faceswap_ae.train("My ben.mp4", "yan")


def test_a_command_s_options_are_the_function_s() -> None:
    """`faceswap-ae convert` and `faceswap_ae.convert` take the same, with the same defaults."""
    from typer.main import get_command

    from faceswap_ae.cli.main import app

    commands: Any = get_command(app)
    for name, function in FUNCTIONS.items():
        given = {one.name: one for one in commands.commands[name].params}
        wanted = dict(inspect.signature(function).parameters)
        for python_only in options.PYTHON_ONLY:
            wanted.pop(python_only, None)
        assert set(wanted) <= set(given)
        for key, parameter in wanted.items():
            if parameter.default not in (inspect.Parameter.empty, None, ()):
                assert str(given[key].default) == str(parameter.default), f"{name} {key}"


def test_defaults_are_those_of_the_core() -> None:
    """The core's dataclasses are heavy to import, so the signatures repeat their defaults."""
    from faceswap_ae.conversion.compositor import CompositeOptions
    from faceswap_ae.conversion.converter import ConvertOptions
    from faceswap_ae.extraction.options import ExtractOptions
    from faceswap_ae.media.codecs import Encoding
    from faceswap_ae.training.runs.run import Run

    converting, extracting = ConvertOptions((Run(Path("runs/x")),)), ExtractOptions()
    cores: dict[str, tuple[Any, ...]] = {
        "convert": (converting, converting.wanted, converting.scan, CompositeOptions(), Encoding()),
        "extract": (extracting, extracting.limits, extracting.scan),
    }
    for name, options_of_core in cores.items():
        parameters = inspect.signature(FUNCTIONS[name]).parameters
        known: dict[str, Any] = {}
        for one in reversed(options_of_core):  # of two of one name, the first is meant
            known |= vars(one)
        shared = {key for key, one in parameters.items() if one.default not in (one.empty, None)}
        shared &= known.keys() - {"data", "runs", "frames"}  # as paths, or of another meaning
        assert len(shared) > 8
        assert {key: parameters[key].default for key in shared} == {
            key: known[key] for key in shared
        }
