"""Does every command end well, whatever is in the files that it reads? A few cases of each kind."""

import sys
from pathlib import Path

import pytest

from faceswap_ae.cli import main as command_line
from faceswap_ae.cli.faces import COMMANDS as FACES
from faceswap_ae.cli.runs import COMMANDS as RUNS
from tests.support.hostile import LONG, QUICK, WITHOUT, Target, outcome

CASES = 12  # of each kind here; ten thousand in all by benchmarks/hostile.py
pytestmark = [
    pytest.mark.usefixtures("cache"),
    pytest.mark.skipif(sys.platform == "win32", reason="a hanging command is ended by an alarm"),
]


@pytest.mark.parametrize("seed", range(CASES))
@pytest.mark.parametrize("kind", QUICK)
def test_damage_ends_as_one_line(kind: str, seed: int, tmp_path: Path) -> None:
    found = outcome(QUICK[kind], seed, tmp_path)
    assert not found.wrong, f"{found.command}: {found.wrong}\n{found.said}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", LONG)
def test_damage_that_networks_would_see_ends_as_one_line(
    kind: str, seed: int, tmp_path: Path
) -> None:
    found = outcome(LONG[kind], seed, tmp_path)
    assert not found.wrong, f"{found.command}: {found.wrong}\n{found.said}"


def test_every_command_has_cases() -> None:
    """A new command is added to a target, or to those that read nothing of a stranger."""

    def words(target: Target) -> set[str]:
        return {
            " ".join(one.split()[: 1 + (one.split()[0] in ("faces", "runs"))])
            for one in target.commands
        }

    tried = set().union(*(words(target) for target in (*QUICK.values(), *LONG.values())))
    own = {one.__name__.rpartition(".")[2] for one in (*command_line.OWN, *command_line.MORE)}
    inner = {f"faces {name}" for name in FACES} | {f"runs {name}" for name in RUNS}
    # Sets of other programs have their own tests; rm reads nothing, realign what show reads.
    apart = {"faces import", "faces realign", "runs rm"}
    assert own | inner == tried | WITHOUT | apart
