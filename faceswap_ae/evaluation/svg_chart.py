"""How are numbers drawn as a line chart (SVG) in an HTML page?

The lines are SVG that stretches with the page. Words and numbers are HTML beside it, so that they
do not stretch too. The page's script gets the same numbers as JSON, and shows the values under the
mouse pointer.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from faceswap_ae.common.geometry import Doubles

WIDTH, HEIGHT = 600.0, 120.0  # units of the drawing
MOST = 300  # points of a line: a phone shows no more
EDGE = 0.06  # of the range: the margin above and below
USUAL, BEYOND = 98.0, 1.5  # percentile of the values, and times it: a chart ends there at most
LEAST = 1e-9  # least range, and least value whose logarithm is drawn


@dataclass(frozen=True, eq=False)
class ChartLine:
    """Numbers (n,) along a chart's x; NaN where there is no value."""

    label: str
    values: Doubles


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart of some lines over one x axis."""

    title: str
    x: Doubles  # (n,), rising
    lines: Sequence[ChartLine]
    unit: str = ""
    x_unit: str = "s"
    from_zero: bool = True
    log: bool = False
    bridged: bool = False  # a line continues across missing numbers
    marks: Sequence[tuple[float, str]] = ()  # places on x, and their labels
    bands: Sequence[tuple[float, float]] = ()  # parts of x in which something is wrong

    @property
    def shown(self) -> list[ChartLine]:
        """The lines that have at least one finite number."""
        return [one for one in self.lines if np.isfinite(one.values).any()]


@dataclass(frozen=True)
class PlotArea:
    """The range of x and y that is drawn."""

    left: float
    right: float
    low: float
    high: float

    def across(self, x: float) -> float:
        """Return the distance from the left, in the drawing's units."""
        return WIDTH * (x - self.left) / max(self.right - self.left, LEAST)

    def down(self, y: float) -> float:
        """Return the distance from the top; values out of range are put on the edge."""
        share = (y - self.low) / max(self.high - self.low, LEAST)
        return HEIGHT * float(1 - np.clip(share, 0, 1))


def draw_chart(chart: Chart) -> str:
    """Return a chart as HTML; an empty text if it has nothing to show."""
    lines = chart.shown
    if not lines:
        return ""
    frame = _frame(chart, lines)
    keys = "".join(
        f'<span class="key l{number}">{html.escape(line.label)}</span>'
        for number, line in enumerate(lines)
        if line.label
    )
    low, high = (10**end if chart.log else end for end in (frame.low, frame.high))
    unit = f" {html.escape(chart.unit)}" if chart.unit else ""
    return (
        f'<figure class="chart"><figcaption><b>{html.escape(chart.title)}</b>{keys}'
        f'<output aria-live="off"></output></figcaption><div class="plot">'
        f'<span class="high">{_short(high)}{unit}</span><span class="low">{_short(low)}</span>'
        f"{_svg(chart, lines, frame)}</div>"
        f'<div class="ends"><span>{_short(frame.left)}</span>'
        f"<span>{_short(frame.right)} {chart.x_unit}</span></div></figure>"
    )


def chart_to_json(chart: Chart) -> dict[str, Any]:
    """Return the numbers of a chart in the form that the page's script reads."""
    x, lines = chart.x, chart.shown
    return {
        "x": [_plain(one) for one in thinned(x)],
        "unit": chart.unit,
        "xUnit": chart.x_unit,
        "lines": [
            {"label": line.label, "values": [_plain(one) for one in thinned(line.values)]}
            for line in lines
        ],
    }


def thinned(values: Doubles, most: int = MOST) -> Doubles:
    """Return at most `most` values: the means of the finite values in equal parts."""
    if len(values) <= most:
        return values
    edges = np.linspace(0, len(values), most + 1).astype(int)
    parts = (values[first:last] for first, last in pairwise(edges))
    known = (part[np.isfinite(part)] for part in parts)
    return np.array([part.mean() if len(part) else np.nan for part in known])


def _frame(chart: Chart, lines: Sequence[ChartLine]) -> PlotArea:
    values = np.concatenate([_scaled(chart, thinned(line.values)) for line in lines])
    finite = values[np.isfinite(values)]
    if not len(finite):
        finite = np.zeros(1)
    low, high = float(finite.min()), float(finite.max())
    if chart.from_zero and not chart.log:
        high = min(high, BEYOND * float(np.percentile(finite, USUAL)))
        low = min(low, 0.0)
    margin = EDGE * (high - low) or max(abs(high) * EDGE, LEAST)
    bottom = low if chart.from_zero and low == 0 else low - margin
    return PlotArea(float(chart.x[0]), float(chart.x[-1]), bottom, high + margin)


def _scaled(chart: Chart, values: Doubles) -> Doubles:
    if not chart.log:
        return values
    return np.log10(np.where(values > LEAST, values, np.nan))


def _svg(chart: Chart, lines: Sequence[ChartLine], frame: PlotArea) -> str:
    bands = (
        f'<rect class="band" x="{frame.across(first):.1f}" y="0" height="{HEIGHT:g}" '
        f'width="{max(frame.across(last) - frame.across(first), 1):.1f}"/>'
        for first, last in chart.bands
    )
    marks = (
        f'<path class="mark" d="M{frame.across(place):.1f},0V{HEIGHT:g}">'
        f"<title>{html.escape(what)}</title></path>"
        for place, what in chart.marks
    )
    paths = (
        f'<path class="line l{number}" d="{_path(chart, line, frame)}"/>'
        for number, line in enumerate(lines)
    )
    cross = f'<path class="cross" d="M0,0V{HEIGHT:g}"/>'
    said = f"{chart.title}: " + ", ".join(line.label for line in lines if line.label)
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(said)}">{"".join([*bands, *marks, *paths, cross])}</svg>'
    )


def _path(chart: Chart, line: ChartLine, frame: PlotArea) -> str:
    """Return the path of a line, with gaps at missing numbers; a single point becomes a dot."""
    parts, last = [], False
    for x, y in zip(thinned(chart.x), _scaled(chart, thinned(line.values)), strict=True):
        if np.isfinite(y):
            place = f"{frame.across(x):.1f},{frame.down(y):.1f}"
            parts.append(f"L{place}" if last else f"M{place}h0")
        last = bool(np.isfinite(y)) or (last and chart.bridged)
    return "".join(parts)


def _short(value: float) -> str:
    """Format a number with three digits, or with separated thousands if it is large."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _plain(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None
