from pathlib import Path

import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.conversion.convert import convert
from faceswap_ae.media import images
from tests.support.conversions import options, shown


@pytest.fixture(autouse=True)
def _cache(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(studio / "cache"))


def test_several_inputs_become_files_in_a_folder(
    studio: Path, play: Path, plain_clip: Path, tmp_path: Path
) -> None:
    photos = [tmp_path / day / "photo.png" for day in ("monday", "tuesday")]
    for number, photo in enumerate(photos):
        photo.parent.mkdir()
        images.write(photo, shown(play / "clip.mp4")[7 + number])
    done, failures = convert([*photos, plain_clip], tmp_path / "out", options(studio))
    assert [path.name for one in done for path in one.outputs] == [
        *("monday-photo.png", "tuesday-photo.png")
    ]
    assert [failure.path for failure in failures] == [plain_clip]
    with pytest.raises(UserError, match="need one"):
        convert(photos, tmp_path / "x.mp4", options(studio))
    with pytest.raises(UserError, match="nothing matches"):
        convert([tmp_path / "no*.mp4"], tmp_path / "x.mp4", options(studio))
