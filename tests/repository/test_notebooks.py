"""The notebooks run from top to bottom; what Colab is to install leaves its own packages alone."""

import ast
import configparser
import json
import shutil
from collections.abc import Mapping
from fractions import Fraction
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from faceswap_ae.synthetic.film import Film, shoot
from locks import colab
from notebooks.clean import cleaned
from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NO_CHANGE: dict[str, Path] = {}
LONGEST = 1200  # seconds of a cell, on a busy machine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a notebook runs; nothing that it or Jupyter writes lands elsewhere."""
    for name in ("XDG_CACHE_HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        (tmp_path / "home" / name).mkdir(parents=True)
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    return tmp_path


def run(notebook: str, place: Path, settings: Mapping[str, Path] = NO_CHANGE) -> dict[str, str]:
    """Execute a notebook in a kernel of its own; what each cell said, by the cells' names."""
    text = (ROOT / "notebooks" / notebook).read_text(encoding="utf-8")
    nodes = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in nodes.cells if cell.cell_type == "code"]
    for name, value in settings.items():
        (cell,) = (cell for cell in code if f'{name} = ""' in cell.source)
        cell.source = cell.source.replace(f'{name} = ""', f"{name} = {str(value)!r}")
    where = {"metadata": {"path": str(place)}}
    NotebookClient(nodes, timeout=LONGEST, kernel_name="python3", resources=where).execute()
    return {cell.id: "".join(map(said, cell.outputs)) for cell in code}


def said(output: Any) -> str:
    """The words of an output; of a picture that it is one."""
    if output.output_type == "stream":
        return str(output.text)
    pictures = [kind for kind in output.data if kind.startswith("image/")]
    words = output.data.get("text/markdown", output.data.get("text/html", ""))
    return f"<{pictures[0]}>" if pictures else f"{words}\n"


def test_the_walkthrough_in_short_and_with_clips_of_ones_own(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESWAP_AE_SHORT", "1")
    own = {}
    for seed, (setting, who) in enumerate({"YOUR_FACE": "carl", "YOUR_ONTO": "dina"}.items()):
        film = Film(who, seconds=Fraction(1), fps=Fraction(6), size=(256, 192), seed=seed)
        (clip, *_) = shoot(film, place / who, lambda _: None)
        own[setting] = clip.rename(place / f"{who}.mp4")
    told = run("walkthrough.ipynb", place, own)
    work = place / "walkthrough"
    for cell in ("watch", "compare", "own-swap"):
        assert "<video" in told[cell]
    assert "<video" in told["frames"] and "<video" in told["swap"]
    assert "data:image/png" in told["tune"]
    assert "data:image/png" in told["learn"] and "step 20" in told["learn"]
    assert told["extract"].count("data:image/jpeg") == 2
    assert "7 of 7 frames with a new face" in told["swap"]
    assert "PSNR" in told["measure"]
    assert (work / "ben-on-ada.mp4").exists() and (work / "yours" / "swap.mp4").exists()


@pytest.mark.slow
def test_colab_s_runs_elsewhere_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESWAP_AE_SHORT", "1")
    told = run("colab.ipynb", place)
    assert not told["install"] and not told["download"]
    assert "No GPU" in told["device"] and "`colab`" in told["device"]
    assert "data:image/png" in told["learn"] and "step 4" in told["learn"]
    assert "10 of 10 frames with a new face" in told["convert"]
    assert "<video" in told["show"] and "ben" in told["measure"]
    kept = {path.relative_to(place / "swap").as_posix() for path in (place / "swap").rglob("*.*")}
    assert {"faces/ben.zip", "faces/ada.zip", "ben-on-ada.mp4"} <= kept


@pytest.mark.slow
def test_a_later_session_goes_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESWAP_AE_SHORT", "1")
    run("colab.ipynb", place)
    shutil.rmtree(place / "data")  # as Colab's own disk goes with a session
    told = run("colab.ipynb", place)
    assert "step 4" not in told["learn"]
    assert "synth" not in told["clips"] and "look<" not in told["extract"]
    assert "10 of 10 frames with a new face" in told["convert"]


@pytest.mark.slow
def test_the_whole_walkthrough(place: Path) -> None:
    told = run("walkthrough.ipynb", place)
    assert "120 of 120 frames with a new face" in told["swap"]
    assert not told["own-swap"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_what_is_kept_holds_nothing_of_a_run(path: Path) -> None:
    """`python notebooks/clean.py` mends it."""
    text = path.read_text(encoding="utf-8")
    assert cleaned(text) == text
    nbformat.validate(json.loads(text))


def test_cleaning_takes_out_what_a_run_left() -> None:
    text = NOTEBOOKS[0].read_text(encoding="utf-8")
    left = json.loads(text)
    for cell in left["cells"]:
        cell["metadata"]["execution"] = {"iopub.status.busy": "now"}
        if cell["cell_type"] == "code":
            stream = {"output_type": "stream", "name": "stdout", "text": ["7\n"]}
            cell |= {"outputs": [stream], "execution_count": 7}
    left["metadata"]["language_info"]["version"] = "3.12.1"
    assert cleaned(json.dumps(left)) == text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_define_nothing(path: Path) -> None:
    """What a notebook needs, the interface has: no helper function, no class of options."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [ast.parse("".join(one["source"])) for one in cells if one["cell_type"] == "code"]
    assert sum(len(tree.body) for tree in code) > 20
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    assert not [node for tree in code for node in ast.walk(tree) if isinstance(node, kinds)]


def listed() -> dict[str, str]:
    return colab.pinned(ROOT / colab.LIST)


def test_colab_s_list_is_made_of_the_lock() -> None:
    """`python -m locks.colab` renews it."""
    lacked = colab.lacking(colab.pinned(ROOT / colab.OWN), colab.declared())
    text = (ROOT / colab.LIST).read_text(encoding="utf-8")
    assert text == colab.told(lacked)
    assert listed().items() <= colab.pinned(ROOT / colab.LOCK).items()
    assert text.count("--hash=sha256:") >= len(listed())


def test_colab_keeps_what_its_gpu_and_its_own_parts_need() -> None:
    has = colab.pinned(ROOT / colab.OWN)
    assert not colab.KEPT & listed().keys()
    # Only these are there already, too old: no release of theirs is what other parts are built on.
    assert listed().keys() & has.keys() == {"moviepy", "typer"}


def test_colab_then_has_all_that_is_asked_for() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    asked = settings["options"]["install_requires"].split("\n")
    asked += [line for name in listed() for line in requires(name) or ()]
    has = {**colab.pinned(ROOT / colab.OWN), **listed()}
    has["dlib"] = has["dlib-bin"]
    checked = 0
    for one in map(Requirement, filter(None, asked)):
        if one.marker is None or one.marker.evaluate(colab.COLAB):
            assert one.specifier.contains(has[canonicalize_name(one.name)]), one
            checked += 1
    assert checked > 20


def test_what_would_take_colab_s_own_away_is_seen() -> None:
    own = {**colab.pinned(ROOT / colab.OWN), "numpy": "1.26.4"}
    assert "numpy" in colab.lacking(own, colab.declared()).keys() & colab.KEPT


def test_the_notebook_installs_the_list_and_resolves_nothing() -> None:
    cells = json.loads((ROOT / "notebooks" / "colab.ipynb").read_text(encoding="utf-8"))["cells"]
    (cell,) = (cell for cell in cells if cell["id"] == "install")
    source = "".join(cell["source"])
    assert colab.LIST in source and '"--no-deps"' in source and '"--require-hashes"' in source
    assert not any(word in source for word in ("--upgrade", "-U", "apt", "cmake"))
