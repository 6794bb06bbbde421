from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.evaluation.training_charts import describe_training, draw_training_charts
from faceswap_ae.training.runs.metric_log import MetricLog, MetricRow
from faceswap_ae.training.runs.run import Run, RunFacts, begin_run

FACTS = RunFacts("ben", "ada", "quick", "gan", "inner")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of two stages with a pause of an hour between them."""
    found = begin_run(tmp_path / "run", {"size": 64}, FACTS)
    log = MetricLog(found.log)
    for step in range(1, 7):
        losses = {"gan/face mae": 1 / step, "gan/onto mae": 2 / step, "judge/real": 1.0 - step}
        held = {"held-out/face": 0.1} if step == 3 else {}
        time = 1000 + 2.0 * step + (3600 if step > 3 else 0)
        log.add(MetricRow(step, losses | held, {}, 2**30, time, "begin" if step < 4 else "refine"))
    return found


def test_a_chart_for_each_kind_of_loss(run: Run) -> None:
    found = {one.title: one for one in draw_training_charts(run)}
    assert list(found) == ["gan: mae", "held-out", "judge: real"]
    mae = found["gan: mae"]
    assert [line.label for line in mae.lines] == [
        "ben",
        "ada",
    ]  # the people's names, as on the whole page
    assert np.allclose(mae.lines[1].values, 2 / np.arange(1, 7))
    assert mae.log and not found["judge: real"].log
    assert np.isfinite(found["held-out"].lines[0].values).sum() == 1
    assert list(mae.marks) == [(1, "begin"), (4, "refine")]
    assert mae.x.tolist() == [1, 2, 3, 4, 5, 6]


def test_the_account_leaves_pauses_out(run: Run) -> None:
    assert (
        describe_training(run)
        == "ben onto ada, model quick, trainer gan: 6 steps in 8 s, 1.0 GiB at most."
    )


def test_a_run_without_a_log(tmp_path: Path) -> None:
    run = begin_run(tmp_path / "run", {}, FACTS)
    assert draw_training_charts(run) == []
    assert describe_training(run).endswith("its log is empty.")
