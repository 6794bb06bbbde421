"""How do commands end on damaged and hostile files? `python -m benchmarks.hostile --cases 10000`.

Prints JSON: for each kind of file the number of cases, of which each status, and every case that
ended as it must not (a traceback, a hang, more than one line, something changed elsewhere), by its
seed, which makes it again.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.measure import report
from tests.support.hostile import LONG, QUICK, outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=[*QUICK, *LONG], choices=[*QUICK, *LONG])
    wanted = parser.parse_args()
    targets = {**QUICK, **LONG}
    ended: dict[str, Counter[str]] = {kind: Counter() for kind in wanted.kinds}
    wrong: list[dict[str, object]] = []
    begin = time.perf_counter()
    for number in range(wanted.cases):
        kind, seed = wanted.kinds[number % len(wanted.kinds)], wanted.seed + number
        with tempfile.TemporaryDirectory() as folder:
            found = outcome(targets[kind], seed, Path(folder))
        ended[kind][f"status {found.status}"] += 1
        if found.wrong:
            case = {"kind": kind, "seed": seed, "command": found.command, "wrong": found.wrong}
            wrong.append({**case, "said": found.said[-300:]})
    spent = round(time.perf_counter() - begin)
    print(report("hostile", {}, cases=wanted.cases, took=spent, ended=ended, wrong=wrong))


if __name__ == "__main__":
    main()
