"""How long does the program need to start? `python -m benchmarks.start`.

Runs `faceswap-ae --help` and a Python that does nothing, in turn.
"""

import subprocess
import sys

from benchmarks.measure import compare, report


def main() -> None:
    runs = {
        "help": lambda: start("-m", "faceswap_ae", "--help"),
        "python alone": lambda: start("-c", "pass"),
    }
    print(report("start", compare(runs, rounds=9)))


def start(*words: str) -> None:
    subprocess.run((sys.executable, *words), stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
