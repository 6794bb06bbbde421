"""How does the demo train a swap on two synthetic people and measure it by the exact answer?

Clips of ben and ada are rendered, and the model is trained on them. Then ada gives another
performance that is not in the training data, and ben's face is put onto it. Because both people are
synthetic, the exact answer (the true swap) is rendered too, and the swap is measured against it.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from faceswap_ae.common.atomic import replacing
from faceswap_ae.common.errors import UserError
from faceswap_ae.common.progress import Progress, Status, no_progress, no_status
from faceswap_ae.media.montage import side_by_side
from faceswap_ae.pipelines.swap import Swap, swap
from faceswap_ae.synthetic.film import Film, film_of, shoot

SIZE, RATE = (480, 360), Fraction(15)
SECONDS = 12  # length of a training clip; the performance has two thirds of it
SEEDS = {"ben": 1, "ada": 2, "play": 7, "answer": 7}  # random seeds of the people's movements
MINUTES = 4.0  # of training


@dataclass(frozen=True)
class Demo:
    """The files of the demo, and what was measured."""

    swap: Path
    side: Path
    report: Path
    metrics: dict[str, Any]


def run_demo(
    folder: Path,
    minutes: float = MINUTES,
    seconds: int = SECONDS,
    progress: Progress = no_progress,
    status: Status = no_status,
) -> Demo:
    """Render the films, swap, and compare.

    Films that exist already are not rendered again, and the other stages continue where they were
    stopped.
    """
    films = {name: _film(name, seconds) for name in SEEDS}
    clips = {name: _filmed(film, folder / "clips" / name, progress) for name, film in films.items()}
    out = folder / "swap.mp4"
    wanted = Swap(
        clips["ben"],
        clips["ada"],
        out,
        minutes=minutes,
        performance=clips["play"],
        truth=clips["answer"].parent,
    )
    done = swap(wanted, progress, status)
    side = folder / "side.mp4"
    names = ["ada", "ben on ada", "the exact answer"]
    with progress("side by side", films["play"].count) as advance:
        shown = [clips["play"], out, clips["answer"]]
        side_by_side(shown, names, side, lambda frames, _: advance(frames))
    places = {name: folder / name for name in ("report.html", "metrics.json")}
    for name, place in places.items():
        with replacing(place) as part:
            part.write_bytes((wanted.work / name).read_bytes())
    return Demo(out, side, places["report.html"], done.metrics)


def _film(name: str, seconds: int) -> Film:
    """Return the settings of one of the films, by its name in SEEDS."""
    length = Fraction(seconds) * (Fraction(2, 3) if name in ("play", "answer") else 1)
    film = Film("ada", size=SIZE, fps=RATE, seconds=length, seed=SEEDS[name])
    if name == "answer":
        return replace(film, as_if="ben")
    # Training clips show two places and lights: a network cannot show what it never saw.
    return film if name == "play" else replace(film, who=name, cut=True)


def _filmed(film: Film, folder: Path, progress: Progress) -> Path:
    clip = folder / ("clip.mkv" if film.as_if else "clip.mp4")
    known = film_of(folder)
    if known is not None and known != film:
        raise UserError(f"{folder.parent.parent}: holds another demo; give -o another folder")
    if known is None:
        with progress(f"film {folder.name}", film.count) as advance:
            shoot(film, folder, advance, lossless=film.as_if is not None)
    return clip
