import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.conversion.reenact import ReenactOptions, reenact
from faceswap_ae.faces.detection.scan import Detectors, ScanOptions
from faceswap_ae.marks.seal import UNMARKED
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.reenactment.matching import mouth_opening
from faceswap_ae.synthetic.people import alone, person
from faceswap_ae.synthetic.scene import Act, Setting, render
from tests.support.conversions import shown
from tests.support.photos import scene

OPTIONS = ReenactOptions(encoding=Encoding("ffv1"), marks=UNMARKED)


@pytest.fixture(autouse=True)
def _cache(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(studio / "cache"))


@pytest.fixture(scope="module")
def photo(solo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "ben.png"
    images.write(path, shown(solo / "clip.mp4")[0])
    return path


@pytest.fixture(scope="module")
def moved(studio: Path, play: Path, photo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("moved") / "moved.mkv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(studio / "cache"))
        reenact(photo, play / "clip.mp4", out, OPTIONS)
    return out


def test_the_clip_has_the_drivers_times_and_sound(moved: Path, play: Path, photo: Path) -> None:
    made, driver = open_clip(moved), open_clip(play / "clip.mp4")
    assert made.count == driver.count and made.rate == driver.rate
    assert made.sound == driver.sound
    assert (made.height, made.width) == images.read(photo).shape[:2]
    report = json.loads(moved.with_name("moved.mkv.json").read_text())
    assert report["frames"] == report["swapped"] == 64
    assert "ben.png" in json.dumps(report)


def test_the_mouth_moves_as_the_drivers_does(moved: Path, play: Path) -> None:
    finder = Detectors(ScanOptions()).finder(picture=False)

    def mouths(path: Path) -> list[float]:
        meshes = [found[0].mesh for found in finder(shown(path), True)]
        return [mouth_opening(mesh) for mesh in meshes if mesh is not None]

    made, driver = mouths(moved), mouths(play / "clip.mp4")
    assert np.corrcoef(made, driver)[0, 1] > 0.5
    order = np.argsort(driver)
    assert np.array(made)[order[-12:]].mean() > 1.3 * np.array(made)[order[:12]].mean()


def test_the_background_stays(moved: Path, photo: Path) -> None:
    still = images.read(photo)
    for one in shown(moved)[::16]:
        assert np.array_equal(one[:, :24], still[:, :24])


@pytest.mark.slow
def test_what_is_made_is_made_again_alike(
    moved: Path, play: Path, photo: Path, tmp_path: Path
) -> None:
    again = tmp_path / "moved.mkv"
    reenact(photo, play / "clip.mp4", again, OPTIONS)
    assert all(map(np.array_equal, shown(again), shown(moved)))


def test_what_cannot_move_is_named(
    play: Path, plain_clip: Path, photo: Path, tmp_path: Path
) -> None:
    out, grey = tmp_path / "x.mkv", tmp_path / "grey.png"
    images.write(grey, np.full((120, 160, 3), 128, np.uint8))
    with pytest.raises(UserError, match=r"grey.png: no face found in it"):
        reenact(grey, play / "clip.mp4", out, OPTIONS)
    with pytest.raises(UserError, match=r"plain.mp4: shows no face"):
        reenact(photo, plain_clip, out, OPTIONS)
    with pytest.raises(UserError, match=r"ben.png: is a photo; name a clip"):
        reenact(photo, photo, out, OPTIONS)
    tiny = tmp_path / "tiny.png"
    images.write(tiny, np.full((20, 20, 3), 128, np.uint8))
    with pytest.raises(UserError, match=r"tiny.png: is 20x20"):
        reenact(tiny, play / "clip.mp4", out, OPTIONS)
    assert not out.exists()


def test_of_several_people_the_one_like_a_photo_moves(
    play: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both, ben, eva = (tmp_path / f"{name}.png" for name in ("both", "ben", "eva"))
    still = scene("a pair")  # ada at the left, ben at the right
    images.write(both, still)
    images.write(ben, render(alone(person("ben")), Act(120), Setting((240, 240))).image)
    images.write(eva, render(alone(person("fatou")), Act(120), Setting((240, 240))).image)
    like = replace(OPTIONS, like=(ben,))
    reenact(both, play / "clip.mp4", tmp_path / "moved.mkv", like)
    assert "largest" not in caplog.text
    moving = np.abs(shown(tmp_path / "moved.mkv")[20].astype(int) - still).max(axis=2) > 20
    half = still.shape[1] // 2
    assert moving[:, half:].sum() > 50 > moving[:, :half].sum()
    with pytest.raises(UserError, match="nobody there is like the photos given"):
        reenact(both, play / "clip.mp4", tmp_path / "no.mkv", replace(OPTIONS, like=(eva,)))
