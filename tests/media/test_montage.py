import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.montage import check_gif, in_notebook, side_by_side, write_gif
from faceswap_ae.media.reader import frames
from tests.conftest import ROOT
from tests.support.clips import Recording, number_in, packets_of, record
from tests.support.processes import limited
from tests.support.tones import tone


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


def test_clips_that_are_too_wide_together_are_made_smaller(tmp_path: Path) -> None:
    wide = record(tmp_path / "wide.mkv", Recording(4, (7680, 320), "mpeg4"))
    side_by_side([wide, wide], ["a", "b"], tmp_path / "both.mp4")
    both = open_clip(tmp_path / "both.mp4")
    assert (both.width, both.height) == (7680, 160)


def test_a_gif_has_bounds(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"x\.gif: gets 7680 x 4320 pixels, more than 16 million"):
        check_gif(tmp_path / "x.gif", 7680, 4320)
    years = Recording(3, tick=Fraction(1), ticks=(1, 10**4, 1))
    with pytest.raises(MediaError, match=r"x\.gif: gets \d+ frames, more than 50000"):
        write_gif(record(tmp_path / "years.mp4", years), tmp_path / "x.gif", Fraction(25))


def test_what_a_phone_recorded_upright_stays_upright(tmp_path: Path) -> None:
    made = Recording(size=(160, 120), degrees=90, aspect=Fraction(1))
    turned = record(tmp_path / "turned.mp4", made)
    wide = record(tmp_path / "wide.mp4", Recording(size=(120, 160), aspect=Fraction(4, 3)))
    side_by_side([turned, wide], ["turned", "wide"], tmp_path / "both.mp4")
    clip = open_clip(tmp_path / "both.mp4")
    assert (clip.width, clip.height) == (120 + 160, 160)
    image = list(frames(clip))[5].image
    assert number_in(np.rot90(image[:, :120], -1)) == number_in(image[:, 120:]) == 5


def test_sound_ends_with_the_pictures(pair: list[Path], tmp_path: Path) -> None:
    side_by_side(pair, ["ada", "result"], tmp_path / "both.mp4")
    _, samples = tone(tmp_path / "both.mp4", 0)
    assert len(samples) / 44_100 < 1.1


def test_a_clip_that_is_cut_off_is_an_error(pair: list[Path], tmp_path: Path) -> None:
    whole = pair[1].read_bytes()
    pair[1].write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(MediaError, match=r"right\.mp4: is cut off"):
        side_by_side(pair, ["ada", "result"], tmp_path / "both.mp4")


def test_a_clip_is_not_written_over(pair: list[Path]) -> None:
    before = pair[0].read_bytes()
    with pytest.raises(UserError, match="is a clip that is read"):
        side_by_side(pair, ["ada", "result"], pair[0])
    assert pair[0].read_bytes() == before


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


def test_a_notebook_holds_the_video_itself(
    plain_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = in_notebook(plain_clip, width=320)
    html = shown._repr_html_()
    assert html.startswith("<video ") and "data:video/mp4;base64," in html
    assert 'width="320"' in html
    assert len(html) > 10_000
    assert not any(tmp_path.iterdir())


GIF = """
import sys
from fractions import Fraction
from pathlib import Path
from faceswap_ae.media.montage import write_gif
write_gif(Path(sys.argv[1]), Path(sys.argv[2]), Fraction(25))
"""


SIDE = """
import sys
from pathlib import Path
from faceswap_ae.media.montage import side_by_side
side_by_side([Path(sys.argv[1])] * 2, ["a", "b"], Path(sys.argv[2], "both.mp4"))
"""


def test_what_is_side_by_side_is_whole_or_an_error(plain_clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SIDE, str(plain_clip), str(tmp_path)]
    killed = subprocess.run(
        limited(8_000, command), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert killed.returncode == 1
    assert "both.mp4: FFmpeg came to its end" in killed.stderr.strip().splitlines()[-1]
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("most", [0, 500, 10_000])
def test_a_gif_is_whole_or_an_error_when_its_ffmpeg_dies(
    most: int, plain_clip: Path, tmp_path: Path
) -> None:
    """A limit on its file's size ends it, at the first bytes or at the last ones."""
    command = [sys.executable, "-c", GIF, str(plain_clip), str(tmp_path / "out.gif")]
    killed = subprocess.run(
        limited(most, command), cwd=ROOT, capture_output=True, text=True, check=False
    )
    last = killed.stderr.strip().splitlines()[-1]
    assert killed.returncode == 1
    assert "Fault" in last and "out.gif: FFmpeg came to its end before it was done" in last
