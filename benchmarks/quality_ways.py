"""How is a pair swapped one way, for so much CPU time, and what comes of it?"""

import json
import shutil
import time
from hashlib import blake2b
from pathlib import Path
from typing import Any

from benchmarks.budgets import bought, cost
from benchmarks.pasting import paste
from benchmarks.quality_cast import Stage
from faceswap_ae.common.atomic import write_text
from faceswap_ae.common.config import dump
from faceswap_ae.common.progress import no_progress
from faceswap_ae.conversion.converter import Converter, ConvertOptions, convert_clip
from faceswap_ae.evaluation.evaluate import evaluate
from faceswap_ae.media.clip import open_clip
from faceswap_ae.training.recipe import load_recipe
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.schedule import Budget

PASTE = "paste"  # the way that needs no training
QUIET = ("preview_seconds=100000", "save_minutes=10000")
SPENT = "spent.json"  # what a training took; it is done when this is there


def settings(way: str) -> Any:
    """The recipe of a way, with its changes."""
    recipe, *changes = way.split()
    return load_recipe(recipe, [*QUIET, *changes])


def called(way: str) -> str:
    """A name for a way's folder: another one as soon as the recipe is another."""
    words = "".join(letter if letter.isalnum() else "-" for letter in way)
    if way == PASTE:
        return words
    told = dump(settings(way)).encode()
    return f"{words}-{blake2b(told, digest_size=4).hexdigest()}"


def trained(stage: Stage, way: str, folder: Path, seconds: float) -> dict[str, Any]:
    """Train for so many CPU-seconds, where it was not yet; what it took."""
    if way == PASTE:
        return {}
    spent = folder / SPENT
    if not spent.exists():
        write_text(spent, json.dumps(_train(stage, settings(way), folder / "run", seconds)) + "\n")
    found: dict[str, Any] = json.loads(spent.read_bytes())
    return found


def _train(stage: Stage, chosen: Any, run: Path, seconds: float) -> dict[str, Any]:
    from faceswap_ae.training.train import Job, train

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
        converter = Converter(
            ConvertOptions((Run(folder / "run"),), stage.face.parent), no_progress
        )
        convert_clip(converter, open_clip(stage.play), out)
    found = evaluate(out, stage.face, stage.play, stage.answer)
    return {name: one.value for name, one in found.summary.items()}


def swap_in(folder: Path) -> Path:
    """The clip that is made."""
    return folder / "swap.mp4"
