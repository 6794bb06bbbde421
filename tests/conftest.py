"""Which fixtures do several test files share: clips, films, faces, a trained run?"""

import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import settings

from faceswap_ae.synthetic.film import Film, shoot
from tests.support.clips import Recording, record
from tests.support.face_folders import fill

# TensorFlow prints messages at import. Tests that start processes read their error output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A slow machine must not make a test fail (deadline), and every run must try the same examples.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

ROOT = Path(__file__).parents[1]
ROOMS = (  # as the first: their tests take longest, or share a fixture that does
    *("repository", "training", "conversion", "evaluation", "models", "extraction"),
    *("pipelines", "synthetic", "runtime"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, so that no process waits for another at the end."""

    def turn(item: pytest.Item) -> int:
        room = item.path.relative_to(ROOT / "tests").parts[0]
        return ROOMS.index(room) if room in ROOMS else len(ROOMS)

    items.sort(key=turn)


@pytest.fixture(autouse=True)
def _precision() -> None:
    """Begin with numbers of 32 bits, whatever precision a training has set for its process."""
    if "keras" in sys.modules:
        sys.modules["keras"].config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def plain_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary clip with sound. Many tests read it, and none changes it."""
    return record(tmp_path_factory.mktemp("clips") / "plain.mp4", Recording(sounds=("aac",)))


@pytest.fixture(scope="session")
def varying_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose frames are shown for 1, 3 and 2 ticks in turn."""
    made = Recording(ticks=(1, 3, 2), sounds=("aac",))
    return record(tmp_path_factory.mktemp("clips") / "varying.mp4", made)


def _film(folder: Path, film: Film) -> Path:
    shoot(film, folder, lambda _: None)
    return folder


@pytest.fixture(scope="session")
def duet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a film of 12 frames with ada, and carl beside her."""
    film = Film("ada", company="carl", seconds=Fraction(12, 8), fps=Fraction(8), size=(480, 320))
    return _film(tmp_path_factory.mktemp("films") / "duet", film)


@pytest.fixture(scope="session")
def solo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a film of ben with an occluder and a scene cut: 14 frames."""
    film = Film("ben", seconds=Fraction(14, 8), fps=Fraction(8), occlude=True, cut=True, seed=3)
    return _film(tmp_path_factory.mktemp("films") / "solo", film)


@pytest.fixture(scope="session", autouse=True)
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the certificate that signs the tests' outputs out of the user's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put caches (decoded faces and others) into a folder of the test module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 16 faces each of ben and ada. Many tests read it, and none changes it."""
    place = tmp_path_factory.mktemp("data")
    fill(place / "ada", range(0, 32, 2), side=96)
    fill(place / "ben", range(1, 33, 2), side=96)
    return place


@pytest.fixture(scope="session")
def play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a longer film of ada: 64 frames."""
    film = Film("ada", seconds=Fraction(64, 8), fps=Fraction(8), size=(256, 192), seed=5)
    return _film(tmp_path_factory.mktemp("films") / "play", film)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, play: Path, solo: Path) -> Path:
    """A folder with `data` of ada and ben, extracted from films, and a small run `ben-onto-ada`."""
    from faceswap_ae.extraction.extractor import extract
    from faceswap_ae.extraction.options import ExtractOptions
    from faceswap_ae.faces.detection.scan import ScanOptions
    from faceswap_ae.training.recipe import load_recipe
    from faceswap_ae.training.stages import Budget
    from faceswap_ae.training.train import Job, train
    from tests.support.trainings import SMALL

    place = tmp_path_factory.mktemp("studio")
    data = place / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        for name, film, every in (("ada", play, 4), ("ben", solo, 1)):
            extract([film / "clip.mp4"], name, ExtractOptions(data, scan=ScanOptions(every=every)))
        settings = load_recipe("quick", SMALL)
        run = place / "runs" / "ben-onto-ada"
        train(Job(data / "ben", data / "ada", run, settings, Budget(30)))
    return place
