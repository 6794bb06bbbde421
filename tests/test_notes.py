import json
from pathlib import Path

import numpy as np
import pytest

from faceswap_ae.notes import made_by, noted
from faceswap_ae.runs import Facts, begin


def test_a_conversions_report(tmp_path: Path) -> None:
    faces = [
        {"track": 0, "box": [1, 2, 3, 4], "swapped": "ben"},
        {"track": 1, "box": [5, 6, 7, 8], "left": "another person"},
        {"track": 2, "swapped": "ben"},  # bridged: it was not seen
    ]
    report = tmp_path / "swap.mp4.json"
    report.write_text(json.dumps({"every": [{"frame": 7, "faces": faces}]}))
    (note,) = noted(tmp_path / "swap.mp4")
    assert note.frame == 7
    assert note.swapped["ben"][0] == (1, 2, 3, 4)
    assert np.isnan(note.swapped["ben"][1]).all()
    assert note.left == {"another person": [(5, 6, 7, 8)]}


@pytest.mark.parametrize("text", ["", "{}", '{"every": [{"frame": 1}]}', '{"every": 3}'])
def test_a_report_that_is_none(text: str, tmp_path: Path) -> None:
    assert noted(tmp_path / "swap.mp4") == []
    (tmp_path / "swap.mp4.json").write_text(text)
    assert noted(tmp_path / "swap.mp4") == []
    assert made_by(tmp_path / "swap.mp4", tmp_path) is None


def test_the_run_that_made_it(tmp_path: Path) -> None:
    run = begin(tmp_path / "ben-ada", {}, Facts("ben", "ada", "quick", "gan", "inner"))
    report = tmp_path / "swap.mp4.json"

    def told(name: str, created: str) -> None:
        report.write_text(json.dumps({"job": {"runs": [[name, created, 7, "ben"]]}}))

    told("ben-ada", run.facts.created)
    assert made_by(tmp_path / "swap.mp4", tmp_path) == run
    told("ben-ada", "2020-01-01")  # another one of that name
    assert made_by(tmp_path / "swap.mp4", tmp_path) is None
    told("gone", run.facts.created)
    assert made_by(tmp_path / "swap.mp4", tmp_path) is None
