import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceswap_ae.common.json_fields import JsonFields
from faceswap_ae.conversion.report import FaceRow, FrameRow, made_by, read_job, read_rows
from faceswap_ae.training.runs.run import RunFacts, begin_run


def test_a_conversions_report(tmp_path: Path) -> None:
    faces = [
        {"track": 0, "box": [1, 2, 3, 4], "swapped": "ben"},
        {"track": 1, "box": [5, 6, 7, 8], "left": "another person"},
        {"track": 2, "swapped": "ben"},  # bridged: not detected in this frame
    ]
    report = tmp_path / "swap.mp4.json"
    told = {"frame": 7, "time": 0.28, "faces": faces}
    report.write_text(json.dumps({"every": [told]}))
    (row,) = read_rows(tmp_path / "swap.mp4")
    swapped, left, bridged = row.faces
    assert (row.frame, row.time) == (7, 0.28)
    assert swapped == FaceRow(0, (1, 2, 3, 4), swapped="ben")
    assert left == FaceRow(1, (5, 6, 7, 8), left="another person")
    assert (bridged.box, bridged.swapped, bridged.left) == (None, "ben", None)


DEEP = "[" * 10**5
box = st.tuples(*[st.floats(-1e4, 1e4)] * 4)
word = st.none() | st.text(st.characters().filter(str.isprintable), max_size=8)
face = st.builds(FaceRow, st.integers(0, 99), st.none() | box, word, word)


@given(st.builds(FrameRow, st.integers(0, 2**53), st.floats(0, 1e5), st.lists(face).map(tuple)))
def test_a_row_comes_back_as_it_was(row: FrameRow) -> None:
    assert FrameRow.from_json(JsonFields.parse(json.dumps(row.to_json()))) == row


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"every": [{"frame": 1}]}', '{"every": 3}', DEEP]
)
def test_a_report_that_is_none(text: str, tmp_path: Path) -> None:
    assert read_rows(tmp_path / "swap.mp4") == []
    (tmp_path / "swap.mp4.json").write_text(text)
    assert read_rows(tmp_path / "swap.mp4") == []
    assert made_by(tmp_path / "swap.mp4", tmp_path) is None
    assert read_job(tmp_path / "swap.mp4") is None


def test_the_run_that_made_it(tmp_path: Path) -> None:
    run = begin_run(tmp_path / "ben-ada", {}, RunFacts("ben", "ada", "quick", "gan", "inner"))
    report = tmp_path / "swap.mp4.json"

    def told(name: str, created: str) -> None:
        report.write_text(json.dumps({"job": {"runs": [[name, created, 7, "ben"]]}}))

    told("ben-ada", run.facts.created)
    assert made_by(tmp_path / "swap.mp4", tmp_path) == run
    told("ben-ada", "2020-01-01")  # another run with the same name
    assert made_by(tmp_path / "swap.mp4", tmp_path) is None
    told("gone", run.facts.created)
    assert made_by(tmp_path / "swap.mp4", tmp_path) is None
