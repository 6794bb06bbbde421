import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from faceswap_ae.evaluation.svg_chart import (
    HEIGHT,
    MOST,
    WIDTH,
    Chart,
    ChartLine,
    chart_to_json,
    draw_chart,
    thinned,
)
from tests.support.html_page import Page

NAN = np.nan
VALUES = arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e3, 1e3) | st.just(NAN))


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.-]+),([\d.-]+)", path)]


def path_of(chart: Chart) -> str:
    found = re.search(r'class="line l0" d="([^"]*)"', draw_chart(chart))
    assert found is not None
    return found[1]


@given(VALUES, st.booleans())
def test_every_known_point_is_within_the_picture(values: np.ndarray, from_zero: bool) -> None:
    chart = Chart("x", np.arange(len(values)) / 10, [ChartLine("a", values)], from_zero=from_zero)
    known = np.isfinite(values)
    if not known.any():
        assert draw_chart(chart) == ""
        return
    found = points(path_of(chart))
    assert len(found) == known.sum()
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)
    order = np.argsort([-y for _, y in found], kind="stable")
    assert np.all(np.diff(values[known][order]) >= -0.06 * np.ptp(values[known]) - 1e-6)


def test_a_line_breaks_where_nothing_is_known() -> None:
    values = np.array([1.0, 2.0, NAN, 3.0])
    broken = Chart("x", np.arange(4.0), [ChartLine("a", values)])
    assert path_of(broken).count("M") == 2
    bridged = Chart("x", np.arange(4.0), [ChartLine("a", values)], bridged=True)
    assert path_of(bridged).count("M") == 1
    assert "M0.0," in path_of(broken) and "h0" in path_of(broken)


def test_few_values_far_off_do_not_flatten_the_rest() -> None:
    values = np.append(np.tile([1.0, 2.0], 50), 1000.0)
    heights = [
        y for _, y in points(path_of(Chart("x", np.arange(101.0), [ChartLine("a", values)])))
    ]
    assert heights[0] - heights[1] > HEIGHT / 6
    assert heights[-1] == 0


def test_decades() -> None:
    values = np.array([100.0, 10.0, 1.0])
    chart = Chart("loss", np.arange(3.0), [ChartLine("", values)], log=True, from_zero=False)
    heights = [y for _, y in points(path_of(chart))]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)


def test_marks_and_bands() -> None:
    chart = Chart(
        "a <b>",
        np.array([0.0, 10.0]),
        [ChartLine("one & two", np.array([1.0, 2.0])), ChartLine("nothing", np.full(2, NAN))],
        unit="px",
        marks=[(5.0, "cut")],
        bands=[(2.0, 4.0)],
    )
    text = draw_chart(chart)
    page = Page(text)
    assert not page.open
    assert page.texts["b"] == "a <b>"
    assert f'd="M{WIDTH / 2:.1f},0V{HEIGHT:g}"' in text and page.texts["title"] == "cut"
    (band,) = page.all("rect")
    assert (float(band["x"]), float(band["width"])) == (WIDTH / 5, WIDTH / 5)
    assert [one for one in page.all("span") if one.get("class") == "key l0"]
    assert "nothing" not in text


def test_the_numbers_of_a_chart() -> None:
    chart = Chart(
        "x", np.array([0.0, 1.0]), [ChartLine("a", np.array([0.123456789, NAN]))], unit="px"
    )
    assert chart_to_json(chart) == {
        "x": [0, 1],
        "unit": "px",
        "xUnit": "s",
        "lines": [{"label": "a", "values": [0.12346, None]}],
    }


@given(arrays(np.float64, st.integers(1, 1000), elements=st.floats(-1, 1)))
def test_thinning_keeps_the_level(values: np.ndarray) -> None:
    found = thinned(values)
    assert len(found) == min(len(values), MOST)
    assert values.min() - 1e-9 <= found.min() and found.max() <= values.max() + 1e-9
