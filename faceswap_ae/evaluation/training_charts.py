"""How are the losses of a training run drawn as charts, one chart for each loss term?

Each person has a line. A mark shows where a stage of the recipe begins.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from faceswap_ae.common.geometry import Doubles
from faceswap_ae.common.quantities import format_duration
from faceswap_ae.evaluation.svg_chart import Chart, ChartLine
from faceswap_ae.networks.model_interface import FACE, ONTO
from faceswap_ae.training.runs import metric_log
from faceswap_ae.training.runs.metric_log import MetricRow
from faceswap_ae.training.runs.run import Run

PAUSE = 600.0  # seconds without a row in the log: training was paused


def draw_training_charts(run: Run) -> list[Chart]:
    """Return a chart for each kind of loss, with a line for each person."""
    rows, facts = metric_log.read(run.log), run.facts
    if not rows:
        return []
    people: dict[str, str] = {FACE: facts.face, ONTO: facts.onto}
    kinds: dict[str, dict[str, str]] = defaultdict(dict)  # title -> label -> the loss's name
    # FACE comes before ONTO: so each person has the same colour in all charts of the page.
    for name in sorted({name for row in rows for name in row.losses}):
        title, identity = _parted(name)
        kinds[title][people.get(identity, "")] = name
    steps = np.array([row.step for row in rows], np.float64)
    marks = list(_stages(rows))
    return [
        Chart(
            title,
            steps,
            [ChartLine(label, _values(rows, name)) for label, name in lines.items()],
            x_unit="steps",
            from_zero=False,
            log=_is_positive(rows, lines.values()),
            bridged=True,
            marks=marks,
        )
        for title, lines in kinds.items()
    ]


def describe_training(run: Run) -> str:
    """Return one sentence: what was trained, and for how long."""
    rows, facts = metric_log.read(run.log), run.facts
    told = f"{facts.face} onto {facts.onto}, model {facts.model}, trainer {facts.trainer}"
    if not rows:
        return f"{told}; its log is empty."
    gaps = [later.time - earlier.time for earlier, later in pairwise(rows)]
    spent = sum(gap for gap in gaps if 0 < gap < PAUSE)
    memory = max(row.memory for row in rows) / 2**30
    return f"{told}: {rows[-1].step:,} steps in {format_duration(spent)}, {memory:.1f} GiB at most."


def _parted(name: str) -> tuple[str, str]:
    """Split a loss's name: `autoencoder/face mae` is `autoencoder: mae` of the identity `face`."""
    player, _, term = name.rpartition("/")
    identity, _, kind = term.partition(" ")
    if identity not in (FACE, ONTO):
        return ": ".join(part for part in (player, term) if part), ""
    return ": ".join(part for part in (player, kind) if part), identity


def _values(rows: Sequence[MetricRow], name: str) -> Doubles:
    return np.array([row.losses.get(name, np.nan) for row in rows])


def _is_positive(rows: Sequence[MetricRow], names: Iterable[str]) -> bool:
    """Whether all losses are above zero, so that a logarithmic axis is possible.

    Losses fall by decades, but some losses of adversarial training are negative.
    """
    values = np.concatenate([_values(rows, name) for name in names])
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0)


def _stages(rows: Sequence[MetricRow]) -> Iterator[tuple[float, str]]:
    """Yield the step at which each stage began, and its name."""
    last = ""
    for row in rows:
        if row.stage and row.stage != last:
            yield float(row.step), row.stage
            last = row.stage
