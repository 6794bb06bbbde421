"""Does the suite pass at the lowest versions that setup.cfg declares? `make test-oldest`."""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import setup_env
from locks.renew import compiled

VENV = ".venv-oldest"


def main() -> int:
    lowest = compiled("--resolution", "lowest-direct")
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text(lowest, encoding="utf-8")
        # The test tools stay as they are locked: they are not what a user brings.
        lock = compiled("--extra", "dev", "--generate-hashes", "--constraint", str(pins))
    print(lowest)
    setup_env.make(VENV)
    setup_env.install_lock(VENV, lock)
    tests = ("-m", "pytest", "-m", "not slow", *sys.argv[1:])
    return subprocess.call((setup_env.python_of(VENV), *tests))


if __name__ == "__main__":
    sys.exit(main())
