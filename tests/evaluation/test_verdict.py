"""Does the verdict call no blur ready, and no good swap not ready?"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from faceswap_ae.evaluation.scores import SCORES, Score
from faceswap_ae.evaluation.verdict import LIMITS, TRAIN, figure_level, judge
from faceswap_ae.evaluation.wording import SwapNames
from tests.conftest import ROOT

NAMES = SwapNames("ben", "ada")
GOOD = {name: limit.ready for name, limit in LIMITS.items()}


def scored(values: Mapping[str, float | None]) -> dict[str, Score]:
    return {
        name: Score(values.get(name), None, kind.unit, kind.better, kind.words)
        for name, kind in SCORES.items()
    }


def measured(way: str) -> Iterator[dict[str, float | None]]:
    """The figures of every swap that `benchmarks.quality` made in one way and kept."""
    for part in json.loads((ROOT / "docs" / "quality.json").read_bytes()):
        yield from part["figures"][way].values()


def test_measured_blurs_are_not_ready_and_measured_swaps_are_better() -> None:
    blurs, swaps = list(measured("original batch=16")), list(measured("quick"))
    assert len(blurs) > 4 and len(swaps) > 4
    for figures in blurs:
        verdict = judge(scored(figures), NAMES, 90)
        assert verdict.level == "not ready" and "soft (" in verdict.words
    levels = [judge(scored(figures), NAMES, 90).level for figures in swaps]
    assert set(levels) == {"ready", "nearly ready"}


def test_the_reasons_are_said_and_those_that_decide_come_first() -> None:
    bad = scored({**GOOD, "sharpness": 0.24, "pose": 16.6, "id_owner": 0.5})
    soft = "soft (24 % of the detail; ready: 60 % or more)"
    head = "head 16.6 degrees off (ready: 6 or less)"
    ben = "unlike ben (distance 0.50; ready: 0.45 or less)"
    verdict = judge(bad, NAMES, 90)
    assert verdict.words == f"not ready: {soft}, {head}; nearly: {ben}. Next: {TRAIN}"
    assert judge(scored(GOOD), NAMES, 90).words == "ready"


def test_likeness_alone_makes_no_swap_ready() -> None:
    soft = scored({**GOOD, "nearer_to_owner": 1.0, "id_owner": 0.2, "sharpness": 0.39})
    assert judge(soft, NAMES, 90).level == "not ready"


@pytest.mark.parametrize("name", LIMITS)
def test_each_figure_has_both_limits(name: str) -> None:
    limit, seen = LIMITS[name], 1000
    step = (limit.not_ready - limit.ready) / 100
    times = seen if name == "missed" else 1  # frames are counted, their share is judged
    ladder = {
        "ready": limit.ready,
        "nearly ready": limit.ready + step,
        "not ready": limit.not_ready + step,
    }
    for level, value in ladder.items():
        figures = scored({**GOOD, name: value * times})
        assert judge(figures, NAMES, seen).level == level
        assert figure_level(name, figures, seen) == level


def test_a_figure_that_is_not_known_leaves_no_verdict() -> None:
    lacking = {**scored(GOOD), "sharpness": replace(scored(GOOD)["sharpness"], value=None)}
    assert judge(lacking, NAMES, 90).words == "no verdict: not measured: detail"
    lacking |= {"pose": scored({"pose": 20.0})["pose"]}
    said = judge(lacking, NAMES, 90).words
    assert said == f"not ready: head 20.0 degrees off (ready: 6 or less). Next: {TRAIN}"
    assert figure_level("psnr", scored({"psnr": 20.0}), 90) == "no verdict"


def test_one_missed_frame_of_many_is_not_called_none() -> None:
    words = judge(scored({**GOOD, "missed": 1.0}), NAMES, 1000).words
    assert words == "nearly ready: 0.1 % of the frames not swapped (ready: 0 %)"


def test_training_is_advised_only_where_it_helps_with_the_worst() -> None:
    trembling = scored({**GOOD, "jitter_ratio": 9.0, "sharpness": 0.5})
    assert judge(trembling, NAMES, 90).next_step == ""


def test_the_page_has_the_same_limits() -> None:
    text = (ROOT / "docs" / "evaluate.md").read_text(encoding="utf-8")
    table = text.partition("## The verdict")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)`[^|]*\| ([\d.]+) \| ([\d.]+) \|", table, re.MULTILINE)
    assert [(name, float(one), float(other)) for name, one, other in rows] == [
        (name, limit.ready, limit.not_ready) for name, limit in LIMITS.items()
    ]
