"""How is a pair swapped one way, for so much CPU time, and what comes of it?"""

import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.budgets import bought, cost
from benchmarks.quality_cast import Stage
from benchmarks.quality_paste import paste
from faceswap_ae import plan
from faceswap_ae.budget import Budget
from faceswap_ae.clip import open_clip
from faceswap_ae.conversion import Converter, Options, convert_clip
from faceswap_ae.evaluation import evaluate
from faceswap_ae.extraction import silent
from faceswap_ae.runs import Run

PASTE = "paste"  # the way that needs no training
QUIET = ("preview_seconds=100000", "save_minutes=10000")


def trained(stage: Stage, way: str, folder: Path, seconds: float) -> dict[str, Any]:
    """Train for so many CPU-seconds; what it took."""
    if way == PASTE:
        return {}
    from faceswap_ae.training import Job, train

    recipe, *changes = way.split()
    chosen, run = plan.load(recipe, [*QUIET, *changes]), folder / "run"
    shutil.rmtree(run, ignore_errors=True)  # of a benchmark that was broken off
    start, each = cost(stage.face, stage.onto, chosen)
    steps = bought(seconds, start, each)
    before = time.process_time()
    train(Job(stage.face, stage.onto, run, chosen, Budget(steps)))
    return {"steps": steps, "cpu": time.process_time() - before, "step": each}


def measured(stage: Stage, way: str, folder: Path) -> dict[str, float | None]:
    """Convert the performance that nobody learnt from, and compare with the exact answer."""
    out = swap_in(folder)
    if way == PASTE:
        paste(stage.face, stage.play, out)
    else:
        converter = Converter(Options((Run(folder / "run"),), stage.face.parent), silent)
        convert_clip(converter, open_clip(stage.play), out)
    found = evaluate(out, stage.face, stage.play, stage.answer)
    return {name: one.value for name, one in found.summary.items()}


def swap_in(folder: Path) -> Path:
    """The clip that is made."""
    return folder / "swap.mp4"
