from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.clip import open_clip
from faceswap_ae.errors import MediaError, UserError
from faceswap_ae.montage import in_notebook, side_by_side
from faceswap_ae.video import frames
from tests.clips import Recording, number_in, packets_of, record


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    left = record(tmp_path / "left.mp4", Recording(size=(160, 120), sounds=("aac",)))
    right = record(tmp_path / "right.mp4", Recording(size=(320, 240), count=30))
    return [left, right]


def test_side_by_side(pair: list[Path], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "both.mp4"
    side_by_side(pair, ["ada", "result"], out, lambda done, total: told.append((done, total)))
    clip = open_clip(out)
    assert (clip.width, clip.height, clip.sound) == (320, 120, ("aac",))
    found = list(frames(clip))
    assert abs(len(found) - 30) <= 1
    for index in (3, 17, 28):
        image = found[index].image
        assert number_in(image[:, :160]) == number_in(image[:, 160:]) == index
    assert packets_of(out)[0]
    assert told and told[-1][0] >= 28 and told[-1][1] == 30


def test_names_are_written_on_the_pictures(pair: list[Path], tmp_path: Path) -> None:
    pictures = []
    for names in (["ada", "result"], ["ben", "result"]):
        side_by_side(pair, names, tmp_path / "both.mp4")
        pictures.append(next(frames(open_clip(tmp_path / "both.mp4"))).image.astype(int))
    difference = np.abs(pictures[0] - pictures[1])
    assert difference[:8, :40].max() > 60
    assert difference[:, 160:].mean() < 1


def test_mistakes_leave_nothing(pair: list[Path], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match="2 clips, but 1 names"):
        side_by_side(pair, ["ada"], tmp_path / "both.mp4")
    with pytest.raises(UserError, match=r"goes into \.mp4"):
        side_by_side(pair, ["ada", "ben"], tmp_path / "both.gif")
    with pytest.raises(MediaError, match=r"absent\.mp4: no such file"):
        side_by_side([*pair, tmp_path / "absent.mp4"], ["a", "b", "c"], tmp_path / "both.mp4")
    assert sorted(tmp_path.iterdir()) == before


def test_a_notebook_holds_the_video_itself(plain_clip: Path) -> None:
    shown = in_notebook(plain_clip, width=320)
    html = shown._repr_html_()
    assert "data:video/mp4;base64," in html and "320" in html
    assert len(html) > plain_clip.stat().st_size
