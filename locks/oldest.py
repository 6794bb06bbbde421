"""Does the suite pass at the lowest versions that setup.cfg declares? `make test-oldest`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import setup_env
from locks.renew import compiled

OLDEST = (3, 11)
VENV = ".venv-oldest"


def main() -> int:
    lowest = compiled("--extra", "marks", "--resolution", "lowest-direct")
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text(lowest, encoding="utf-8")
        # The test tools keep their locked versions, because users do not bring their own.
        lock = compiled(
            "--extra", "marks", "--extra", "dev", "--generate-hashes", "--constraint", str(pins)
        )
    print(lowest)
    setup_env.make(VENV, python())
    setup_env.install_lock(VENV, lock)
    setup_env.register(VENV)
    tests = ("-m", "pytest", "-m", "not slow", *sys.argv[1:])
    return subprocess.call((setup_env.python_of(VENV), *tests))


def python() -> str:
    """The oldest supported Python. The lowest versions have no wheels for later Pythons."""
    if sys.version_info[:2] == OLDEST:
        return sys.executable
    found = shutil.which("python{}.{}".format(*OLDEST))
    if found is None:
        sys.exit("test-oldest needs Python 3.11 on the PATH")
    return found


if __name__ == "__main__":
    sys.exit(main())
