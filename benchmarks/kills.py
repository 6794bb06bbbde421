"""Is anything lost when a command is killed? `python -m benchmarks.kills`.

Kills the saving of checkpoints (kills_saves.py) and real commands (kills_commands.py), each so many
times. Prints JSON: how often what was killed, and every loss.
"""

import argparse
from dataclasses import asdict

from benchmarks.kills_commands import CASES, kill_command
from benchmarks.kills_saves import kill_saves
from benchmarks.measure import report

SAVES = "saves"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[SAVES, *CASES], choices=[SAVES, *CASES])
    wanted = parser.parse_args()
    found: dict[str, object] = {}
    for name in wanted.only:
        if name == SAVES:
            found[name] = kill_saves(wanted.kills, wanted.seed)
        else:
            found[name] = asdict(kill_command(name, wanted.kills, wanted.seed))
    print(report("kills", {}, **found))


if __name__ == "__main__":
    main()
