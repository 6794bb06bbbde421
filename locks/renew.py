"""Which exact versions does a set-up install? `make lock` renews both lock files from setup.cfg."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from locks import colab

HEADER = (
    "# Made by `make lock` from setup.cfg and locks/*.in; installed by setup_env.py, no resolver.\n"
)
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements.lock": ("--extra", "marks"),
    "requirements-dev.lock": ("--extra", "marks", "--extra", "dev"),
}
EVERY_PYTHON = ("--universal", "--generate-hashes")


def main() -> None:
    # Each package has one version for all Pythons. It is the version for the oldest Python.
    versions = compiled(*LOCKS["requirements-dev.lock"])
    pins = "".join(line.partition(" ;")[0] + "\n" for line in versions.splitlines())
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "pinned.txt")
        pinned.write_text(pins, encoding="utf-8")
        for name, extra in LOCKS.items():
            text = compiled(*extra, *EVERY_PYTHON, "--constraint", str(pinned))
            Path(name).write_text(HEADER + text, encoding="utf-8")
            print(f"{name}: {len(re.findall('^[a-z].*==', text, re.M))} packages")
    colab.main()


def compiled(*options: str) -> str:
    """Resolve setup.cfg and our replacements with uv, and return the text of requirements."""
    base = (sys.executable, "-m", "uv", "pip", "compile", "setup.cfg", "locks/instead.in")
    fixed = ("--override", "locks/overrides.in", "--python-version", "3.11")
    plain = ("--quiet", "--no-header", "--no-annotate")
    command = (*base, *fixed, *plain, *options)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
