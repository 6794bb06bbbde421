"""Every way to install finds the core and the plug-ins beside it."""

import configparser
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import ROOT

POCKET = '''
"""A plug-in of the test's own."""

def build(options):
    return options * 2
'''
# Pickled into a process that starts from nothing, as training's workers are.
LOOK = """
import multiprocessing
import faceswap_ae
from importlib.resources import files
from faceswap_ae.common import plugins
from faceswap_ae.synthetic.people import person

if __name__ == "__main__":
    assert person("ada").seed  # files that have to be in the package
    assert (files("faceswap_ae") / "recipes" / "quick.yaml").read_text()
    assert (files("faceswap_ae") / "pages" / "gallery.html").read_text()
    build = plugins.load("models", "pocket").build
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(faceswap_ae.__file__, plugins.names("models"), pool.map(build, [21]))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files, with a model added, as a researcher would."""
    tree = tmp_path_factory.mktemp("tree") / "checkout"
    for name in ("faceswap_ae", "models", "trainers"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    (tree / "models" / "pocket.py").write_text(POCKET)
    return tree


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--wheel-dir", folder, tree)
    (built,) = folder.glob("faceswap_ae-*.whl")
    return built


def pip(command: str, *words: str | Path) -> None:
    plain = ("--disable-pip-version-check", "--quiet", command, "--no-deps", "--no-build-isolation")
    done = subprocess.run(
        [sys.executable, "-m", "pip", *plain, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def run(folder: Path, python: str | Path, *words: str, path: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [str(python), *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(folder: Path, python: str | Path, home: Path, path: str = "") -> None:
    """Run the program and the plug-in in `folder`, and see that they come from `home`."""
    script = folder / "look.py"
    script.write_text(LOOK)  # a script's own folder is on its path, as is -m's
    told = run(folder, python, str(script), path=path)
    assert told.startswith(str(home / "faceswap_ae" / "__init__.py")), told
    assert "'pocket'" in told
    assert told.endswith("] [42]\n")
    assert "Commands:" in run(folder, python, "-m", "faceswap_ae", "--help", path=path)


def test_built_wheel(wheel: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "site", tmp_path / "elsewhere"
    folder.mkdir()
    pip("install", "--target", home, wheel)
    check(folder, sys.executable, home, path=str(home))


def test_editable_install(tree: Path, tmp_path: Path) -> None:
    """In an environment of its own, which borrows the dependencies of this one."""
    venv, folder = tmp_path / "venv", tmp_path / "elsewhere"
    folder.mkdir()
    run(tmp_path, sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = Path(
        run(tmp_path, python, "-c", "import site; print(site.getsitepackages()[0])").strip()
    )
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    # Or pip would first remove the project from the environment that runs it.
    pip("install", "--ignore-installed", "--prefix", venv, "--editable", tree)
    check(folder, python, tree)
    # The command itself, as pip made it; its first line names the Python that ran pip.
    command = next(venv.rglob("faceswap-ae*"))
    assert "Commands:" in run(folder, python, str(command), "--help")


def test_bare_checkout_from_its_root_and_from_elsewhere(tree: Path, tmp_path: Path) -> None:
    check(tree, sys.executable, tree)
    check(tmp_path, sys.executable, tree, path=str(tree))


def test_every_package_of_the_core_is_listed() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    listed = set(settings["options"]["packages"].split())
    inside = {path.parent.relative_to(ROOT) for path in (ROOT / "faceswap_ae").rglob("__init__.py")}
    found = {".".join(path.parts) for path in inside}
    assert listed == found | {"faceswap_ae.models", "faceswap_ae.trainers"}


def test_setup_py_stays_small() -> None:
    lines = [line for line in (ROOT / "setup.py").read_text().splitlines() if line]
    assert len(lines) <= 3


def test_the_public_names_are_there() -> None:
    program = (
        "import sys, faceswap_ae; assert 'cv2' not in sys.modules;"
        "names = set(faceswap_ae.__all__) - {'__version__'};"
        "print([callable(getattr(faceswap_ae, name)) for name in names]);"
        "faceswap_ae.nothing"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "False" not in done.stdout
    assert "True" in done.stdout
    assert "has no attribute 'nothing'" in done.stderr
