"""How is the page written that says whether an anonymous clip still shows somebody?

There is one page for each clip, `clip.mp4.html` beside `clip.mp4.json`, and none for a batch: the
page is what goes with the clip to whoever allows that it is shown, and a later call for the same
folder does not replace what is known about the clips of an earlier one.

The page never shows more than may be shown: its pictures are from the output, and only from frames
without doubt. A frame that may still show somebody is named, with its reason, and not shown.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.beside import beside
from faceswap_ae.common.geometry import Doubles, Image, warp
from faceswap_ae.common.quantities import format_count
from faceswap_ae.conversion.anonymiser import AnonymousClip
from faceswap_ae.conversion.second_look import ALIKE, EVERY, Compared, SecondLook
from faceswap_ae.evaluation.anonymity import AnonymisedClip, HiddenPerson, identity_figures
from faceswap_ae.evaluation.page_template import embedded_json, fill_template
from faceswap_ae.evaluation.report_stills import embedded
from faceswap_ae.evaluation.svg_chart import MOST, Chart, ChartLine, chart_to_json, draw_chart
from faceswap_ae.faces.boxes import square_around
from faceswap_ae.media import reader
from faceswap_ae.media.clip import open_clip
from faceswap_ae.media.span import Span

PAGE = ".html"  # after the whole name of the output
SHOWN = 12  # worst faces
APART = 12  # frames, at least, between two of one person that are shown
SIDE = 160  # pixels of a picture
AROUND = 1.7  # of a face's box
NAMED = 60  # lines of doubtful frames
COLUMNS = ("found", "new face", "covered", "compared", "least", "median", "unlike", "retrieved")


@dataclass(frozen=True, eq=False)
class LookedOver:
    """A finished clip in its file, and the last look over it."""

    plan: AnonymousClip
    file: Path  # the output, which may not have its own name yet
    seen: SecondLook


def page_of(output: Path) -> Path:
    """Return the page's place, beside the output."""
    return beside(output, after=PAGE)


def write_page(path: Path, made: AnonymisedClip, looked: LookedOver) -> None:
    """Write the page of a clip."""
    charts = [_chart(person, made.frames) for person in made.each_person if person.compared]
    parts = {
        "title": html.escape(made.output.name),
        "about": html.escape(_about(made, looked.plan)),
        "verdict": _verdict(made),
        "cards": _cards(made),
        "columns": "".join(f'<th scope="col">{name}</th>' for name in COLUMNS),
        "people": "".join(_person(person) for person in made.each_person),
        "asked": html.escape(_asked(made)),
        "curves": "".join(map(draw_chart, charts)) or "<p>No new face was compared.</p>",
        "worst": _worst(made, looked),
        "doubt": _doubt(looked.seen),
        "data": embedded_json([chart_to_json(chart) for chart in charts]),
    }
    write_text(path, fill_template("anonymise.html", parts))


def _about(made: AnonymisedClip, plan: AnonymousClip) -> str:
    size = f"{plan.clip.width}×{plan.clip.height}"
    how = f"method {plan.style.method}"
    return f"from {made.clip.name}: {format_count(made.frames, 'frame')}, {size}, {how}"


def _verdict(made: AnonymisedClip) -> str:
    if made.published:
        words = "after the last look over the clip no frame is in doubt"
        return f'<p class="verdict good"><b>published</b> {words}</p>'
    words = f"{format_count(len(made.doubt), 'frame')} may still show somebody"
    step = "<span>Next: look at these frames, or cover all faces with --method solid</span>"
    return f'<p class="verdict bad"><b>not published</b> {words}{step}</p>'


def _cards(made: AnonymisedClip) -> str:
    figures = identity_figures(made.worst)
    told = (
        (str(made.people), "people" if made.people != 1 else "person"),
        (str(sum(one.swapped for one in made.each_person)), "new faces that are not covered"),
        (f"{made.covered} of {made.frames}", "frames with covered places"),
        (_percent(figures["unlike_share"]), "of the new faces are not taken for the person"),
    )
    cards = "".join(
        f'<div class="card"><b>{value}</b><span>{words}</span></div>' for value, words in told
    )
    return f'<div class="cards" style="--across:4">{cards}</div>'


def _person(person: HiddenPerson) -> str:
    figures = identity_figures(person.compared)
    cells = (
        *map(str, (person.frames, person.swapped, person.covered, len(person.compared))),
        *(_distance(figures[name]) for name in ("least_distance", "median_distance")),
        *(_percent(figures[name]) for name in ("unlike_share", "retrieved")),
    )
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{_name(person.person)}</th>{row}</tr>'


def _asked(made: AnonymisedClip) -> str:
    whom = "1 person" if made.among == 1 else f"{made.among} people"
    chance = f" (by chance {1 / made.among:.0%})" if made.among > 1 else ", so it says nothing"
    return (
        "Found, new face, covered: frames. A cover may last longer than a face is found. Compared: "
        f"new faces that are not covered, in one of {EVERY} frames; least, median: their distance "
        f"from the person; unlike: those farther than {ALIKE:g}. Retrieved: those to whom, of "
        f"{whom}, the one who was there is nearest{chance}."
    )


def _chart(person: HiddenPerson, frames: int) -> Chart:
    """Return the distances of a person's new faces by frame, with the threshold as a line."""
    every = np.arange(0, max(frames, 1), EVERY)
    values = np.full(len(every), np.nan)
    for one in person.compared:
        at = one.frame // EVERY
        values[at] = np.fmin(values[at], one.distance)
    x, values = _least(every.astype(float), values)
    line = ChartLine("recognised", np.full(len(x), ALIKE))
    title = f"{_name(person.person)}, distance"
    return Chart(title, x, [ChartLine("", values), line], x_unit="(frame)")


def _least(x: Doubles, values: Doubles) -> tuple[Doubles, Doubles]:
    """Thin out a long line to the least value of each part: a mean would hide a bad frame."""
    if len(x) <= MOST:
        return x, values
    edges = np.linspace(0, len(x), MOST + 1).astype(int)
    least = [np.fmin.reduce(values[first:last]) for first, last in pairwise(edges)]
    return x[edges[:-1]], np.array(least)


def _worst(made: AnonymisedClip, looked: LookedOver) -> str:
    chosen = list(_apart(made.worst, SHOWN))
    if not chosen:
        return "<p>No new face was compared: all faces are covered.</p>"
    pictures = _pictures([one for one in chosen if one.frame not in looked.seen.leaks], looked)
    cards = "".join(_fault(one, pictures) for one in chosen)
    return f'<div class="film">{cards}</div>'


def _fault(one: Compared, pictures: Mapping[tuple[int, int], Image]) -> str:
    label = f"{_distance(one.distance)}, frame {one.frame}"
    words = f"{_name(one.person)}, {'taken for them' if one.distance <= ALIKE else 'unlike'}"
    picture = pictures.get((one.frame, one.track))
    if picture is None:
        still = '<p class="faint">not shown: in doubt</p>'
    else:
        image = (
            f'<img src="{embedded(picture)}" alt="new face in frame {one.frame}" loading="lazy">'
        )
        still = (
            '<button type="button" class="moment" title="enlarge">'
            f"<span>{image}<small>{words}</small></span></button>"
        )
    return f'<div class="column"><b>{label}</b>{still}</div>'


def _apart(worst: Sequence[Compared], most: int) -> Iterator[Compared]:
    """Yield some of the worst faces, without close neighbours of one that was chosen."""
    chosen: list[Compared] = []
    for one in worst:
        if len(chosen) == most:
            return
        near = (
            other.person == one.person and abs(other.frame - one.frame) < APART for other in chosen
        )
        if not any(near):
            chosen.append(one)
            yield one


def _pictures(wanted: Sequence[Compared], looked: LookedOver) -> dict[tuple[int, int], Image]:
    """Cut new faces out of the output."""
    found, clip = dict[tuple[int, int], Image](), open_clip(looked.file)
    for number in sorted({one.frame for one in wanted}):
        tracks = {one.track for one in wanted if one.frame == number}
        for frame in reader.frames(clip, Span(first=number, last=number)):
            for place in looked.plan.where.at(number):
                if place.track in tracks:
                    matrix = square_around(place.outline).cut(SIDE, 1 / AROUND)
                    found[number, place.track] = warp(frame.image, matrix, (SIDE, SIDE))
    return found


def _doubt(seen: SecondLook) -> str:
    if not seen.leaks:
        return "<p>None.</p>"
    reasons = {
        frame: ", ".join(sorted({one.why for one in seen.leaks[frame]})) for frame in seen.leaks
    }
    runs = list(_runs(reasons))
    lines = "".join(
        f"<li>{'frame' if first == last else 'frames'} "
        f"{first if first == last else f'{first} to {last}'}: {html.escape(why)}</li>"
        for first, last, why in runs[:NAMED]
    )
    more = f"<p>And {len(runs) - NAMED} more, in the JSON report.</p>" if len(runs) > NAMED else ""
    return f'<ul class="words">{lines}</ul>{more}'


def _runs(reasons: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
    """Yield the first and the last frame of each row of frames with one reason."""
    begin: int | None = None
    for frame in sorted(reasons):
        begin = frame if begin is None else begin
        if reasons.get(frame + 1) != reasons[frame]:
            yield begin, frame, reasons[frame]
            begin = None


def _name(person: int) -> str:
    return f"Person {person + 1}"


def _distance(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
