"""What do tests of the extraction share: a folder of extracted faces?"""

from pathlib import Path

import pytest

from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions


@pytest.fixture(scope="session")
def made(solo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with ben's faces, extracted from the film of him."""
    data = tmp_path_factory.mktemp("data")
    extract([solo / "clip.mp4"], "ben", ExtractOptions(data))
    return data
