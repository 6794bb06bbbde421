"""Which packages are missing or too old on Colab? `python -m locks.colab`.

Writes requirements-colab.txt from the lock file. Packages that Colab has within the bounds of
setup.cfg stay as they are. The other packages get the lock's versions and hashes, for an
installation without a resolver.
"""

import configparser
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK, OWN, LIST = "requirements.lock", "locks/colab.txt", "requirements-colab.txt"
HEADER = """\
# What Colab lacks, or has too old; made by `python -m locks.colab` from requirements.lock.
# Its tensorflow, keras, numpy and OpenCV stay. notebooks/colab.ipynb installs it like this:
#   pip uninstall --yes dlib     (Colab's, which dlib-bin takes the place of, built)
#   pip install --no-deps --no-build-isolation --require-hashes -r requirements-colab.txt
"""
INSTEAD = {"dlib": "dlib-bin"}  # packages whose replacement needs no compiler
# Replacing these packages would disable Colab's GPU, or break packages that were built for them.
KEPT = {
    *("tensorflow", "keras", "jax", "numpy", "opencv-python", "opencv-python-headless", "pillow"),
    *("h5py", "ml-dtypes", "protobuf", "grpcio", "setuptools", "ipython", "ipykernel"),
}
COLAB = {"python_version": "3.12", "sys_platform": "linux", "platform_system": "Linux", "extra": ""}


def main() -> None:
    lacked = lacking(pinned(ROOT / OWN), declared())
    unkept = KEPT & lacked.keys()
    if unkept:
        sys.exit(f"Colab's {', '.join(sorted(unkept))} will not do: other versions are asked for")
    (ROOT / LIST).write_text(told(lacked), encoding="utf-8")
    print(f"{LIST}: {', '.join(lacked)}")


def lacking(own: Mapping[str, str], wanted: Iterable[Requirement]) -> dict[str, str]:
    """The lock's text of each package to install, and of the packages that these need in turn."""
    locked, found, queue = blocks(), dict[str, str](), list(wanted)
    while queue:
        one = queue.pop()
        has = own.get(canonicalize_name(one.name))
        name = INSTEAD.get(canonicalize_name(one.name), canonicalize_name(one.name))
        if name in found or (has is not None and one.specifier.contains(has)):
            continue
        found[name] = locked[name]
        queue += needs(name)
    return dict(sorted(found.items()))


def told(lacked: Mapping[str, str]) -> str:
    """The text of requirements-colab.txt."""
    return HEADER + "".join(lacked.values())


def declared() -> list[Requirement]:
    """The requirements that setup.cfg declares."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    lines = settings["options"]["install_requires"].splitlines()
    return [Requirement(line) for line in lines if line.strip()]


def needs(name: str) -> list[Requirement]:
    """The requirements of a package on Colab, for the version installed here (the lock's)."""
    found = map(Requirement, requires(name) or ())
    return [one for one in found if one.marker is None or one.marker.evaluate(COLAB)]


def pinned(path: Path) -> dict[str, str]:
    """The versions in a file with lines of `name==version`."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.M)
    return {canonicalize_name(name): version for name, version in found}


def blocks() -> dict[str, str]:
    """The lock file, split into one text per package, each with its hashes."""
    cut = re.split(r"^(?=[A-Za-z0-9])", (ROOT / LOCK).read_text(encoding="utf-8"), flags=re.M)
    return {block.split("==")[0]: block for block in cut if "==" in block}


if __name__ == "__main__":
    main()
