from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.common.errors import UserError
from faceswap_ae.conversion.renderer import RenderedFrame
from faceswap_ae.conversion.views import VIEWS, ViewNames, choose_views
from faceswap_ae.media.clip import Clip
from faceswap_ae.media.reader import Frame

NAMES = ViewNames("ada", "ben on ada")


def rendered() -> RenderedFrame:
    original = np.full((60, 80, 3), 50, np.uint8)
    frame = Frame(0, Fraction(0), Fraction(1, 25), original)
    cover = np.zeros((60, 80), np.float32)
    cover[20:40, 20:60] = 1
    return RenderedFrame(frame, np.full_like(original, 200), (0,), cover)


def test_each_view_shows_what_it_says() -> None:
    one = rendered()
    shown = {name: view.show(one, NAMES) for name, view in VIEWS.items()}
    assert shown["result"] is one.image
    below = slice(30, 31)  # a row below the names
    assert shown["side"][below, 10].ravel().tolist() == [50, 50, 50]
    assert shown["side"][below, 90].ravel().tolist() == [200, 200, 200]
    assert shown["triptych"].shape == (60, 240, 3)
    assert np.array_equal(shown["triptych"][below, 160:], shown["mask"][below])
    assert shown["mask"][30, 40].tolist() == [255] * 3
    assert shown["mask"][5, 5].tolist() == [0] * 3


def test_pictures_beside_each_other_have_their_names() -> None:
    side = VIEWS["side"].show(rendered(), NAMES)
    for part in (side[:12, :80], side[:12, 80:]):
        assert len(np.unique(part)) > 3  # letters


def test_a_view_makes_a_clip_of_its_size() -> None:
    clip = Clip(Path("x.mp4"), 80, 60, Fraction(25), Fraction(1, 25), Fraction(1), 25)
    assert [VIEWS[name].size(clip).width for name in VIEWS] == [80, 160, 80, 240]


def test_a_face_beyond_the_frame_has_no_mask() -> None:
    one = rendered()
    bare = RenderedFrame(one.frame, one.image)
    assert not VIEWS["mask"].show(bare, NAMES).any()


def test_all_is_every_view_and_an_unknown_one_is_told() -> None:
    assert choose_views("all") == VIEWS
    assert list(choose_views("side")) == ["side"]
    with pytest.raises(UserError, match="did you mean 'triptych'"):
        choose_views("tryptich")
