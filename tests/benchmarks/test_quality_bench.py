"""Does the quality benchmark average its figures correctly, and does its baseline paste faces?"""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.budgets import bought
from benchmarks.pasting import CROP, SIDE, closest, paste
from benchmarks.quality import SHOWN, mean, table
from benchmarks.quality_cast import PAIRS, Stage
from benchmarks.quality_ways import called
from faceswap_ae.evaluation.evaluate import evaluate
from faceswap_ae.extraction import extractor
from faceswap_ae.extraction.options import ExtractOptions
from faceswap_ae.faces.folders import face_file
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.training.data import face_set


def test_a_mean_is_over_the_pairs_that_have_the_figure() -> None:
    found = mean([{"ssim": 0.5, "gaze": None}, {"ssim": 0.7, "gaze": 4.0, "steps": 10}])
    assert found == {"ssim": pytest.approx(0.6), "gaze": 4.0, "steps": 10}
    assert mean([{"gaze": None}]) == {"gaze": None}


def test_a_row_for_each_way() -> None:
    shown = table({"paste": {"a": {"ssim": 0.5}, "b": {"ssim": 0.7}}, "quick": {"a": {}}})
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines()]
    assert rows[0] == ["", *SHOWN]
    own = [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]
    assert [(one[""], one["ssim"]) for one in own] == [("paste", "0.6"), ("quick", "-")]


def test_a_budget_buys_at_least_a_step() -> None:
    assert bought(100, 10, 0.5) == 180
    assert bought(5, 10, 0.5) == 1


def test_another_recipe_has_another_folder() -> None:
    ways = ("quick", "quick eyes=.1", "quick eyes=1", "original", "paste")
    assert len({called(way) for way in ways}) == len(ways)
    assert called("quick eyes=0")[-8:] == called("quick")[-8:]  # the recipe already has eyes=0


def test_nobody_is_filmed_twice_with_one_seed() -> None:
    for pair in PAIRS:
        seeds = [*pair.seeds, pair.held]
        assert len(set(seeds)) == len(seeds)
        assert set(pair.films) == {pair.face, pair.onto}
        assert pair.play.who == pair.onto
    assert len({str(pair) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.usefixtures("cache")
def test_a_paste_of_the_performer_is_nearly_the_clip_itself(solo: Path, tmp_path: Path) -> None:
    clip = solo / "clip.mp4"
    data = tmp_path / "data"
    extractor.extract([clip], "ben", ExtractOptions(data))
    known = face_set.load_face_set(data / "ben", CROP, SIDE)
    one = next(entry.stored for entry in face_file.entries(data / "ben") if entry.stored)
    assert closest(known, one.landmarks).shape == (SIDE, SIDE, 3)
    out = tmp_path / "pasted.mp4"
    paste(data / "ben", clip, out)
    before, after = (
        np.stack([frame.image for frame in reader.frames(open_clip(path))]).astype(float)
        for path in (clip, out)
    )
    assert np.abs(before - after).mean() < 2  # levels; includes the loss by encoding
    found = evaluate(out, data / "ben", clip).summary
    assert (found["expression"].value or 100.0) < 6


def test_a_stage_has_its_own_folders(tmp_path: Path) -> None:
    stage = Stage(tmp_path, PAIRS[2])
    assert stage.face == tmp_path / "data" / "random-101"
    assert stage.onto == tmp_path / "data" / "random-102"
