"""How is the HTML report about the quality of a finished swap written?

It is one file that needs no other file. It shows the verdict, the headline in words, a filmstrip,
the worst frames and why, charts over time, all metrics beside their floors, the training, and the
commands that repeat it. Its style and script are in pages/; the measurements come from evaluate.py.
"""

import html
import platform
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.geometry import Doubles, Image
from faceswap_ae.common.limits import read_whole
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.evaluation import training_charts
from faceswap_ae.evaluation.evaluate import Evaluation
from faceswap_ae.evaluation.page_template import embedded_json, fill_template
from faceswap_ae.evaluation.report_scores import draw_cards, draw_rows, draw_verdict, shown_columns
from faceswap_ae.evaluation.report_stills import Masks, StillSources, draw_stills, embedded
from faceswap_ae.evaluation.scores import leading, series
from faceswap_ae.evaluation.svg_chart import Chart, ChartLine, chart_to_json, draw_chart
from faceswap_ae.evaluation.verdict import judge
from faceswap_ae.evaluation.wording import SwapNames, sentences
from faceswap_ae.media import images
from faceswap_ae.media.clip import open_clip
from faceswap_ae.training.runs.run import Run
from faceswap_ae.version import TOOL

FILMED = 10  # frames of the filmstrip
PREVIEW = 900  # pixels: largest width of the training's preview
PACKAGES = (
    *("tensorflow", "tensorflow-cpu", "jax", "keras", "numpy", "av"),
    *("opencv-python", "opencv-python-headless", "dlib", "dlib-bin"),
)
MOVING = {"swap": "result", "performance": "onto", "true swap": "truth"}
DECIBELS = "dB"  # a unit whose axis need not start at zero

Still = Mapping[str, Image]


def write_report(
    path: Path, evaluation: Evaluation, run: Run | None = None, masks: Masks | None = None
) -> None:
    """Write the page. If `run` is given, the page includes its losses and its recipe."""
    names = evaluation.names
    if run is not None:
        names = SwapNames(run.facts.face, run.facts.onto)
    shown = _shown(evaluation, masks)
    film = evenly_spaced(range(evaluation.columns.count), FILMED)
    over_time = _over_time(evaluation, names)
    losses = training_charts.draw_training_charts(run) if run else []
    parts = {
        "title": html.escape(f"{names.face} on {names.onto}"),
        "about": html.escape(_about(evaluation)),
        "verdict": draw_verdict(judge(evaluation.summary, names, evaluation.seen)),
        "cards": draw_cards(evaluation, names),
        "headline": "".join(f"<li>{html.escape(one)}</li>" for one in _words(evaluation, names)),
        "film": _film(evaluation, {at: shown[at] for at in film}),
        "worst": _worst(evaluation, shown),
        "marks": _marks(over_time),
        "curves": "".join(map(draw_chart, over_time)),
        "columns": "".join(f'<th scope="col">{name}</th>' for name in shown_columns(evaluation)),
        "figures": "".join(draw_rows(evaluation, names)),
        "training": _training(run, losses) if run else "",
        "to_training": '<a href="#training">Training</a>' if run else "",
        "again": _again(evaluation, run),
        "data": embedded_json([chart_to_json(one) for one in (*over_time, *losses) if one.shown]),
    }
    write_text(path, fill_template("report.html", parts))


def _shown(evaluation: Evaluation, masks: Masks | None) -> dict[int, dict[str, Image]]:
    """Return the pictures of the filmstrip and of the worst frames, by frame."""
    own, clips = evaluation.columns, evaluation.clips
    film = evenly_spaced(range(own.count), FILMED)
    wanted = [*film, *(one.frame for one in evaluation.worst)]
    crops = own[f"{leading(own)}.crop"]
    if crops.ndim < 3:
        crops = np.full((own.count, 2, 3), np.nan)
    sources = StillSources(clips.result, clips.onto, clips.truth, evaluation.numbers, masks)
    return draw_stills(sources, crops, wanted)


def _about(evaluation: Evaluation) -> str:
    clip = open_clip(evaluation.clips.result)
    size, length = f"{clip.width}×{clip.height}", float(clip.duration)
    return f"{clip.path.name}: {evaluation.columns.count} frames, {length:.2f} s, {size}"


def _words(evaluation: Evaluation, names: SwapNames) -> list[str]:
    return sentences(evaluation.summary, names, evaluation.seen)


def _marks(charts: Sequence[Chart]) -> str:
    """Say what is marked in the charts, if anything is."""
    red = "Red: frames in which the face was not swapped." if charts[0].bands else ""
    return " ".join(filter(None, (red, "Dashed: cuts." if charts[0].marks else "")))


def _film(evaluation: Evaluation, film: Mapping[int, Still]) -> str:
    """Return the filmstrip: a column for each moment, one still below the other."""
    times = evaluation.columns["time"]
    moments = (
        f'<div class="column"><b>{times[at]:.1f} s</b>{_moment(pictures, times[at])}</div>'
        for at, pictures in film.items()
    )
    return f'<div class="film">{"".join(moments)}</div>'


def _moment(pictures: Still, time: float) -> str:
    """Return the stills of one moment as a button that shows them large."""
    stills = "".join(
        f'<span><img src="{embedded(picture)}" alt="{name} at {time:.1f} s" loading="lazy">'
        f"<small>{name}</small></span>"
        for name, picture in pictures.items()
    )
    return f'<button type="button" class="moment" title="enlarge">{stills}</button>'


def _worst(evaluation: Evaluation, shown: Mapping[int, Still]) -> str:
    if not evaluation.worst:
        return "<p>No frame is much worse than the others.</p>"
    cards = [
        f'<article class="fault" id="frame-{one.frame}">{_moment(shown[one.frame], one.time)}'
        f"<p><b>{one.time:.2f} s</b>, frame {one.frame}: {html.escape(one.why)}</p></article>"
        for one in evaluation.worst
    ]
    return f'<div class="faults">{"".join(cards)}</div>'


def _over_time(evaluation: Evaluation, names: SwapNames) -> list[Chart]:
    columns, swap = evaluation.columns, evaluation.series
    bare, true = (series(columns, role) for role in ("onto", "truth"))

    def lines(figure: str) -> dict[str, Doubles]:
        others = {"true swap": true, "untouched": bare}
        known = {name: one[figure] for name, one in others.items() if figure in one}
        return {"swap": swap[figure], **known}

    people = {names.face: swap["id_owner"], names.onto: swap["id_replaced"]}

    def moved(part: str) -> dict[str, Doubles]:
        return {name: columns[f"{role}.{part}"] for name, role in MOVING.items()}

    near = {"swap": swap["psnr"], "untouched": swap["psnr_unswapped"]}
    charts: tuple[tuple[str, str, Mapping[str, Doubles]], ...] = (
        ("distance of descriptors", "", people),
        ("head off the performance", "°", lines("pose")),
        ("mouth off the performance", "%", lines("mouth")),
        ("eyes off the performance", "%", lines("eyes")),
        ("how far the mouth is open", "", moved("mouth_open")),
        ("how far the eyes are open", "", moved("eyes_open")),
        ("nearness to the true swap", DECIBELS, near),
        ("jitter", "px", lines("jitter")),
        ("detail, as a share of what is natural there", "", {"swap": swap["sharpness"]}),
        ("seam", "levels", {"swap": swap["seam"]}),
    )
    return [_chart(*one, evaluation) for one in charts]


def _chart(title: str, unit: str, lines: Mapping[str, Doubles], evaluation: Evaluation) -> Chart:
    columns, time = evaluation.columns, evaluation.columns["time"]
    half = float(np.median(np.diff(time))) / 2 if len(time) > 1 else 0.0
    cuts = [(float(time[at]), "cut") for at in np.flatnonzero(columns["cut"][1:] > 0) + 1]
    missed = [(float(time[at]) - half, float(time[at]) + half) for at in sorted(evaluation.missed)]
    each = [ChartLine(label, values) for label, values in lines.items()]
    zero = unit != DECIBELS
    return Chart(title, time, each, unit, from_zero=zero, marks=cuts, bands=_merged(missed))


def _merged(bands: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Merge bands that touch: a clip may have thousands."""
    found: list[tuple[float, float]] = []
    for first, last in bands:
        if found and first <= found[-1][1] + 1e-6:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


def _training(run: Run, losses: Sequence[Chart]) -> str:
    picture = _preview(run)
    shown = f"<details><summary>What it could do at the end</summary>{picture}</details>"
    begun = [f"{name} from step {step:,.0f}" for step, name in losses[0].marks] if losses else []
    stages = html.escape(f"Dashed: {', '.join(begun)}.") if begun else ""
    account = html.escape(training_charts.describe_training(run))
    return (
        f'<section id="training"><h2>Training</h2><p>{account}</p>'
        f'<p class="faint">{stages}</p><div class="charts">{"".join(map(draw_chart, losses))}</div>'
        f"{shown if picture else ''}</section>"
    )


def _preview(run: Run) -> str:
    if not run.preview.is_file():
        return ""
    picture = images.read(run.preview)
    scale = min(1.0, PREVIEW / picture.shape[1])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    said = "faces of the performance, rebuilt and swapped"
    return f'<img class="preview" src="{embedded(small)}" alt="{said}">'


def _again(evaluation: Evaluation, run: Run | None) -> str:
    """Return the section on how to repeat the evaluation and the training."""
    clips = evaluation.clips
    words = ["faceswap-ae", "evaluate", str(clips.result), "--face", str(clips.face)]
    words += ["--onto", str(clips.onto)]
    words += ["--truth", str(clips.truth)] if clips.truth else []
    words += ["--run", str(run.folder)] if run else []
    recipe = read_whole(run.recipe).decode(errors="replace") if run and run.recipe.is_file() else ""
    details = f"<details><summary>The recipe</summary><pre>{html.escape(recipe)}</pre></details>"
    versions = "".join(f"<li>{html.escape(one)}</li>" for one in _versions())
    return (
        f"<pre>{html.escape(shlex.join(words))}</pre>{details if recipe else ''}"
        f'<ul class="versions">{versions}</ul>'
    )


def _versions() -> Iterator[str]:
    yield TOOL
    yield f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
