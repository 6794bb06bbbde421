"""Which fixtures do tests of the evaluation share: a measured swap, a cache of detected faces?

A test file uses them by `pytest_plugins = ("tests.support.swap_fixtures",)`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap_ae.evaluation.evaluate import evaluate
from faceswap_ae.synthetic.film import shoot
from tests.support.swaps import FILM, Swapped, faulty


@pytest.fixture(scope="session")
def finds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder for detected faces, which all tests of swaps share."""
    return tmp_path_factory.mktemp("finds")


@pytest.fixture
def _remembers(finds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(finds))


@pytest.fixture(scope="session")
def swapped(finds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swapped]:
    """Ben's face on ada, blurred. One frame is not swapped, and one has no detectable face."""
    place = tmp_path_factory.mktemp("swapped")
    onto, truth, owner = (place / name for name in ("play", "answer", "ben"))
    shoot(FILM, onto, lambda _: None)
    shoot(replace(FILM, as_if="ben"), truth, lambda _: None, lossless=True)
    shoot(replace(FILM, who="ben", seed=6), owner, lambda _: None)
    swap = faulty(onto / "clip.mp4", truth / "clip.mkv", place / "swap.mkv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(finds))
        yield Swapped(onto, truth, owner, swap, evaluate(swap, owner, onto, truth))
