"""What several test files need."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.clips import Recording, record

# TensorFlow speaks at import; tests that start processes read their error output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A busy machine must not fail a test, and the suite must fail or pass by its code alone.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def plain_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary clip with sound, read by many tests and changed by none."""
    return record(tmp_path_factory.mktemp("clips") / "plain.mp4", Recording(sounds=("aac",)))


@pytest.fixture(scope="session")
def varying_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose frames are shown for 1, 3 and 2 ticks in turn."""
    made = Recording(ticks=(1, 3, 2), sounds=("aac",))
    return record(tmp_path_factory.mktemp("clips") / "varying.mp4", made)
