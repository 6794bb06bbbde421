import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow

from faceswap_ae.common.geometry import warp
from faceswap_ae.evaluation.report_stills import SIDE, StillSources, draw_stills, embedded
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.codecs import Encoding
from faceswap_ae.media.writer import writing
from tests.support.swaps import COUNT, Swapped

pytest_plugins = ("tests.support.swap_fixtures",)
NOWHERE = np.full((COUNT, 2, 3), np.nan)


def sources(swapped: Swapped) -> StillSources:
    return StillSources(swapped.swap, swapped.onto, swapped.truth, range(COUNT))


def test_faces_side_by_side(swapped: Swapped) -> None:
    crops = swapped.measured.columns["onto.crop"]
    found = draw_stills(sources(swapped), crops, [9, 2, 9])
    assert list(found) == [2, 9]
    for frame, pictures in found.items():
        assert list(pictures) == ["original", "result", "true swap", "change"]
        assert all(one.shape == (SIDE, SIDE, 3) for one in pictures.values())
        shown = pictures["true swap"].astype(int)
        # The swap is the blurred true swap, so it is closer to it than the performer's face is.
        assert (
            np.abs(shown - pictures["result"]).mean() < np.abs(shown - pictures["original"]).mean()
        )
        middle, rim = pictures["change"][60:132, 60:132], pictures["change"][:, :8]
        assert middle.mean() > 3 * rim.mean(), frame


def test_where_no_face_was_seen_the_middle_is_shown(swapped: Swapped) -> None:
    (pictures,) = draw_stills(sources(swapped), NOWHERE, [5]).values()
    image = next(one.image for one in reader.frames(open_clip(swapped.swap)) if one.index == 5)
    height, width = image.shape[:2]
    left = (width - height) / 2
    middle = np.array([[1.0, 0.0, -left], [0.0, 1.0, 0.0]]) * SIDE / height
    assert np.abs(pictures["result"].astype(int) - warp(image, middle, (SIDE, SIDE))).mean() < 3


def test_a_part_shows_the_performances_own_frames(swapped: Swapped) -> None:
    part = StillSources(swapped.onto / "clip.mp4", swapped.onto, None, range(COUNT))
    moved = StillSources(
        swapped.onto / "clip.mp4", swapped.onto, None, [one + 6 for one in range(COUNT)]
    )
    (here,), (there,) = (draw_stills(one, NOWHERE, [3]).values() for one in (part, moved))
    assert np.array_equal(here["original"], here["result"])
    assert not here["change"].any()
    assert not np.array_equal(there["original"], there["result"])


def test_the_mask_that_a_conversion_wrote(swapped: Swapped, tmp_path: Path) -> None:
    swap = tmp_path / "swap.mkv"
    shutil.copy(swapped.swap, swap)
    clip = open_clip(swap)
    with writing(tmp_path / "swap-mask.mkv", clip, Encoding("ffv1")) as sink:
        for frame in reader.frames(clip):
            sink.write(np.full_like(frame.image, 200), frame.time, frame.duration)
    own = StillSources(swap, swapped.onto, None, range(COUNT))
    (pictures,) = draw_stills(own, NOWHERE, [1]).values()
    assert list(pictures) == ["original", "result", "mask"]
    assert np.all(pictures["mask"] == 200)


def test_without_a_performance(swapped: Swapped, two_people: Path) -> None:
    own = StillSources(swapped.swap, two_people / "ada", None, range(COUNT))
    (pictures,) = draw_stills(own, NOWHERE, [0]).values()
    assert list(pictures) == ["result"]


@pytest.mark.parametrize("level", [0, 100])
def test_a_picture_as_an_address(level: int) -> None:
    address = embedded(np.full((8, 8, 3), level, np.uint8))
    head, _, body = address.partition(",")
    assert head == "data:image/jpeg;base64"
    assert np.abs(np.asarray(pillow.open(io.BytesIO(base64.b64decode(body)))) - level).max() < 3
