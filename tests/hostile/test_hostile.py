"""Does every command end well, whatever is in the files and words that it is given?

Each case runs in a process of its own (tests/support/hostile/sandbox.py). A failure names the kinds
and seeds that make its cases again; ten thousand are run by `python -m benchmarks.hostile`.
"""

import sys
from collections.abc import Callable, Iterator

import pytest

from faceswap_ae.cli import main as command_line
from faceswap_ae.cli import models
from faceswap_ae.cli.faces import COMMANDS as FACES
from faceswap_ae.cli.runs import COMMANDS as RUNS
from tests.support.hostile.formats import CHANGES, FILES, KINDS, LONG, QUICK
from tests.support.hostile.kinds import name_of
from tests.support.hostile.sandbox import Outcome
from tests.support.hostile.server import serving

CASES = 60  # of each kind of file
ENCODED = 15  # of each kind whose commands write clips, which takes longer
FEW = 3  # of each kind that needs networks
Run = Callable[[str, int], Outcome]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="cases are forked")


@pytest.fixture(scope="module")
def quick() -> Iterator[Run]:
    with serving(networks=False) as run:
        yield run


@pytest.fixture(scope="module")
def long() -> Iterator[Run]:
    with serving(networks=True) as run:
        yield run


def wrong(run: Run, kind: str, cases: int) -> list[str]:
    found = [run(kind, seed) for seed in range(cases)]
    return [f"{one.kind} {one.seed}: {one.command}: {one.wrong}" for one in found if one.wrong]


@pytest.mark.parametrize("kind", QUICK)
def test_damage_ends_as_one_line(kind: str, quick: Run) -> None:
    cheap = kind in FILES and kind not in ("clip", "PNG", "zip of faces")
    assert wrong(quick, kind, CASES if cheap else ENCODED) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", LONG)
def test_damage_that_networks_would_see_ends_as_one_line(kind: str, long: Run) -> None:
    assert wrong(long, kind, FEW) == []


def test_every_command_has_cases() -> None:
    """A new command is added to a kind, and to what each command may change."""
    own = {one.__name__.rpartition(".")[2] for one in (*command_line.OWN, *command_line.MORE)}
    inner = {f"faces {name}" for name in FACES} | {f"runs {name}" for name in RUNS}
    inner |= {"models"}
    for one in models.app.registered_commands:
        assert one.callback is not None
        inner.add(f"models {one.callback.__name__}")
    tried = {name_of(command) for kind in KINDS.values() for command in kind.commands}
    assert tried == own | inner
    assert CHANGES.keys() == tried
