"""Does the notebook install and run with Colab's package versions? `python -m locks.as_colab`.

Makes .venv-colab with Python 3.12 and the versions in locks/colab.txt. The notebook's own cell
installs this checkout there. Then the script checks that no other packages were changed, and runs
the notebook in its short form. Colab's dlib is not installed beforehand, because it needs a
compiler. There is no GPU either.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import setup_env
from locks.colab import OWN, ROOT, pinned

VENV = ROOT / ".venv-colab"
PYTHON = "python3.12"
NOTEBOOK = ROOT / "notebooks" / "colab.ipynb"
CHECKOUT = "faceswap_ae_source"  # the cell's name for it; if the folder exists, nothing is cloned
BEFORE = "from pathlib import Path; import sys; COLAB, SOURCE = True, 'here'"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=3600, kernel_name="python3").execute()
"""


def main() -> None:
    python = setup_env.python_of(str(VENV))
    begin(python)
    before = installed(python)
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT, Path(place, CHECKOUT), ignore=left_out)
        run(python, "-c", f"{BEFORE}\n{install_cell()}", cwd=place)
        changed = sorted(dict(installed(python).items() - before.items()))
        print(f"installed or replaced: {', '.join(changed)}")
        wrong = {*changed} - {*pinned(ROOT / "requirements-colab.txt"), "faceswap-ae"}
        if wrong:
            sys.exit(f"not to be touched: {', '.join(sorted(wrong))}")
        run(python, "-c", RUN, str(NOTEBOOK), cwd=place)
    print("the notebook ran from top to bottom")


def begin(python: str) -> None:
    """Make an environment like Colab's. It is new each time, like a session on Colab."""
    found = shutil.which(PYTHON)
    if found is None:
        sys.exit(f"as_colab needs {PYTHON} on the PATH")
    setup_env.make(str(VENV), found)
    own = [f"{name}=={version}" for name, version in pinned(ROOT / OWN).items() if name != "dlib"]
    uv = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python)
    subprocess.run([*uv, *own, "nbclient", "nbformat"], check=True)


def installed(python: str) -> dict[str, str]:
    """The installed packages of an environment, with their versions."""
    uv = (sys.executable, "-m", "uv", "pip", "list", "--format", "json", "--python", python)
    told = subprocess.run(uv, check=True, stdout=subprocess.PIPE).stdout
    return {one["name"]: one["version"] for one in json.loads(told)}


def install_cell() -> str:
    """The source of the notebook's cell that installs the toolkit."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return "".join(next(cell["source"] for cell in cells if cell["id"] == "install"))


def left_out(folder: str, names: list[str]) -> set[str]:
    """The names in a folder that are not part of a checkout."""
    hidden = {name for name in names if name.startswith(".")}
    return hidden | ({"data", "runs", "demo"} & {*names} if Path(folder) == ROOT else set())


def run(*command: str, cwd: str) -> None:
    environment = {**setup_env.clean(), "FACESWAP_AE_SHORT": "1", "XDG_CACHE_HOME": cwd}
    environment["PATH"] = os.pathsep.join([str(Path(command[0]).parent), environment["PATH"]])
    subprocess.run(command, check=True, cwd=cwd, env=environment)


if __name__ == "__main__":
    main()
