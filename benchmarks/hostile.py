"""How do commands end on damaged and hostile inputs? `python -m benchmarks.hostile --cases 10000`.

Prints JSON: for each kind of input how many cases ended with which status, the longest time, the
most memory, and every case that ended as it must not, by its seed, which makes it again. `--page`
writes the table into docs/hostile.md. Cases with networks take a hundred times as long as the
others, so `--long` says how many there are.
"""

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import takewhile
from pathlib import Path

from benchmarks.measure import commit, report
from tests.support.hostile.formats import LONG, QUICK
from tests.support.hostile.sandbox import Outcome
from tests.support.hostile.server import serving

PAGE = Path(__file__).parents[1] / "docs" / "hostile.md"
TABLE = re.compile(r"(?<=<!-- figures -->\n).*(?=<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="in all")
    parser.add_argument("--long", type=int, default=100, help="of them with networks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=600.0, help="no new case after these")
    parser.add_argument("--kinds", nargs="+", choices=[*QUICK, *LONG])
    parser.add_argument("--page", action="store_true", help="write docs/hostile.md")
    wanted = parser.parse_args()
    kinds = wanted.kinds or [*QUICK, *LONG]
    with ThreadPoolExecutor(2) as threads:
        shares = ((False, QUICK, wanted.cases - wanted.long), (True, LONG, wanted.long))
        end = time.monotonic() + 60 * wanted.minutes
        each = partial(run_all, seed=wanted.seed, end=end)
        asked = [
            threads.submit(each, [kind for kind in kinds if kind in some], cases, networks=networks)
            for networks, some, cases in shares
        ]
        found = [outcome for share in asked for outcome in share.result()]
    wrong = [asdict(one) for one in found if one.wrong]
    if wanted.page:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(TABLE.sub(lambda _: table(found), text), encoding="utf-8")
    print(report("hostile", {}, cases=len(found), ended=figures(found), wrong=wrong))


def run_all(
    kinds: Sequence[str], cases: int, *, seed: int, end: float, networks: bool
) -> list[Outcome]:
    """Run so many cases, of all kinds in turn, or as many as there is time for."""
    if not kinds or not cases:
        return []
    with serving(networks=networks) as run:
        asked = ((kinds[at % len(kinds)], seed + at // len(kinds)) for at in range(cases))
        return [run(*one) for one in takewhile(lambda _: time.monotonic() < end, asked)]


def figures(found: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """How the cases of each kind ended, the longest, and the one that took most memory."""
    rows: dict[str, dict[str, float]] = {}
    for kind in dict.fromkeys(one.kind for one in found):
        own = [one for one in found if one.kind == kind]
        ended = Counter(one.status for one in own)
        rows[kind] = {
            "cases": len(own),
            **{f"status {status}": ended[status] for status in (0, 1, 2)},
            "wrong": sum(bool(one.wrong) for one in own),
            "seconds": max(one.seconds for one in own),
            "MiB": max(one.mebibytes for one in own),
        }
    return rows


def table(found: Sequence[Outcome]) -> str:
    """The figures as a table of the page."""
    rows = figures(found)
    names = next(iter(rows.values()))
    most = {name: max(row[name] for row in rows.values()) for name in ("seconds", "MiB")}
    whole = {name: sum(row[name] for row in rows.values()) for name in names} | most
    lines = [f"Measured at commit {commit()}.", "", f"| kind | {' | '.join(names)} |"]
    lines += [f"|---|{'---|' * len(names)}"]
    for kind, row in [*rows.items(), ("all", whole)]:
        lines.append(f"| {kind} | {' | '.join(f'{value:g}' for value in row.values())} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
