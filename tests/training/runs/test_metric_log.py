import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.training.runs import metric_log
from faceswap_ae.training.runs.metric_log import MetricLog, MetricRow
from tests.support.run_files import row_of


def steps(path: Path) -> list[int]:
    return [row.step for row in metric_log.read(path)]


def test_rows_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.jsonl"
    assert metric_log.read(path) == []
    log = MetricLog(path)
    for step in (0, 10, 20):
        log.add(row_of(step))
    assert metric_log.read(path) == [row_of(0), row_of(10), row_of(20)]


def test_numbers_of_any_kind(tmp_path: Path) -> None:
    odd = {"nan": math.nan, "inf": -math.inf, "numpy": np.float64(0.1)}
    MetricLog(tmp_path / "log").add(MetricRow(1, odd))
    (row,) = metric_log.read(tmp_path / "log")
    assert math.isnan(row.losses["nan"])
    assert (row.losses["inf"], row.losses["numpy"]) == (-math.inf, 0.1)
    assert "NaN" not in (tmp_path / "log").read_text()  # NaN is not valid JSON


def test_rows_after_the_restored_step_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = MetricLog(path)
    for step in (10, 20, 30, 40):
        log.add(row_of(step))
    again = MetricLog(path, 25)
    assert steps(path) == [10, 20]
    again.add(MetricRow(30, {"total": 7.0}))
    assert steps(path) == [10, 20, 30]
    assert metric_log.read(path)[-1].losses == {"total": 7.0}
    again.add(MetricRow(30, {"total": 8.0}))
    assert [row.losses for row in metric_log.read(path)][2:] == [{"total": 8.0}]
    MetricLog(path)
    assert steps(path) == []


@given(cut=st.integers(0, 500))
def test_a_torn_log_loses_its_last_row_only(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("torn") / "log"
    log = MetricLog(path)
    for step in (1, 2, 3):
        log.add(row_of(step))
    whole = path.read_bytes()
    kept = whole[: min(cut, len(whole))]
    path.write_bytes(kept)
    lines = kept.count(b"\n") + (whole[len(kept) : len(kept) + 1] == b"\n")
    there = list(range(1, max(1, lines)))
    assert steps(path) == there
    MetricLog(path, 9).add(row_of(10))
    assert steps(path) == [*there, 10]


def test_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log"
    odd = ["[]", '"step"', '{"new": 1}', '{"step": "x"}', '{"step": 1, "losses": 3}', "\xff", "7"]
    path.write_bytes("\n".join(odd).encode("latin-1"))
    MetricLog(path).add(row_of(4))
    assert steps(path) == [4]


def test_a_kill_leaves_whole_rows(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from faceswap_ae.training.runs.metric_log import MetricLog;"
        "from tests.support.run_files import row_of; log = MetricLog(Path(sys.argv[1]))\n"
        "for step in range(10**6):\n"
        "    log.add(row_of(step)); print(step, flush=True)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(20)]
        os.kill(child.pid, signal.SIGKILL)
    assert steps(tmp_path / "log")[:20] == told


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        metric_log.read(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(MediaError, match="cannot be read"):
            metric_log.read(tmp_path / "pipe")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another place"):
        MetricLog(tmp_path / "file" / "log")
