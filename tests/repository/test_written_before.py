"""Are faces, journals, runs and outputs of an earlier version still read?"""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.convert import convert, is_made
from faceswap_ae.conversion.converter import Converter, ConvertOptions
from faceswap_ae.conversion.renderer import REVISION
from faceswap_ae.conversion.report import made_by, read_rows
from faceswap_ae.evaluation.evaluate import SwapPaths, evaluate_paths
from faceswap_ae.extraction.extractor import extract
from faceswap_ae.extraction.options import ExtractOptions as Extraction
from faceswap_ae.media import provenance, reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.training.recipe import Job
from faceswap_ae.training.recipe import read_recipe as read_plan
from faceswap_ae.training.runs.metric_log import read
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.stages import Budget
from faceswap_ae.training.train import train
from faceswap_ae.training.trained_run import load_trained
from tests.conftest import ROOT

WRITTEN = ROOT / "tests" / "written_before"
NEAR = 2.0  # levels: processors round differently, and an encoder makes more of it
STEPS = 12  # that the run had been trained for
pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy, which a test may change."""
    return Path(shutil.copytree(WRITTEN, tmp_path / "old"))


def _run(old: Path) -> Run:
    return Run(old / "runs" / "ben-onto-ada")


def _report(out: Path) -> Any:
    return json.loads(out.with_name(f"{out.name}.json").read_text(encoding="utf-8"))


def test_a_journal_of_before_leaves_nothing_to_look_at(old: Path) -> None:
    found = extract([old / "ada.mp4"], "ada", Extraction(old / "data", size=64))
    assert (found.looked, sum(found.written.values())) == (0, 0)


def test_a_run_of_before_is_listed_with_its_log(old: Path) -> None:
    run = _run(old)
    assert (run.facts.face, run.facts.onto, run.facts.model) == ("ben", "ada", "quick")
    assert [row.step for row in read(run.log)][-1] == STEPS
    assert load_trained(run).step == STEPS


def test_a_run_of_before_goes_on(old: Path) -> None:
    run, data = _run(old), old / "data"
    settings = read_plan(run.recipe)
    train(Job(data / "ben", data / "ada", run.folder, settings, Budget(STEPS + 2)))
    assert load_trained(run).step == STEPS + 2


def test_an_output_of_before_is_known_to_be_made(old: Path) -> None:
    converter = Converter(ConvertOptions((_run(old),), old / "data"), no_progress)
    # It is made anew where the same settings give other pixels by now.
    same = _report(old / "swap.mp4")["job"]["version"][-1] == REVISION
    assert is_made(converter, open_clip(old / "ada.mp4"), old / "swap.mp4") == same
    assert made_by(old / "swap.mp4", old / "runs") == _run(old)
    rows = read_rows(old / "swap.mp4")
    assert [row.frame for row in rows] == list(range(12))
    assert all(face.swapped == "ben" for row in rows for face in row.faces)
    said = provenance.read(old / "swap.mp4")
    assert said is not None and said["ai_altered"] == "ben's face put onto ada"


def test_a_run_of_before_makes_the_same_swap(old: Path) -> None:
    out = old / "again.mp4"
    convert([old / "ada.mp4"], out, ConvertOptions((_run(old),), old / "data"))
    both = (reader.frames(open_clip(path)) for path in (old / "swap.mp4", out))
    for one, other in zip(*both, strict=True):
        assert np.abs(one.image.astype(float) - other.image).mean() < NEAR
    before, after = _report(old / "swap.mp4"), _report(out)
    assert before["every"] == after["every"]
    since = {"version": after["job"]["version"], "watermark": after["job"]["watermark"]}
    assert before["job"] | since == after["job"]


def test_an_output_of_before_measures_the_same(old: Path) -> None:
    clips = SwapPaths(old / "swap.mp4", old / "ben.mp4", old / "ada.mp4")
    found = evaluate_paths(clips, no_progress, landmarks="dlib")
    before = json.loads((old / "swap.evaluated.json").read_text())["figures"]
    after = {name: found.summary[name].value for name in before}
    # OpenCV 4 resizes pictures a little otherwise, and dlib's points on faces so small follow it.
    near = 0.02 if int(cv2.__version__.partition(".")[0]) >= 5 else 0.25
    assert after == pytest.approx(before, rel=near, abs=near)
