"""How is a swap shown and measured on two people who do not exist?

Ben and ada are filmed; from these clips is learnt. Then ada performs once more, something that was
never seen in training, and ben's face is put onto that. Because both are rendered, the exact answer
can be filmed too, and the swap is measured by it.
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
SECONDS = 12  # of film to learn from; what is swapped has two thirds of it
SEEDS = {"ben": 1, "ada": 2, "play": 7, "answer": 7}  # of what they do
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
    """Film, swap, compare. Films that are there are not made again, and the rest goes on too."""
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
    """Whom one of the films shows is seen from its name."""
    length = Fraction(seconds) * (Fraction(2, 3) if name in ("play", "answer") else 1)
    film = Film("ada", size=SIZE, fps=RATE, seconds=length, seed=SEEDS[name])
    if name == "answer":
        return replace(film, as_if="ben")
    # Learnt from in two places and lights: what a network never saw it cannot show.
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
