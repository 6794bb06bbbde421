import json
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.evaluation.ground_truth import find_ground_truth
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from tests.support.swaps import FILM, Swapped

pytest_plugins = ("tests.support.swap_fixtures",)


def test_a_folder_of_a_true_swap(swapped: Swapped) -> None:
    found = find_ground_truth(swapped.truth)
    assert found.clip == swapped.truth / "clip.mkv"
    assert found.mask == swapped.truth / "face-mask.mkv"
    assert found.film is not None
    assert (found.film.who, found.film.as_if, found.film.size) == ("ada", "ben", FILM.size)
    assert found.film.seconds == FILM.seconds


def test_the_other_definition_is_drawn(swapped: Swapped) -> None:
    found = find_ground_truth(swapped.truth)
    assert found.other == "face"
    image = found.drawn(2)
    given = next(one.image for one in reader.frames(open_clip(found.clip)) if one.index == 2)
    assert image is not None
    differs = np.abs(image.astype(int) - given).max(axis=2) > 0
    assert 0.001 < differs.mean() < 0.5  # only chin and cheeks differ


def test_nobody_elses_face_has_no_other_definition(swapped: Swapped) -> None:
    found = find_ground_truth(swapped.onto)
    assert found.other is None
    assert found.drawn(0) is None


def test_a_clip_alone(swapped: Swapped) -> None:
    found = find_ground_truth(swapped.swap)
    assert (found.clip, found.mask, found.film) == (swapped.swap, None, None)


@pytest.mark.parametrize(
    "head", [{}, {"film": {"who": "ada"}}, {"film": None}, {"film": {**vars(FILM)}, "made_by": "x"}]
)
def test_truth_that_nobody_can_draw_again(head: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "clip.mkv").touch()
    told = json.dumps(head, default=str)[:-1] + ',\n"frames": []}'
    (tmp_path / "truth.json").write_text(told)
    assert find_ground_truth(tmp_path).film is None
    assert find_ground_truth(tmp_path).other is None
