"""How is the HTML gallery of a face folder made, with thumbnails, filters and histograms?

The gallery is one HTML file that needs no other file. In it the user filters, sorts and marks
faces, and gets the list of the faces to drop. Its HTML, CSS and JavaScript templates are in pages/.
This file inserts the faces, their measures and the histograms.
"""

import base64
import html
import io
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as pillow

from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.geometry import Image
from faceswap_ae.common.progress import Advance
from faceswap_ae.common.sequences import evenly_spaced
from faceswap_ae.faces.folders import face_file, sorting
from faceswap_ae.faces.folders.face_file import FaceEntry

PAGES = files("faceswap_ae") / "pages"
MOST = 3000  # faces in a gallery: 8 MB, which a phone can still open
THUMB = 96  # pixels a side of a thumbnail
QUALITY = 82  # JPEG quality of the thumbnails
FILTERS = {"sharpness": "", "yaw": "°", "pitch": "°", "size": " px"} | {
    "brightness": "",
    "occlusion": "",
}
BARS = 30  # number of bars in a histogram
WIDTH, HEIGHT = 240, 40  # of a histogram, in SVG units
STEPS = 60  # approximate number of positions of a slider


@dataclass(frozen=True)
class HistogramScale:
    """The ends and the step of a slider, as round numbers."""

    low: float
    high: float
    step: float


def write_gallery(
    folder: Path,
    entries: Sequence[FaceEntry],
    out: Path,
    most: int = MOST,
    advance: Advance = lambda _: None,
) -> int:
    """Write the page and return the number of faces on it, evenly chosen if there are too many."""
    shown = evenly_spaced(entries, most)
    values = {name: _values(entries, name) for name in FILTERS}
    scales = {name: scale_of(found) for name, found in values.items()}
    command = f"faceswap-ae faces drop {shlex.quote(str(folder))}"
    filters = [_filter(name, scales[name], values[name]) for name in FILTERS]
    alone = f"{len(entries)} faces"
    some = f"{len(shown)} of {len(entries)} faces, evenly chosen"
    parts = {
        "title": html.escape(folder.name),
        "count": alone if len(shown) == len(entries) else some,
        "filters": "\n".join(filters),
        "data": _embedded({"command": command, "faces": _rows(shown, advance)}),
        "css": _part("gallery.css"),
        "script": _part("gallery.js"),
    }
    # In one pass: the inserted text is never searched for placeholders again.
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _part("gallery.html"))
    write_text(out, page)
    return len(shown)


def thumbnail(entry: FaceEntry, side: int) -> Image:
    """Return the picture of a face, shrunk to `side` pixels."""
    small = cv2.resize(face_file.pixels(entry.place), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def scale_of(values: Sequence[float]) -> HistogramScale:
    """Return the scale of a slider that covers all the values."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    rough = (high - low or 1.0) / STEPS
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(power * round_ for round_ in (1, 2, 5, 10) if power * round_ >= rough))
    ends = np.floor(low / step) * step, (np.floor(high / step) + 1) * step
    # Rounding removes the 0.30000000000000004 of floating-point steps.
    return HistogramScale(*(float(f"{number:.10g}") for number in (*ends, step)))


def _part(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def _rows(shown: Sequence[FaceEntry], advance: Advance) -> list[dict[str, Any]]:
    chain = {entry.name: place for place, entry in enumerate(sorting.ordered(shown, "similarity"))}
    rows = []
    for count, entry in enumerate(shown, 1):
        rows.append({**_facts(entry), "similarity": chain[entry.name], "picture": _jpeg(entry)})
        advance(count)
    return rows


def _facts(entry: FaceEntry) -> dict[str, Any]:
    """Return the name and the measures of a face; without face data the measures are None."""
    face = entry.stored.face if entry.stored else None
    measured = ("score", "time", *FILTERS)
    values = {name: sorting.MEASURES[name].of(face) if face else None for name in measured}
    numbers = {name: _rounded(value) for name, value in values.items()}
    return {"name": entry.name, **numbers, "source": face.source if face else None}


def _rounded(value: float | None) -> float | None:
    return round(float(value), 4) if value is not None and np.isfinite(value) else None


def _values(entries: Sequence[FaceEntry], name: str) -> list[float]:
    values = [sorting.MEASURES[name].of(one.stored.face) for one in entries if one.stored]
    return [value for value in values if np.isfinite(value)]


def _jpeg(entry: FaceEntry) -> str:
    packed = io.BytesIO()
    pillow.fromarray(thumbnail(entry, THUMB)).save(packed, "JPEG", quality=QUALITY, optimize=True)
    return base64.b64encode(packed.getvalue()).decode()


def _embedded(data: Any) -> str:
    """Return JSON that cannot end the script element around it."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _filter(name: str, scale: HistogramScale, values: Sequence[float]) -> str:
    ends = f'min="{scale.low:.10g}" max="{scale.high:.10g}" step="{scale.step:.10g}"'
    low, high = (
        f'<input type="range" class="{end}" aria-label="{says} {name}" {ends} value="{value:.10g}">'
        for end, says, value in (("low", "least", scale.low), ("high", "most", scale.high))
    )
    return (
        f'<section class="filter" data-measure="{name}" data-unit="{FILTERS[name]}">'
        f"<h2>{name} <output></output></h2>{histogram(name, scale, values)}"
        f'<div class="range">{low}{high}</div></section>'
    )


def histogram(name: str, scale: HistogramScale, values: Sequence[float]) -> str:
    """Return the histogram of the values as an SVG; each bar carries its range of values."""
    counts, edges = np.histogram(values, BARS, (scale.low, scale.high))
    wide, tallest = WIDTH / BARS, max(1, int(counts.max()))
    bars = [
        f'<rect x="{place * wide:.4g}" y="{HEIGHT - (tall := HEIGHT * count / tallest):.4g}" '
        f'width="{wide - 1:.4g}" height="{tall:.4g}" data-from="{edges[place]:.6g}" '
        f'data-to="{edges[place + 1]:.6g}"><title>{int(count)}</title></rect>'
        for place, count in enumerate(counts)
        if count
    ]
    said = f"{name} of {len(values)} faces, {scale.low:g} to {scale.high:g}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{said}">{"".join(bars)}</svg>'
    )
