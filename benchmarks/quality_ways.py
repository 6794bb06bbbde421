"""How is one way of swapping trained on a pair for a CPU budget, converted and measured?"""

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
from faceswap_ae.conversion.compositor import CompositeOptions
from faceswap_ae.conversion.convert import convert_clip
from faceswap_ae.conversion.converter import Converter, ConvertOptions
from faceswap_ae.evaluation.evaluate import SwapPaths, evaluate_paths
from faceswap_ae.faces.record import DLIB, MESH
from faceswap_ae.media.clip import open_clip
from faceswap_ae.training.recipe import load_recipe
from faceswap_ae.training.runs.run import Run
from faceswap_ae.training.stages import Budget

# The ways without training: the pasted face (baseline), and the person's own pictures bent.
PASTE, INSTANT = "paste", "instant"
UNTRAINED = (PASTE, INSTANT)
QUIET = ("preview_seconds=100000", "save_minutes=10000")  # no previews and saves during a training
KINDS = {
    MESH: "",
    DLIB: "dlib:",
}  # who finds the landmarks measured, and what its figures begin with
SPENT = "spent.json"  # the cost of a training; the file exists when the training is finished


def settings(way: str) -> Any:
    """Load the recipe of a way, with its changes."""
    recipe, *changes = way.split()
    return load_recipe(recipe, [*QUIET, *changes])


def called(way: str) -> str:
    """The name of a way's folder. It has a hash of the recipe, so it changes with the recipe."""
    words = "".join(letter if letter.isalnum() else "-" for letter in way)
    if way in UNTRAINED:
        return words
    told = dump(settings(way)).encode()
    return f"{words}-{blake2b(told, digest_size=4).hexdigest()}"


def trained(stage: Stage, way: str, folder: Path, seconds: float) -> dict[str, Any]:
    """Train for `seconds` of CPU time, if not done yet. Return steps, CPU time and step cost."""
    if way in UNTRAINED:
        return {}
    spent = folder / SPENT
    if not spent.exists():
        write_text(spent, json.dumps(_train(stage, settings(way), folder / "run", seconds)) + "\n")
    found: dict[str, Any] = json.loads(spent.read_bytes())
    return found


def _train(stage: Stage, chosen: Any, run: Path, seconds: float) -> dict[str, Any]:
    from faceswap_ae.training.train import Job, train

    shutil.rmtree(run, ignore_errors=True)  # an interrupted benchmark may have left a run
    start, each = cost(stage.face, stage.onto, chosen)
    steps = bought(seconds, start, each)
    before = time.process_time()
    train(Job(stage.face, stage.onto, run, chosen, Budget(steps)))
    return {"steps": steps, "cpu": time.process_time() - before, "step": each}


def measured(stage: Stage, way: str, folder: Path) -> dict[str, float | None]:
    """Convert the held-out performance, and compare it with the exact ground truth."""
    out = swap_in(folder)
    if way == PASTE:
        paste(stage.face, stage.play, out)
    else:
        options = ConvertOptions((Run(folder / "run"),), stage.face.parent)
        if way == INSTANT:
            light = CompositeOptions(colour="light")
            options = ConvertOptions(data=stage.face.parent, source=stage.face, style=light)
        convert_clip(Converter(options, no_progress), open_clip(stage.play), out)
    clips = SwapPaths(out, stage.face, stage.play, stage.answer)
    figures: dict[str, float | None] = {}
    for kind, before in KINDS.items():
        found = evaluate_paths(clips, no_progress, landmarks=kind)
        figures |= {f"{before}{name}": one.value for name, one in found.summary.items()}
    return figures


def swap_in(folder: Path) -> Path:
    """The path of the swapped clip in a way's folder."""
    return folder / "swap.mp4"
