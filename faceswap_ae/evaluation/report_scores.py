"""How are the verdict and the scores of a swap shown on the page of its report?

At the top the verdict, and a card for each of a few metrics, with the limit up to which it is ready
and with its baselines; further down the table of all metrics.
"""

import html
from collections.abc import Iterator

from faceswap_ae.evaluation.evaluate import Evaluation
from faceswap_ae.evaluation.scores import Score
from faceswap_ae.evaluation.verdict import LIMITS, Verdict, describe_limit, figure_level
from faceswap_ae.evaluation.wording import COLUMNS, GROUPS, SwapNames, format_score

MOODS = {"ready": "good", "nearly ready": "near", "not ready": "bad", "no verdict": ""}
CARDS = {
    "nearer_to_owner": ("", "of the frames look more like {face} than like {onto}"),
    "id_owner": ("", "distance to {face}: the same person below 0.6"),
    "sharpness": ("", "of the natural detail"),
    "psnr": (" dB", "similarity to the true swap (PSNR)"),
    "pose": ("°", "between the head and the performer's"),
    "mouth": (" %", "error of the mouth, as a share of the distance between the eyes"),
    "eyes": (" %", "error of the eyes, as a share of the distance between them"),
    "jitter_ratio": ("×", "the trembling of {standard}"),
    "missed": ("", "of {seen} frames not swapped"),
}


def draw_verdict(verdict: Verdict) -> str:
    """Return the verdict as the first line of the page, in the colour of its level."""
    reasons, nearly = (html.escape(", ".join(one)) for one in (verdict.reasons, verdict.nearly))
    beside = f"<span>Nearly: {nearly}</span>" if nearly else ""
    step = f"<span>Next: {html.escape(verdict.next_step)}</span>" if verdict.next_step else ""
    mood = MOODS[verdict.level]
    return f'<p class="verdict {mood}"><b>{verdict.level}</b> {reasons}{beside}{step}</p>'


def draw_cards(evaluation: Evaluation, names: SwapNames) -> str:
    """Return the few metrics at the top of the page, in rows of equal length if possible."""
    cards = list(_each_card(evaluation, names))
    across = 3 if len(cards) % 3 == 0 else 4
    return f'<div class="cards" style="--across:{across}">{"".join(cards)}</div>'


def _each_card(evaluation: Evaluation, names: SwapNames) -> Iterator[str]:
    """Yield a metric with its limit and its baselines."""
    figures, seen = evaluation.summary, evaluation.seen
    standard = "the performance" if figures["jitter_truth"].value is None else "the true swap"
    for name, (unit, words) in CARDS.items():
        one = figures[name]
        if one.value is None:
            continue
        said = words.format(face=names.face, onto=names.onto, standard=standard, seen=seen)
        mood = MOODS[figure_level(name, figures, seen)]
        yield (
            f'<div class="card {mood}"><b>{format_score(name, one.value)}{unit}</b>'
            f"<span>{html.escape(said)}</span><small>{_beside(name, one)}</small></div>"
        )


def _beside(name: str, one: Score) -> str:
    floor = "floor" if one.better == "lower" else "at best"
    parts = (("true swap", one.truth), (floor, one.floor), ("untouched", one.unswapped))
    known = [f"{what} {format_score(name, value)}" for what, value in parts if value is not None]
    limit = [describe_limit(name)] if name in LIMITS else []
    return "; ".join([*limit, *([", ".join(known)] if known and name != "missed" else [])])


def shown_columns(evaluation: Evaluation) -> dict[str, str]:
    """Return the columns of the table that have a value, and the value of a score each shows."""
    scores = evaluation.summary.values()
    return {
        "true swap" if name == "truth" else name: value
        for name, value in COLUMNS.items()
        if any(getattr(one, value) is not None for one in scores)
    }


def draw_rows(evaluation: Evaluation, names: SwapNames) -> Iterator[str]:
    """Yield the rows of the table of all metrics."""
    columns = shown_columns(evaluation).values()
    for group, members in GROUPS.items():
        shown = [name for name in members if evaluation.summary[name].value is not None]
        if shown:
            yield f'<tr><th colspan="{len(columns) + 1}" scope="colgroup">{group}</th></tr>'
        for name in shown:
            one = evaluation.summary[name]
            values = (getattr(one, column) for column in columns)
            cells = "".join(f"<td>{format_score(name, value)}</td>" for value in values)
            unit = f", {one.unit}" if one.unit and one.unit not in one.words else ""
            said = html.escape(f"{one.words}{unit}")
            title = html.escape(names.title(name))
            yield f'<tr><th scope="row">{title}<small>{said}</small></th>{cells}</tr>'
