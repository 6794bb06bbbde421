"""How good are swaps after minutes of training? `python -m benchmarks.quality --minutes 5`.

Every way of swapping gets the same CPU time on the same films. It is measured by the command
`evaluate`, as a user measures a swap, on held-out performances with their exact ground truth. The
baselines are a paste without any training, and `original`, the plain autoencoder, on the same core.
`instant` is the swap out of the owner's own pictures, without training.
Other ways are a recipe with changes, for example `--ways quick "quick eyes=10"`. So the same
command also measures a user's own model.

Every figure is measured by the mesh, and once more by dlib's landmarks, as `dlib:NAME`: until the
mesh came, figures of the history without a prefix were by dlib.

Finished work is kept in the work folder: after an interruption, the same command continues.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2

from benchmarks.measure import commit, machine
from benchmarks.quality_cast import PAIRS, Stage, staged
from benchmarks.quality_picture import draw
from benchmarks.quality_ways import INSTANT, PASTE, called, measured, swap_in, trained
from faceswap_ae.common.atomic import write_text
from faceswap_ae.faces.record import MESH

CORES = 2  # one minute of training is the CPU time of this many cores
# The default batch of 64 faces is for GPUs: on the CPU it makes 150 steps in 10 CPU-minutes.
WAYS = (PASTE, "original batch=16", "quick", INSTANT)
HISTORY, PICTURE = Path("docs/quality.json"), Path("docs/quality.jpg")
# The most important metrics, for the printed table. The history has all of them.
SHOWN = (
    *("id_owner", "nearer_to_owner", "pose_truth", "expression_truth", "eyes_truth", "mouth_truth"),
    *(
        "gaze_truth",
        "ssim",
        "psnr_coloured",
        "psnr_gain",
        "sharpness",
        "jitter_ratio",
        "warping",
        "steps",
        "cpu",
    ),
)

Figures = Mapping[str, Any]


def main() -> None:
    wanted = _wanted()
    cv2.setNumThreads(1)
    seconds = 60 * CORES * wanted.minutes
    name = f"faceswap-ae-quality-{wanted.minutes:g}"
    work = wanted.work or Path(tempfile.gettempdir()) / name
    stages = {str(pair): Stage(work / "pairs" / str(pair), pair) for pair in PAIRS}
    if wanted.one:
        measure(work, stages[wanted.pairs[0]], wanted.ways[0], seconds)
        return
    print(f"keeping everything in {work}", flush=True)
    for pair in wanted.pairs:
        staged(stages[pair])
        for way in wanted.ways:
            if not _figures_path(work, pair, way).exists():
                print(f"{pair}: {way} ...", flush=True)
                _alone(wanted.minutes, work, pair, way)
    found = {
        way: {
            pair: json.loads(_figures_path(work, pair, way).read_bytes()) for pair in wanted.pairs
        }
        for way in wanted.ways
    }
    print(table(found))
    if wanted.keep:
        keep(wanted.minutes, found)
        files = {way: [swap_of(work, pair, way) for pair in wanted.pairs] for way in wanted.ways}
        draw([stages[pair] for pair in wanted.pairs], files, PICTURE)


def measure(work: Path, stage: Stage, way: str, seconds: float) -> None:
    """Train one way on one pair (if not done yet), convert and measure, and write the figures."""
    folder = _figures_path(work, str(stage.pair), way).parent
    facts = trained(stage, way, folder, seconds)
    figures = measured(stage, way, folder)
    told = {"commit": commit(), **facts, **figures}
    write_text(folder / "told.json", json.dumps(told) + "\n")


def table(found: Mapping[str, Mapping[str, Figures]]) -> str:
    """A table with the means over the pairs, one row for each way."""
    means = {way: mean(list(pairs.values())) for way, pairs in found.items()}
    rows = [["", *SHOWN]]
    rows += [[way, *(_words(own.get(name)) for name in SHOWN)] for way, own in means.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], _rule(rows[0]), *rows[1:]])


def mean(pairs: Sequence[Figures]) -> dict[str, float | None]:
    """The mean of every figure over the pairs that have it; None if no pair has it."""
    names = dict.fromkeys(name for one in pairs for name in one if name != "commit")
    found: dict[str, float | None] = {}
    for name in names:
        known = [one[name] for one in pairs if one.get(name) is not None]
        found[name] = round(fmean(known), 5) if known else None
    return found


def keep(minutes: float, found: Mapping[str, Mapping[str, Figures]]) -> None:
    """Add the measured figures to the history."""
    before = json.loads(HISTORY.read_bytes()) if HISTORY.exists() else []
    told = {"machine": machine(), "minutes": minutes, "landmarks": MESH, "figures": found}
    write_text(HISTORY, json.dumps([*before, told], indent=1) + "\n")


def swap_of(work: Path, pair: str, way: str) -> Path:
    """The swapped clip that a way made for a pair."""
    return swap_in(_figures_path(work, pair, way).parent)


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="of training on 2 cores: 5 or 30")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), help="recipes with changes")
    names = [str(pair) for pair in PAIRS]
    parser.add_argument("--pairs", nargs="+", default=names, choices=names)
    parser.add_argument("--work", type=Path, help="a folder to keep everything in")
    parser.add_argument("--keep", action="store_true", help=f"add to {HISTORY}, draw {PICTURE}")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _alone(minutes: float, work: Path, pair: str, way: str) -> None:
    """Measure one way in a process of its own, so that nothing is compiled or cached already."""
    own = ("--one", "--minutes", str(minutes), "--work", str(work), "--pairs", pair, "--ways", way)
    subprocess.run((sys.executable, "-m", "benchmarks.quality", *own), check=True)


def _figures_path(work: Path, pair: str, way: str) -> Path:
    return work / "ways" / called(way) / pair / "told.json"


def _rule(head: Sequence[str]) -> list[str]:
    return ["---" for _ in head]


def _words(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


if __name__ == "__main__":
    main()
