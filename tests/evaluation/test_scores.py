import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from faceswap_ae.evaluation.frame_metrics import FrameColumns
from faceswap_ae.evaluation.scores import (
    LEFT,
    LOST,
    SCORES,
    is_measured,
    is_seen,
    leading,
    mean,
    means,
    middle,
    missed,
    series,
    summary,
)
from tests.support.measured import COUNT, SQUARE, columns


def test_a_row_for_each_frame() -> None:
    found = FrameColumns(3)
    found.put(1, [("one", 2.0), ("two", np.ones((2, 2)))])
    assert np.array_equal(found["one"], [np.nan, 2, np.nan], equal_nan=True)
    assert found["two"].shape == (3, 2, 2)
    assert "one" in found and "three" not in found
    assert np.isnan(found["three"]).all()


def test_figures_frame_by_frame() -> None:
    found = series(columns())
    assert np.all(found["nearer_to_owner"] == 1)
    assert np.all(found["pose"] == 0) and np.all(found["gaze"] == 0)
    assert np.isnan(found["psnr"]).all()
    assert np.all(series(columns(away=0.61))["nearer_to_owner"] == 0)
    assert "pose" not in series(columns(), "onto")  # poses are relative to the performance


def test_what_is_not_known_counts_for_nobody() -> None:
    found = columns()
    found.put(3, [("result.id_owner", np.nan), ("result.id_replaced", np.nan)])
    nearer = series(found)["nearer_to_owner"]
    assert np.isnan(nearer[3]) and mean(nearer) == 1


def test_a_head_that_turns_otherwise() -> None:
    found = columns()
    for at in range(COUNT):
        found.put(at, [("result.pose", np.array([at + 20.0 + 3 * (at == 2), 0.0, 0.0]))])
    off = series(found)["pose"]
    assert off[2] == pytest.approx(3)  # a constant offset (20) is removed
    assert np.allclose(np.delete(off, 2), 0)


def test_nothing_jumps_across_a_cut() -> None:
    still, cut = columns(), columns(cuts=(0, 4))
    for found in (still, cut):
        for at in range(4, COUNT):
            found.put(at, [("result.quad", SQUARE + at + 50), ("result.colour", np.full(3, 50.0))])
    jumps, calm = series(still)["jitter"], series(cut)["jitter"]
    assert np.nanmax(jumps) > 50
    assert np.array_equal(np.flatnonzero(np.isnan(calm)), [0, 3, 4, 7])
    assert np.nanmax(calm) == pytest.approx(0)
    assert means(cut)["flicker"] < 1 < means(still)["flicker"]


def test_flicker_goes_round_a_gap() -> None:
    found = columns()
    found.put(4, [("result.colour", np.full(3, np.nan))])
    assert means(found)["flicker"] == pytest.approx(means(columns(), "onto")["flicker"], rel=0.1)
    assert np.isnan(means(FrameColumns(COUNT))["flicker"])


def test_which_frames_were_missed() -> None:
    found = columns()
    assert missed(found) == {}
    found.put(2, [("result.quad", np.full((4, 2), np.nan))])
    found.put(3, [("changed", 1.0), ("result.id_replaced", 0.05)])
    found.put(4, [("changed", 1.0)])  # a swap with a similar person
    found.put(5, [("result.id_replaced", 0.05)])  # a poor swap, but a swap
    for role in ("result", "onto"):  # no face is there
        found.put(6, [(f"{role}.quad", np.full((4, 2), np.nan))])
    assert missed(found) == {2: LOST, 3: LEFT}
    assert is_seen(found).sum() == COUNT - 1
    assert is_measured(found, "result").sum() == COUNT - 2


def test_without_a_performance_nobody_is_missed() -> None:
    found = FrameColumns(2)
    found.put(0, [("result.quad", SQUARE)])
    assert leading(found) == "result"
    assert missed(found) == {}
    assert is_seen(found).tolist() == [True, False]


def test_a_summary_has_every_figure() -> None:
    found = summary(columns(), columns(away=0.3), {"id_owner": 0.25}, "face")
    assert list(found) == list(SCORES)
    one = found["id_owner"]
    assert one.value == pytest.approx(0.2)
    assert one.unswapped == pytest.approx(0.7)
    assert (one.floor, one.truth) == (0.25, None)
    assert found["psnr"].value is None
    assert found["missed"].value == found["missed"].floor == 0
    assert "chin" in found["psnr_other"].words
    assert found["jitter_ratio"].value is None  # the performance stands still


@given(arrays(np.float64, st.integers(1, 9), elements=st.floats(-9, 9) | st.just(np.nan)))
def test_middle_and_mean_leave_out_what_is_not_known(values: np.ndarray) -> None:
    finite = values[np.isfinite(values)]
    if len(finite):
        assert finite.min() <= middle(values) <= finite.max()
        assert mean(values) == pytest.approx(finite.mean())
    else:
        assert np.isnan(middle(values)) and np.isnan(mean(values))
